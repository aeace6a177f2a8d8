"""Find the files of a dataset."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from colorizer.dataset.archive import RECORD, came_from
from colorizer.errors import ColorizeError
from colorizer.settings import ArchiveLimits


@dataclass(frozen=True)
class Dataset:
    """The files of one source, unchecked."""

    root: Path
    """The folder the files' relative names start from."""
    files: tuple[Path, ...]
    """Every file below it, sorted by name."""
    hidden: int
    """Files left out because their name, or their folder's, starts with a dot or is __MACOSX."""


def find_files(source: Path) -> Dataset:
    """List every file under a folder, or the one photo that `source` is; raise ColorizeError when there is none.

    Links to folders are not followed, so a loop of links cannot trap the walk. A zip that lies unpacked beside itself
    is not listed: its photos are.
    """
    if source.is_file():
        return Dataset(source.parent, (source,), 0)
    if not source.is_dir():
        raise ColorizeError(f"There is no folder or photo at {source}.")
    files, hidden = [], 0

    def refuse(error: OSError) -> None:
        raise ColorizeError(f"Cannot look into the folder {error.filename}: {error.strerror}.") from error

    for folder, subfolders, names in _walk(source, refuse):
        unseen = {name for name in subfolders if name.startswith(".") or name == "__MACOSX"}
        hidden += sum(len(inside) for name in unseen for _, _, inside in _walk(Path(folder, name)))
        subfolders[:] = sorted(set(subfolders) - unseen)
        visible = [name for name in names if not name.startswith(".")]
        hidden += len(names) - len(visible) - (RECORD in names)
        files += [Path(folder, name) for name in visible if not _is_unpacked(Path(folder, name))]
    return Dataset(source, tuple(sorted(files)), hidden)


def _walk(source: Path, onerror: Callable[[OSError], None] | None = None) -> Iterator[tuple[str, list[str], list[str]]]:
    """Walk as `os.walk` does; raise ColorizeError where folders lie deeper in one another than those of an archive may.

    Colour photos go into the same folders under `OUTPUT/`, and what makes folders there calls itself for every level.
    """
    deepest = ArchiveLimits.maximum_depth
    for folder, subfolders, names in os.walk(source, onerror=onerror):
        if folder.count(os.sep) - str(source).count(os.sep) > deepest:
            raise ColorizeError(
                f"Folders under {source} lie more than {deepest} deep in one another; move their photos higher up."
            )
        yield folder, subfolders, names


def _is_unpacked(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and path.is_file() and came_from(path.with_suffix(""), path)
