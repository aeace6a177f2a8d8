"""The errors the program raises on purpose; each text is a sentence fit for the person who reads it.

What a driver can add advice to, because it knows the flag or the button that helps, has a type of its own.
"""

import textwrap
from pathlib import Path

from colorizer.shown import shown


class ColorizeError(Exception):
    """Something the person can act on; its text is one sentence saying what, where and what to do.

    Names in it come from outside, so the text is always one line that harms no terminal.
    """

    def __str__(self) -> str:
        return shown(super().__str__())


class Interrupted(ColorizeError):
    """The person stopped a piece of work; the text says where it stands."""


class TrainingFinished(ColorizeError):
    """A training that was to be taken up has come to its end; its model is there."""

    def __init__(self, folder: Path, model: Path):
        super().__init__(f"The training in {folder} is finished.")
        self.model = model


class Unfinished(ColorizeError):
    """Some photos of a job are not in colour yet; the same job, going on in the same folder, makes the others."""


class UnfinishedInterrupted(Unfinished, Interrupted):
    """The same, because the person stopped it."""


class NoRoomToUnpack(ColorizeError):
    """An archive is larger than what is free where it was to be unpacked."""


class MissingPackage(ColorizeError):
    """A package that the program requires is not installed; no photo is to blame."""

    def __init__(self, package: str):
        super().__init__(
            f"The package {package} is not installed. Install what the program requires: "
            "pip install -r requirements.txt"
        )
        self.package = package


class MissingWeights(ColorizeError):
    """ImageNet weights cannot be had; random ones could."""


class OutOfMemory(ColorizeError):
    """Memory does not suffice for a training step."""

    def __init__(self, batch_size: int):
        super().__init__(f"Memory does not suffice for batches of {batch_size} photos.")
        self.batch_size = batch_size


class Diverged(ColorizeError):
    """The loss of a training is no longer a number; taking it up again would not mend that."""


def reason(error: Exception) -> str:
    """Return the first line of what a library says, at most 200 characters, ended as a sentence ends."""
    text = textwrap.shorten(str(error).strip().split("\n")[0] or type(error).__name__, 200, placeholder="…")
    return text if text.endswith((".", "…", "!", "?")) else f"{text}."
