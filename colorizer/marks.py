"""Marks by which the program knows its own results again, so that it never takes them for photos to colorize."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from colorizer.errors import ColorizeError
from colorizer.files import exists, read_json, write_text
from colorizer.locks import one_at_a_time

_FOLDER, _BESIDE = ".colorizer-results", ".colorizer-beside.json"


def mark_folder(folder: Path) -> None:
    """Mark a folder, made if need be, as one of results; raise ColorizeError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _FOLDER).touch()
    except OSError as error:
        raise ColorizeError(f"Cannot write into the folder {folder}: {error.strerror}.") from error


def is_marked(folder: Path) -> bool:
    """Say whether a folder holds results."""
    return exists(folder / _FOLDER)


def mark_beside(folder: Path, names: Iterable[str]) -> None:
    """Add names to those that were written beside the photos in a folder; raise ColorizeError."""
    with one_at_a_time(folder):
        write_text(folder / _BESIDE, json.dumps(sorted({*made_beside(folder), *names}), indent=1))


def made_beside(folder: Path) -> frozenset[str]:
    """Return the names of what was written beside the photos in a folder; none where that is not known."""
    try:
        names = read_json(folder / _BESIDE)
    except (OSError, ValueError):
        return frozenset()
    return frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()
