"""Remove what killed runs left behind: half-written files and empty folders."""

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
"""Prefixes of marker files: for a run under OUTPUT, and for a process that writes into a folder shared with others."""
_WORKING_MARK = re.compile(rf"{re.escape(_WORKING)}([0-9a-f]{{16}})-[0-9a-f]{{8}}")
"""Name of the second kind of marker, which contains the token of its process."""


@contextmanager
def marked_as_running(results: Path) -> Iterator[None]:
    """Mark a run, identified by its results folder, as in progress during the block."""
    with _marked(results.parent / f"{_RUNNING}{results.name}"):
        yield


@contextmanager
def working_in(folder: Path, names: Path) -> Iterator[None]:
    """Clean up a folder, then mark it as one that this process writes into during the block.

    Other processes may write into the folder at the same time. Raises ColorizeError.

    Args:
        folder: The folder.
        names: The record of the names that this process reserves.
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
    """Return whether a running process may still write to the names in a record."""
    for mark in matching(names.parent, f"{_WORKING}*"):
        if not is_abandoned(mark):
            with suppress(OSError, ValueError):
                if read_json(mark) == names.name:
                    return True
    return False


def _sweep_folder(folder: Path) -> None:
    """Remove partial files of killed processes from a folder; files of running processes stay."""
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
            starting.rename(mark)  # the mark never appears without its owner
            yield
    finally:
        for path in (starting, mark):
            with suppress(OSError):
                path.unlink()


def forget_mark(results: Path) -> None:
    """Remove the mark of a killed run that is being resumed."""
    mark = results.parent / f"{_RUNNING}{results.name}"
    if is_abandoned(mark):
        with suppress(OSError):
            mark.unlink()


def sweep(output: Path) -> None:
    """Remove half-written files of killed runs under `output`, and their folders if these are then empty.

    Files that cannot be removed stay: a run must not fail because of an earlier one.
    """
    for mark in matching(output / "results", f"{_RUNNING}*"):
        name = mark.name.removeprefix(_RUNNING)  # marks with any other name are ignored
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
    """Remove a folder and its subfolders, as far as they are empty."""
    inside = [path for path in reversed(matching(folder, "**/*")) if is_folder(path) and not is_link(path)]
    for path in (*inside, folder):
        with suppress(OSError):  # folders that are not empty
            path.rmdir()
