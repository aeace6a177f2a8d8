"""What a run that was killed has left under OUTPUT: half-written files, empty folders. The next run sweeps it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from colorizer.errors import ColorizeError
from colorizer.files import is_folder, is_link, matching, remove_unfinished
from colorizer.locks import is_abandoned, owned
from colorizer.settings import RUN_NAME

_RUNNING = ".running-"


@contextmanager
def marked_as_running(results: Path) -> Iterator[None]:
    """Mark a run, named by its results folder, as one that a living process works on, as long as the block runs."""
    mark = results.parent / f"{_RUNNING}{results.name}"
    with tempfile.NamedTemporaryFile(prefix=".starting-", dir=mark.parent, delete=False) as file:
        starting = Path(file.name)
    try:
        with owned(starting):
            starting.rename(mark)  # so that it never appears without its owner
            yield
    finally:
        for path in (starting, mark):
            with suppress(OSError):
                path.unlink()


def forget_mark(results: Path) -> None:
    """Forget that a run was killed, since it is taken up again."""
    mark = results.parent / f"{_RUNNING}{results.name}"
    if is_abandoned(mark):
        with suppress(OSError):
            mark.unlink()


def sweep(output: Path) -> None:
    """Remove what killed runs under `output` have left half written, and their folders if nothing else is in them.

    What cannot be removed stays: a run must not fail because of an earlier one.
    """
    for mark in matching(output / "results", f"{_RUNNING}*"):
        name = mark.name.removeprefix(_RUNNING)  # a mark with any other name is not followed
        if not re.fullmatch(RUN_NAME, name) or not is_abandoned(mark):
            continue
        for folder in (output / "results" / name, output / "models" / name):
            if is_folder(folder) and not is_link(folder):
                with suppress(ColorizeError):
                    remove_unfinished(folder)
                _remove_empty(folder)
        with suppress(OSError):
            mark.unlink()


def _remove_empty(folder: Path) -> None:
    """Remove a folder and those inside it, as far as nothing is in them."""
    inside = [path for path in reversed(matching(folder, "**/*")) if is_folder(path) and not is_link(path)]
    for path in (*inside, folder):
        with suppress(OSError):  # one that holds something
            path.rmdir()
