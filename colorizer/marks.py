"""Mark the program's own results, so that they are never colorized as photos."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from colorizer.errors import ColorizeError
from colorizer.files import exists, one_at_a_time, read_json, write_text

RECORDS = _FOLDER, _BESIDE = ".colorizer-results", ".colorizer-beside.json"
"""Files by which a folder of results, and results next to photos, are recognized."""


def mark_folder(folder: Path) -> None:
    """Mark a folder as one of results, creating it if needed; raise ColorizeError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _FOLDER).touch()
    except OSError as error:
        raise ColorizeError(f"Cannot write into the folder {folder}: {error.strerror}.") from error


def is_marked(folder: Path) -> bool:
    """Return whether a folder is marked as one of results."""
    return exists(folder / _FOLDER)


def mark_beside(folder: Path, names: Iterable[str]) -> None:
    """Record the names of results written next to the photos in a folder; raise ColorizeError."""
    with one_at_a_time(folder):
        write_text(folder / _BESIDE, json.dumps(sorted({*made_beside(folder), *names}), indent=1))


def made_beside(folder: Path) -> frozenset[str]:
    """Return the names of results written next to the photos in a folder; empty if not known."""
    try:
        names = read_json(folder / _BESIDE)
    except (OSError, ValueError):
        return frozenset()
    return frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()
