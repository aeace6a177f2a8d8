"""What a question is: its words, flag, default, parser and the sentence a wrong answer gets, declared once.

The prompts, the command line's flags and the README's table are all made from these.
"""

from __future__ import annotations

from dataclasses import dataclass

from colorizer.answers import Parser, yes_or_no

TRAIN, COLORIZE, EVALUATE = "train", "colorize", "evaluate"
ALL = (TRAIN, COLORIZE, EVALUATE)


@dataclass(frozen=True)
class Question:
    """One thing the program needs to know, however it comes to know it."""

    flag: str
    help: str
    """One line for --help and the README."""
    parse: Parser
    journeys: tuple[str, ...]
    prompt: str = ""
    """What is asked; a question without words is answered by its flag or default only."""
    default: str | None = None
    """The default as it would be typed; None where it depends on the photos, or there is none."""
    shown_default: str = ""
    """The default in words, where `default` says nothing."""

    @property
    def name(self) -> str:
        """The flag as an identifier: "--train-count" gives "train_count"."""
        return self.flag.removeprefix("--").replace("-", "_")

    @property
    def is_switch(self) -> bool:
        """A yes-or-no question, whose flag has a --no- form and takes no value."""
        return self.parse is yes_or_no
