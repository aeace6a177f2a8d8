"""Sources of answers: a flag first, then the user, then the default; an answer can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar

from colorizer.conversation import questions as ask
from colorizer.conversation.question import Question, WrongAnswer, dropped_path
from colorizer.dataset import Split, choose_photos, split_photos
from colorizer.errors import ColorizeError, shown
from colorizer.settings import MAXIMUM_COUNT, DatasetSettings

Answer = TypeVar("Answer")
Result = TypeVar("Result")
BACK = "back"
"""Input that undoes the previous answer."""
_HELP, _QUIT = ("help", "?"), ("quit", "exit")
"""Inputs that explain the question, and that end the program."""
_WORK = "what was done between two questions"
_SOURCES = (ask.FIRST.name, ask.DATASET.name)
"""Questions that are answered by the path of photos."""


class WrongFlag(ColorizeError):
    """A flag or setting whose value turns out not to fit once more is known."""


class MissingAnswer(ColorizeError):
    """There is no input left and no flag with the answer; the text names the flag."""


class TakenBack(Exception):
    """An answer was undone: the caller must start again, and known answers are repeated until that question."""


class Quit(Exception):
    """The user ends the program at a question."""


class SourceChanged(TakenBack):
    """The user named other photos: the caller must start again with them."""


class AnotherSource(Exception):
    """The user named a file that another command works on, such as a film instead of photos."""

    def __init__(self, path: Path):
        super().__init__(str(path))
        self.path = path


class Explanation(WrongAnswer):
    """The user asks what a question means."""


class Asker(Protocol):
    """An interface that can ask the user a question."""

    def ask(self, prompt: str, flag: str, parse: Callable[[str], Answer], default: str | None = None) -> Answer:
        """Ask until `parse` accepts the answer; raise MissingAnswer if there is no more input."""


class Conversation:
    """Asks only what no flag has answered.

    It remembers the user's answers and the work done between them. When the user undoes an answer, TakenBack is raised
    and the caller starts again. Everything before that answer then comes from memory, in the same order. As a context
    manager, it exits the contexts that it holds.
    """

    def __init__(self, asker: Asker, flags: dict[str, Any] | None = None, accept_defaults: bool = False):
        self._asker = asker
        self._given = {name: value for name, value in (flags or {}).items() if value is not None}
        self.flags = dict(self._given)
        self.accept_defaults = self._accepts_at_first = accept_defaults
        self.source: Path | str | None = None
        """The photos that the answer to the first question names."""
        self._remembered: list[tuple[str, Any]] = []
        self._place = 0
        """Number of remembered items that have been used since the last start."""
        self.is_settled = False
        self._held: dict[str, Any] = {}
        self._contexts = ExitStack()

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *error: object) -> None:
        self._contexts.__exit__(*error)

    def has_flag(self, question: Question) -> bool:
        return question.name in self.flags

    def flag_or_default(self, question: Question) -> Any:
        """Return the value of the flag, or else the default, without asking."""
        return self.flags.get(question.name, None if question.default is None else question.parse(question.default))

    def answer(
        self,
        question: Question,
        default: Any = None,
        check: Callable[[Any], None] = lambda value: None,
        **words: Any,
    ) -> Any:
        """Return the answer to a question, parsed and checked.

        Args:
            question: The question.
            default: The default, if it depends on the photos.
            check: Raises WrongAnswer for values that do not fit this run.
            words: Values of the prompt's placeholders.

        Raises:
            WrongFlag: The flag's value does not fit.
            MissingAnswer: There is no more input.
            TakenBack: The user undoes the previous answer.
        """
        if self.has_flag(question):
            try:
                check(self.flags[question.name])
            except WrongAnswer as error:
                raise WrongFlag(f"{question.label}: {error}") from error
            return self.flags[question.name]
        proposed = question.default if default is None else str(default)

        def parse(text: str) -> Any:
            word = text.strip().lower()
            if word == BACK:
                self._take_back()
            if word in _HELP:
                raise Explanation(_explained(question, proposed))
            if word in _QUIT:
                raise Quit
            try:
                value = question.parse(text)
            except WrongAnswer:
                if question is not ask.HINTS:  # it takes a path itself
                    self._change_source(text)
                raise
            check(value)
            return value

        if not question.prompt or (self.accept_defaults and proposed is not None):
            return None if proposed is None else parse(proposed)
        prompt = question.prompt.format(**_harmless(words))
        return self._remember(question.name, lambda: self._asker.ask(prompt, question.flag, parse, proposed))

    def do(self, work: Callable[[], Result]) -> Result:
        """Return the result of `work`, which is not repeated when a later answer is undone."""
        return self._remember(_WORK, work)

    def hold(self, name: str, context: Callable[[], AbstractContextManager[Result]]) -> Result:
        """Enter a context once, hold it to the end even if answers are undone, and return its value."""
        if name not in self._held:
            self._held[name] = self._contexts.enter_context(context())
        return self._held[name]

    def settle(self) -> None:
        """Make all answers so far final, because the work they determine has been done."""
        self._remembered.clear()
        self._place, self.is_settled = 0, True

    def mark(self) -> int:
        """Return a position in memory for `forget`."""
        return self._place

    def forget(self, mark: int) -> None:
        """Forget the answers and work since a mark, because they failed and are requested again."""
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
        """Forget the last answer and the work since. Raises TakenBack, or WrongAnswer if there is none."""
        answers = [place for place, (name, _) in enumerate(self._remembered) if name != _WORK]
        if not answers:
            why = "what was decided is being done" if self.is_settled else "this is the first question"
            raise WrongAnswer(f"There is nothing to take back: {why}.")
        self.forget(answers[-1])
        self.start_again()

    def _change_source(self, text: str) -> None:
        """Replace the photos that the user named if `text` is a path that exists. Raises SourceChanged."""
        path = dropped_path(text)
        named = [place for place, (name, _) in enumerate(self._remembered) if name in _SOURCES]
        if path and named:
            self._remembered[named[-1] :] = [(self._remembered[named[-1]][0], path)]
            self._rewind()
            raise SourceChanged

    def begin_with(self, path: Path) -> None:
        """Forget all answers and answer the first question with a path."""
        self._remembered[:] = [(ask.FIRST.name, path)]
        self._rewind()

    def start_again(self) -> NoReturn:
        """Raise TakenBack, so that the caller starts again with the answers that are remembered."""
        self._rewind()
        raise TakenBack

    def _rewind(self) -> None:
        self._place = 0
        self.flags = dict(self._given)  # without what a caller has added, since another one may ask next
        self.accept_defaults = self._accepts_at_first


def _explained(question: Question, proposed: str | None) -> str:
    """Explain a question and how to answer it."""
    about = question.explanation or f"{question.help[0].upper()}{question.help[1:]} ({question.flag})."
    enter = f"Enter accepts {proposed}; " if proposed is not None and not question.explanation else ""
    ways = f"{enter}back returns to the question before; quit ends the program."
    return f"{about} {ways[0].upper()}{ways[1:]}"


def _harmless(words: dict[str, Any]) -> dict[str, Any]:
    """Make a prompt's placeholder values safe to print: names from outside on one line, without control codes."""
    return {name: shown(str(word)) if isinstance(word, str | Path) else word for name, word in words.items()}


