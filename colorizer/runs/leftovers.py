"""Remove what killed runs have left: half-written files and empty folders."""

from __future__ import annotations

import json
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from colorizer.errors import ColorizeError
from colorizer.files import (
    PAGES,
    UNFINISHED,
    is_folder,
    is_link,
    matching,
    process_token,
    read_json,
    remove_unfinished,
)
from colorizer.locks import is_abandoned, owned
from colorizer.settings import RUN_NAME

_RUNNING, _WORKING = ".running-", ".working-"
"""Prefixes of the names of marks: of a run under OUTPUT, and of a process that writes into a folder others may use."""
_WORKING_MARK = re.compile(rf"{re.escape(_WORKING)}([0-9a-f]{{16}})-[0-9a-f]{{8}}")
"""The name of such a mark, and the token of its process in it."""


@contextmanager
def marked_as_running(results: Path) -> Iterator[None]:
    """Mark a run, named by its results folder, as one that a living process works on, as long as the block runs."""
    with _marked(results.parent / f"{_RUNNING}{results.name}"):
        yield


@contextmanager
def working_in(folder: Path, names: Path) -> Iterator[None]:
    """Mark a folder as one that this process writes into, as long as the block runs, and sweep it first.

    Other processes may write into it at the same time. `names`: the record of the names that this process reserves.
    Raises ColorizeError.
    """
    _sweep_folder(folder)
    with ExitStack() as stack:
        try:
            stack.enter_context(
                _marked(folder / f"{_WORKING}{process_token()}-{secrets.token_hex(4)}", json.dumps(names.name))
            )
        except OSError as error:
            raise ColorizeError(f"Cannot write into {folder}: {error.strerror}.") from error
        yield


def is_in_use(names: Path) -> bool:
    """Return whether a living process may still write under the names that a record has."""
    for mark in matching(names.parent, f"{_WORKING}*"):
        if not is_abandoned(mark):
            with suppress(OSError, ValueError):
                if read_json(mark) == names.name:
                    return True
    return False


def _sweep_folder(folder: Path) -> None:
    """Remove what killed processes were writing into a folder; files of living processes stay."""
    for mark in matching(folder, f"{_WORKING}*"):
        named = _WORKING_MARK.fullmatch(mark.name)
        if not named or not is_abandoned(mark):
            continue
        for path in matching(folder, f"**/{UNFINISHED}{named[1]}-*"):
            with suppress(OSError):
                path.unlink()
        for path in matching(folder, f"{PAGES}{named[1]}-*"):
            with suppress(OSError):
                path.rmdir()
        with suppress(OSError):
            mark.unlink()


@contextmanager
def _marked(mark: Path, text: str = "") -> Iterator[None]:
    with tempfile.NamedTemporaryFile("w", prefix=".starting-", dir=mark.parent, delete=False) as file:
        file.write(text)
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
