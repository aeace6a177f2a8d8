"""Names of the files to which a run's photos are written."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from colorizer.documents import InvalidDocument, path_below
from colorizer.errors import ColorizeError
from colorizer.files import (
    RECORD_BYTES,
    fingerprint,
    is_file,
    matching,
    numbered,
    one_at_a_time,
    open_regular,
    read_json,
)
from colorizer.marks import made_beside
from colorizer.photos.photo import DEFAULT_LIMITS
from colorizer.photos.writing import written_name
from colorizer.runs.folders import NAMES, RESERVED, SHEETS, SNAPSHOTS, Run, is_in_use, write_record
from colorizer.runs.journal import MANIFEST, is_begun
from colorizer.settings import PhotoLimits

_Names = dict[str, tuple[str, list[int] | None]]
"""Written name and fingerprint of each photo, by the photo's own name."""


def picture_paths(
    run: Run, root: Path, photos: Sequence[Path], limits: PhotoLimits = DEFAULT_LIMITS, record: Path | None = None
) -> dict[Path, Path]:
    """Reserve a path for the color copy of every photo: its own name, in its own subfolder of the run's results.

    A name is numbered if another photo, a file or another active run uses it. If a run is resumed, an unchanged photo
    gets its previous name.

    Args:
        run: The run.
        root: The folder to which the photos' names are relative.
        photos: The photos.
        limits: Limits of photos, and how their copies are written.
        record: The record of written names, by default NAMES in the run's results.

    Raises:
        ColorizeError: The names cannot be recorded.
    """
    record = record or run.results / NAMES
    with one_at_a_time(run.results):
        others = _other_records(record)
        in_use = {_key(name) for path in others if _may_be_used(path) for name, _ in others[path].values()}
        names = _chosen(run, root, photos, read_names(record), limits, in_use)
        write_record(record, names)
        _give_up(others, {_key(name) for name, _ in names.values()})
    return {photo: run.results / names[str(photo.relative_to(root))][0] for photo in photos}


def _other_records(record: Path) -> dict[Path, _Names]:
    """Return the names that other records in the same folder hold, by record."""
    return {path: read_names(path) for path in matching(record.parent, ".names*.json") if path != record}


def _may_be_used(record: Path) -> bool:
    """Return whether other processes may still write to the names in a record.

    These are active runs, or processes that share photos, possibly on other machines.
    """
    return is_in_use(record) or (record.name == NAMES and is_begun(record.parent, MANIFEST))


def _give_up(records: Mapping[Path, _Names], reserved: Collection[str]) -> None:
    """Remove names that this run now uses from other records, so that these do not claim its pictures."""
    for record, names in records.items():
        kept = {photo: entry for photo, entry in names.items() if _key(entry[0]) not in reserved}
        if len(kept) < len(names):
            write_record(record, kept)


def record_move(record: Path, root: Path, photo: Path, path: Path) -> None:
    """Record that a photo's color copy has another name than the reserved one; raise ColorizeError."""
    with one_at_a_time(record.parent):
        print_ = fingerprint(photo)
        name = str(path.relative_to(record.parent))
        write_record(record, {**read_names(record), str(photo.relative_to(root)): (name, print_ and list(print_))})
        _give_up(_other_records(record), {_key(name)})


def shared_names(
    run: Run, root: Path, photos: Sequence[Path], part: Sequence[Path], limits: PhotoLimits = DEFAULT_LIMITS
) -> list[str]:
    """Choose names for photos that several processes share.

    The first process chooses the names of all photos, as `picture_paths` does, and records them before any picture is
    written. The others read that record. Processes that choose at the same time see the same folder and make the same
    choice. A process repeats its choice if the record has changed in the meantime, because pictures written since then
    would look like unrelated files.

    Args:
        run: The run.
        root: The folder to which the photos' names are relative.
        photos: All photos, sorted.
        part: The photos of this process.
        limits: Limits of photos, and how their copies are written.

    Returns:
        The name for each photo of `part`, relative to the run's results.

    Raises:
        ColorizeError: The names cannot be recorded, or there are too many photos for one folder.
    """
    record = run.results / NAMES
    while True:
        before = _content(record)
        known = read_names(record, {str(photo.relative_to(root)) for photo in part})
        if not all(_is_known(known, root, photo) for photo in part):
            in_use = {_key(name) for others in _other_records(record).values() for name, _ in others.values()}
            names = _chosen(run, root, photos, read_names(record), limits, in_use)
            if _content(record) != before:
                continue
            write_record(record, names)
            if record.stat().st_size > RECORD_BYTES:
                raise ColorizeError(
                    f"{len(photos):,} photos are too many for one run. Colorize some of their folders at a time."
                )
            known = names
        return [known[str(photo.relative_to(root))][0] for photo in part]


