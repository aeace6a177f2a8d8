"""Where answers come from: a typed flag first, then the person, then the default."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from colorizer.conversation.question import Question, WrongAnswer
from colorizer.errors import ColorizeError
from colorizer.shown import shown

Answer = TypeVar("Answer")


class WrongFlag(ColorizeError):
    """A flag or a setting whose value does not fit, found out only once more was known."""


class MissingAnswer(ColorizeError):
    """Nobody is there to answer, and no flag does it; the text names the flag."""


class Asker(Protocol):
    """Whoever can put a question to a person."""

    def ask(self, prompt: str, flag: str, parse: Callable[[str], Answer], default: str | None = None) -> Answer:
        """Ask until `parse` accepts the answer; raise MissingAnswer when no answer can come."""


class Conversation:
    """Asks only what no flag has answered."""

    def __init__(self, asker: Asker, flags: dict[str, Any] | None = None, accept_defaults: bool = False):
        self._asker = asker
        self.flags = {name: value for name, value in (flags or {}).items() if value is not None}
        self.accept_defaults = accept_defaults

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
        WrongAnswer for what only this run can know. Raises WrongFlag, or MissingAnswer at the end of input.
        """
        if self.has_flag(question):
            try:
                check(self.flags[question.name])
            except WrongAnswer as error:
                raise WrongFlag(f"{question.label}: {error}") from error
            return self.flags[question.name]
        proposed = question.default if default is None else str(default)

        def parse(text: str) -> Any:
            value = question.parse(text)
            check(value)
            return value

        if not question.prompt or (self.accept_defaults and proposed is not None):
            return None if proposed is None else parse(proposed)
        return self._asker.ask(question.prompt.format(**_harmless(words)), question.flag, parse, proposed)


def _harmless(words: dict[str, Any]) -> dict[str, Any]:
    """Return what fills the gaps of a prompt, with names from outside on one line that harms no terminal."""
    return {name: shown(str(word)) if isinstance(word, str | Path) else word for name, word in words.items()}
