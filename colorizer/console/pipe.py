"""One photo from standard input, or to standard output: the name `-`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from colorizer import inference
from colorizer.console.messages import PATHS, is_film, reading, short
from colorizer.console.photos import named_sources
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation, WrongFlag
from colorizer.dataset import is_archive
from colorizer.errors import ColorizeError, Interrupted
from colorizer.files import is_file
from colorizer.photos.reading import file_format
from colorizer.runs.colorize import Deliver

STANDARD = Path("-")
"""Stands for standard input among the photos, and for standard output as the place of results."""


def is_piped(flags: Mapping[str, Any]) -> bool:
    """Return whether the photo comes from standard input or goes to standard output."""
    return STANDARD in (flags.get(PATHS) or ()) or flags.get(ask.TO.name) == STANDARD


@contextmanager
def piped(console: Console, talk: Conversation) -> Iterator[Deliver]:
    """Let the block colorize the photo of standard input as a file, and write its result to standard output.

    Messages name standard input and standard output, not the files used here. Yields a callable that must get the
    result.

    Raises:
        WrongFlag: Flags do not go with one photo.
        ColorizeError: There is no photo in standard input, or the block fails.
    """
    from_input = STANDARD in (talk.flags.get(PATHS) or ())
    to_output = talk.flags.get(ask.TO.name, STANDARD) == STANDARD
    _refuse_others(console, talk, from_input, to_output)
    made: list[Path] = []

    def deliver(photo: Path, outcome: Path | inference.Failure) -> None:
        if isinstance(outcome, Path):
            made.append(outcome)

    with tempfile.TemporaryDirectory(prefix="colorizer-") as name:
        folder = Path(name)
        if to_output:
            talk.flags[ask.TO.name] = folder / "results"
            _rename(console, folder / "results", "standard output")
        try:
            if from_input:
                talk.flags[PATHS] = (_received(console, talk, folder),)
            yield deliver
        except (Interrupted, WrongFlag) as error:
            raise type(error)(console.renamed(str(error))) from error
        except ColorizeError as error:
            raise ColorizeError(console.renamed(str(error))) from error
        if to_output:
            sys.stdout.buffer.write(made[0].read_bytes())
            sys.stdout.buffer.flush()


def _refuse_others(console: Console, talk: Conversation, from_input: bool, to_output: bool) -> None:
    """Raise WrongFlag for flags that do not go with one photo."""
    if talk.has_flag(ask.DATASET) or len(set(named_sources(talk))) != 1:
        raise WrongFlag("Standard input and standard output take one photo, such as: colorize - < old.jpg > new.jpg")
    if not from_input and not is_file(named_sources(talk)[0]):
        raise WrongFlag("Standard output takes one photo, not a folder.")
    for question in (ask.BESIDE, ask.SHARD, ask.CLUSTER, ask.SKIP_EXISTING):
        if talk.flags.get(question.name):
            raise WrongFlag(f"{question.flag} does not work with standard input or standard output. Leave it out.")
    if to_output and console.records is not None:
        raise WrongFlag("--json does not work with standard output, which gets the photo. Add --to FOLDER.")
    if to_output and sys.stdout.isatty():
        raise WrongFlag("Standard output is a terminal. Redirect it to a file, such as: colorize - < old.jpg > new.jpg")
    if from_input and sys.stdin.isatty():
        raise WrongFlag("Standard input is a terminal. Redirect a photo to it, such as: colorize - < old.jpg > new.jpg")


def _received(console: Console, talk: Conversation, folder: Path) -> Path:
    """Write standard input to a file in a folder, whose name ends as its format requires, and return its path."""
    photo = folder / "photo"
    _rename(console, photo, "standard input")
    if not photo.write_bytes(sys.stdin.buffer.read()):
        raise ColorizeError("Standard input is empty. Redirect a photo to it.")
    if is_archive(photo) or is_film(photo):
        raise ColorizeError("Standard input is not a photo. Give a film, or a zip of photos, by its path.")
    form = file_format(photo, reading(talk).limits).lower()
    named = photo.rename(photo.with_suffix(f".{form}" if form else ""))
    _rename(console, named, "standard input")
    return named


def _rename(console: Console, path: Path, name: str) -> None:
    """Print a name in place of a path; the latest path comes first, as it may begin with an earlier one."""
    console.aliases = {str(path): name, short(path): name, **console.aliases}