def _content(record: Path) -> bytes | None:
    try:
        with open_regular(record) as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:  # not written yet
        return None


def _is_known(known: _Names, root: Path, photo: Path) -> bool:
    """Return whether a photo has a name; a photo that has changed counts as a new one."""
    entry, print_ = known.get(str(photo.relative_to(root))), fingerprint(photo)
    return entry is not None and entry[1] == (print_ and list(print_))


def _chosen(
    run: Run,
    root: Path,
    photos: Sequence[Path],
    known: _Names,
    limits: PhotoLimits,
    in_use: Collection[str] = (),
) -> _Names:
    """Return the known names plus one for every other photo, avoiding `in_use` (keys of names that others use)."""
    names = dict(known)
    taken = {_key(str(run.results / name)) for name in in_use}
    taken |= {_key(str(run.results / name)) for name in (*RESERVED, *(name for name, _ in known.values()))}
    for photo in photos:
        relative = photo.relative_to(root)
        print_ = fingerprint(photo)
        if print_ and known.get(str(relative), ("", None))[1] == list(print_):
            continue
        if relative.parts[0].casefold() in (SHEETS, SNAPSHOTS):  # the run's own folders
            relative = Path(f"{relative.parts[0]}-photos", *relative.parts[1:])
        wanted = run.results / relative.with_name(written_name(photo, limits))
        path = next(path for path in numbered(wanted) if _key(str(path)) not in taken and not os.path.lexists(path))
        taken.add(_key(str(path)))
        names[str(photo.relative_to(root))] = (str(path.relative_to(run.results)), print_ and list(print_))
    return names


def read_names(record: Path, among: Collection[str] | None = None) -> _Names:
    """Read the written name and fingerprint of every photo that a run has colorized, by the photo's own name.

    Args:
        record: The record.
        among: If given, the only photos to return. This avoids checking the paths of up to a million others.
    """
    try:
        read = read_json(record)
    except (OSError, ValueError):  # missing or unreadable: all names are chosen again
        return {}
    if not isinstance(read, dict):
        return {}
    if among is not None:
        read = {photo: entry for photo, entry in read.items() if photo in among}
    if not all(_is_entry(record.parent, entry) for entry in read.values()):
        return {}
    names = {photo: (name, print_) for photo, (name, print_) in read.items()}
    return names if len({_key(name) for name, _ in names.values()}) == len(names) else {}


def _key(name: str) -> str:
    """Return an equal key for names that are equal on file systems that ignore case or normalization."""
    return unicodedata.normalize("NFC", name).casefold()


def _is_entry(results: Path, entry: Any) -> bool:
    """Return whether a decoded entry has a valid name inside the run's results, and a fingerprint."""
    match entry:
        case [str(name), None | [int(), int()]]:
            with suppress(InvalidDocument):
                is_plain = str(path_below(results, name).relative_to(results)) == name
                return is_plain and _key(name) not in RESERVED
    return False


_ENDINGS_BESIDE = ("color", "colour")
"""Ending of the name of a copy next to its photo; the second is that of earlier versions."""


def paths_beside(
    photos: Sequence[Path], keeps_existing: bool, limits: PhotoLimits = DEFAULT_LIMITS
) -> dict[Path, Path]:
    """Return the path of each photo's color copy next to the photo: "NAME-color.jpg".

    A name in use is numbered, unless that file is such a copy and `keeps_existing` is set. Then "NAME-colour.jpg", as
    earlier versions named copies, is kept as well.
    """
    paths: dict[Path, Path] = {}
    taken: set[Path] = set()
    folder, ours = None, frozenset()
    for photo in photos:
        if photo.parent != folder:
            folder, ours = photo.parent, made_beside(photo.parent)
        written = Path(written_name(photo, limits))
        names = [photo.with_name(f"{written.stem}-{ending}{written.suffix}") for ending in _ENDINGS_BESIDE]
        kept = [path for path in names if path.name in ours and is_file(path)] if keeps_existing else []
        free = (path for path in numbered(names[0]) if not os.path.lexists(path))
        paths[photo] = next(path for path in chain(kept, free) if path not in taken)
        taken.add(paths[photo])
    return paths
