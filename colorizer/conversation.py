"""Where answers come from: a typed flag first, then the person, then the default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from colorizer.answers import WrongAnswer
from colorizer.console import Console
from colorizer.questions import Question
from colorizer.settings import ColorizeError


class WrongFlag(ColorizeError):
    """A flag whose value does not fit, found out only once the photos were known."""


class Conversation:
    """Asks only what no flag has answered."""

    def __init__(self, console: Console, flags: dict[str, Any] | None = None, accept_defaults: bool = False):
        self.console = console
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
                raise WrongFlag(f"{question.flag}: {error}") from error
            return self.flags[question.name]
        proposed = question.default if default is None else str(default)

        def parse(text: str) -> Any:
            value = question.parse(text)
            check(value)
            return value

        if not question.prompt or (self.accept_defaults and proposed is not None):
            return None if proposed is None else parse(proposed)
        return self.console.ask(question.prompt.format(**words), question.flag, parse, proposed)