def ask_split(talk: Conversation, fine: Sequence[Path], seed: int) -> Split:
    """Ask how many photos to train with and to test on, and split them."""
    there, limits = len(fine), DatasetSettings(seed=seed)
    share = max(limits.minimum_test_photos, round(there * limits.default_test_share))
    if talk.has_flag(ask.TEST_COUNT) and not talk.has_flag(ask.TRAIN_COUNT):
        default_test = talk.flags[ask.TEST_COUNT.name]
    else:
        default_test = min(limits.maximum_default_test, share)

    def leaves_a_test(count: int) -> None:
        if count > there - limits.minimum_test_photos:
            raise WrongAnswer(
                f"{count} is too large: the most is {there - limits.minimum_test_photos}, as there are {there} fine "
                f"photos and at least {limits.minimum_test_photos} is tested on."
            )

    def fits(count: int) -> None:
        try:
            split_photos(fine, train_count, count, limits)
        except ColorizeError as error:
            raise WrongAnswer(str(error)) from error

    least = limits.minimum_training_photos
    train_count = talk.answer(ask.TRAIN_COUNT, default=max(least, there - default_test), check=leaves_a_test)
    test_count = talk.answer(ask.TEST_COUNT, default=min(default_test, there - train_count), check=fits)
    return split_photos(fine, train_count, test_count, limits)


def ask_count(talk: Conversation, fine: Sequence[Path], seed: int, proposed: int = MAXIMUM_COUNT) -> tuple[Path, ...]:
    """Ask how many photos to use, with a default of at most `proposed`, and choose them."""

    def is_there(count: int) -> None:
        if count > len(fine):
            raise WrongAnswer(f"{count} is too large: the most is {len(fine)}, the number of fine photos.")

    return choose_photos(fine, talk.answer(ask.COUNT, default=min(proposed, len(fine)), check=is_there), seed)
