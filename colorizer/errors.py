"""Exceptions that the program raises on purpose, and text made safe for their messages.

An error has a type of its own if an interface can add advice, such as the flag or the button that helps.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters (C0, DEL and C1, ECMA-48), other line separators, embeddings, overrides and isolates of direction
(https://www.unicode.org/reports/tr9/, 2), and surrogates, which represent bytes that are not text (PEP 383).
"""


def shown(text: str) -> str:
    r"""Return text on one line, with characters that control a terminal replaced by escapes.

    Examples:
        >>> shown("a\x1b[31m\nb")
        'a\\x1b[31m\\nb'
    """
    return _HARMFUL.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not text
        return f"\\x{code - 0xDC00:02x}"
    return found[0].encode("unicode_escape").decode("ascii")


class ColorizeError(Exception):
    """An error that the user can act on; its message is one sentence that says what, where and what to do.

    The message may contain names from outside, so control characters are escaped and it is always a single line.
    """

    def __str__(self) -> str:
        return shown(super().__str__())


class Interrupted(ColorizeError):
    """The user stopped the work; the message says how far it got."""


class TrainingFinished(ColorizeError):
    """A training that was to be resumed has already finished; `model` is its model file."""

    def __init__(self, folder: Path, model: Path):
        super().__init__(f"The training in {folder} is finished.")
        self.model = model


class Unfinished(ColorizeError):
    """Some photos of a job are not colorized yet; resuming the job in the same folder does the rest."""


class UnfinishedInterrupted(Unfinished, Interrupted):
    """A job is unfinished because the user stopped it."""


class NoRoomToUnpack(ColorizeError):
    """An archive needs more disk space than is free at its destination."""


class MissingPackage(ColorizeError):
    """A package that the program requires is not installed; no photo is to blame."""

    def __init__(self, package: str):
        super().__init__(
            f"The package {package} is not installed. Install the required packages: pip install -r requirements.txt"
        )
        self.package = package


class MissingWeights(ColorizeError):
    """ImageNet weights are not available; random weights would be."""


class OutOfMemory(ColorizeError):
    """There is not enough memory for a training step."""

    def __init__(self, batch_size: int):
        super().__init__(f"Not enough memory for batches of {batch_size} photos.")
        self.batch_size = batch_size


class Diverged(ColorizeError):
    """The loss of a training is no longer a number; resuming the training would not help."""


def reason(error: Exception) -> str:
    """Return the first line of a library's message, at most 200 characters, with final punctuation."""
    text = textwrap.shorten(str(error).strip().split("\n")[0] or type(error).__name__, 200, placeholder="…")
    return text if text.endswith((".", "…", "!", "?")) else f"{text}."
