"""Where answers come from: a typed flag first, then the person, then the default; and how one is taken back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Protocol, TypeVar

from colorizer.conversation.question import Question, WrongAnswer
from colorizer.errors import ColorizeError
from colorizer.shown import shown

Answer = TypeVar("Answer")
Result = TypeVar("Result")
BACK = "back"
"""In the place of an answer: the one before is taken back."""
_WORK = "what was done between two questions"


class WrongFlag(ColorizeError):
    """A flag or a setting whose value does not fit, found out only once more was known."""


class MissingAnswer(ColorizeError):
    """Nobody is there to answer, and no flag does it; the text names the flag."""


class TakenBack(Exception):
    """An answer is taken back: what was asking is to begin anew, and comes to that question without asking others."""


class Asker(Protocol):
    """Whoever can put a question to a person."""

    def ask(self, prompt: str, flag: str, parse: Callable[[str], Answer], default: str | None = None) -> Answer:
        """Ask until `parse` accepts the answer; raise MissingAnswer when no answer can come."""


class Conversation:
    """Asks only what no flag has answered.

    It remembers what the person answered and what was done in between. When an answer is taken back, TakenBack is
    raised, and whoever asks begins anew: all before that answer then comes from memory, in the same order. As a context
    it lets go, in the end, of what it holds.
    """

    def __init__(self, asker: Asker, flags: dict[str, Any] | None = None, accept_defaults: bool = False):
        self._asker = asker
        self._given = {name: value for name, value in (flags or {}).items() if value is not None}
        self.flags = dict(self._given)
        self.accept_defaults = accept_defaults
        self._remembered: list[tuple[str, Any]] = []
        self._place = 0
        """How many of those remembered have been gone through since the last beginning."""
        self._is_settled = False
        self._held: dict[str, Any] = {}
        self._contexts = ExitStack()

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *error: object) -> None:
        self._contexts.__exit__(*error)

    def has_flag(self, question: Question) -> bool:
        return question.name in self.flags

    def flag_or_default(self, question: Question) -> Any:
        """Return what the flag says, or else the default, without asking."""
        return self.flags.get(question.name, None if question.default is None else question.parse(question.default))

    def answer(
        self,
        question: Question,
        default: Any = None,
        check: Callable[[Any], None] = lambda value: None,
        **words: Any,
    ) -> Any:
        """Return the answer to a question, parsed and checked.

        `default` is the default where it depends on the photos; `words` fill the gaps of the prompt; `check` raises
        WrongAnswer for what only this run can know. Raises WrongFlag, MissingAnswer at the end of input, or TakenBack.
        """
        if self.has_flag(question):
            try:
                check(self.flags[question.name])
            except WrongAnswer as error:
                raise WrongFlag(f"{question.label}: {error}") from error
            return self.flags[question.name]
        proposed = question.default if default is None else str(default)

        def parse(text: str) -> Any:
            if text.strip().lower() == BACK:
                self._take_back()
            value = question.parse(text)
            check(value)
            return value

        if not question.prompt or (self.accept_defaults and proposed is not None):
            return None if proposed is None else parse(proposed)
        prompt = question.prompt.format(**_harmless(words))
        return self._remember(question.name, lambda: self._asker.ask(prompt, question.flag, parse, proposed))

    def do(self, work: Callable[[], Result]) -> Result:
        """Return what `work` gives; it is not done again when an answer after it is taken back."""
        return self._remember(_WORK, work)

    def hold(self, name: str, context: Callable[[], AbstractContextManager[Result]]) -> Result:
        """Return what a context gives, entered once and held to the end, whatever answers are taken back."""
        if name not in self._held:
            self._held[name] = self._contexts.enter_context(context())
        return self._held[name]

    def settle(self) -> None:
        """Let no answer so far be taken back any more, since what they decide is done now."""
        self._remembered.clear()
        self._place, self._is_settled = 0, True

    def mark(self) -> int:
        """Return a place to which what is remembered can be forgotten again."""
        return self._place

    def forget(self, mark: int) -> None:
        """Forget what was answered and done since a mark, because it came to nothing and is asked anew."""
        del self._remembered[mark:]
        self._place = mark

    def _remember(self, name: str, find: Callable[[], Result]) -> Result:
        if self._place < len(self._remembered) and self._remembered[self._place][0] == name:
            value = self._remembered[self._place][1]
        else:
            self.forget(self._place)
            value = find()
            self._remembered.append((name, value))
        self._place += 1
        return value

    def _take_back(self) -> None:
        """Forget the last answer and what was done since; raise TakenBack, or WrongAnswer where there is none."""
        answers = [place for place, (name, _) in enumerate(self._remembered) if name != _WORK]
        if not answers:
            why = "what was decided is being done" if self._is_settled else "this is the first question"
            raise WrongAnswer(f"There is nothing to take back: {why}.")
        self.forget(answers[-1])
        self._place = 0
        self.flags = dict(self._given)  # without what whoever asks, and may not be the one to ask next, has added
        raise TakenBack


def _harmless(words: dict[str, Any]) -> dict[str, Any]:
    """Return what fills the gaps of a prompt, with names from outside on one line that harms no terminal."""
    return {name: shown(str(word)) if isinstance(word, str | Path) else word for name, word in words.items()}
