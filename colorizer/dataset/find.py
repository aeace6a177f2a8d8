"""Find the files of a dataset, in little memory."""

from __future__ import annotations

import os
import unicodedata
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from colorizer.dataset.unpacking import RECORD, came_from
from colorizer.errors import ColorizeError
from colorizer.files import exists, is_file, is_folder, why_not_there
from colorizer.marks import RECORDS, is_marked, made_beside
from colorizer.photos.formats import is_system_file
from colorizer.settings import ArchiveLimits


class Paths(Sequence[Path]):
    """Paths below one folder, created on access.

    A `Path` takes half a kilobyte, its name thirty bytes. Like a tuple, the list is immutable, and it equals any
    sequence of the same paths.
    """

    def __init__(self, root: Path, names: Iterable[str]):
        """Store `names`, which are relative to `root`, in their order."""
        self._root, self._names, self._ends = root, bytearray(), array("Q", [0])
        for name in names:
            self._names += os.fsencode(name)
            self._ends.append(len(self._names))

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, number: int) -> Path: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[Path, ...]: ...

    def __getitem__(self, number: int | slice) -> Path | tuple[Path, ...]:
        if isinstance(number, slice):
            return tuple(self[each] for each in range(*number.indices(len(self))))
        return self._root / self._name(range(len(self))[number])

    def __iter__(self) -> Iterator[Path]:
        return (self._root / self._name(number) for number in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Paths({self._root!r}, {len(self)} names)"

    def chosen(self, numbers: Iterable[int]) -> Paths:
        """Return the paths at these indices, in their order."""
        return Paths(self._root, map(self._name, numbers))

    def _name(self, number: int) -> str:
        return os.fsdecode(bytes(self._names[self._ends[number] : self._ends[number + 1]]))


def chosen(paths: Sequence[Path], numbers: Iterable[int]) -> Sequence[Path]:
    """Return the paths at these indices: `Paths` from `Paths`, otherwise a tuple."""
    return paths.chosen(numbers) if isinstance(paths, Paths) else tuple(paths[number] for number in numbers)


_MAC_COPIES = "__MACOSX"
"""Folder that macOS adds to an archive, with a file of metadata for each photo."""
_OWN_RECORDS = (RECORD, *RECORDS)
HINTS_ENDING = ".hints.json"
"""Ending of the names of files next to a photo that hold color hints for it."""


def hints_file_of(photo: Path) -> Path | None:
    """Find the file of hints next to a photo or a film: `PHOTO.jpg.hints.json` or `PHOTO.hints.json`.

    The two names may differ in Unicode normalization (NFC and NFD, https://unicode.org/reports/tr15/), which some
    systems and archives change.
    """
    for name in (photo.name + HINTS_ENDING, photo.stem + HINTS_ENDING):
        for spelling in spellings(name):
            path = photo.with_name(spelling)
            if is_file(path):
                return path
    return None


def spellings(name: str) -> list[str]:
    """Return a name, and its NFC and NFD forms where they differ from it."""
    return list(dict.fromkeys((name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))))


REFERENCE_MARK = ".reference"
"""End of the stems of color photos next to a photo whose colors it takes: `PHOTO.reference.jpg`."""


def references_in(folder: Path) -> dict[str, list[Path]]:
    """Find the references in a folder, each by the name or the stem of its photo, normalized to NFC."""
    found: dict[str, list[Path]] = {}
    try:
        paths = sorted(path for path in folder.iterdir() if path.stem.lower().endswith(REFERENCE_MARK))
    except OSError:
        return {}
    for path in paths:
        photo = unicodedata.normalize("NFC", path.stem[: -len(REFERENCE_MARK)])
        if photo and not path.name.startswith("."):
            found.setdefault(photo, []).append(path)
    return found


def _is_reference(name: str, names: set[str]) -> bool:
    """Return whether a file is the reference of one of the files next to it; `names` has their names and stems."""
    stem = Path(name).stem
    return stem.lower().endswith(REFERENCE_MARK) and stem[: -len(REFERENCE_MARK)] in names


@dataclass(frozen=True)
class Dataset:
    """The files of one source, unchecked."""

    root: Path
    """The folder that the relative names of the files start from."""
    files: Sequence[Path]
    """Every file below `root`, sorted by name: `Paths`, or a tuple."""
    hidden: int
    """Number of files left out because their name or that of a folder starts with a dot. Files of operating systems and
    of this program (`formats.is_system_file`, `marks.RECORDS`) are not counted."""
    results: int = 0
    """Number of files left out because the program made them: they are in a folder of results, or next to a photo."""
    closed: tuple[Path, ...] = ()
    """Folders left out because this process has no permission to open them."""


def find_files(source: Path) -> Dataset:
    """List every file in a folder and its subfolders, or a single photo.

    Links to folders are not followed, so a loop of links cannot trap the search. A zip that is unpacked next to itself
    is left out in favor of its photos. Left out as well are files of hints, references next to their photos, files of
    operating systems, and the program's own results unless `source` is their folder. A subfolder that this process has
    no permission to open is listed in `Dataset.closed`.

    Args:
        source: A folder or a photo.

    Raises:
        ColorizeError: `source` does not exist, or is a folder that cannot be read.
    """
    if is_file(source):
        return Dataset(source.parent, (source,), 0)
    if not is_folder(source):
        raise ColorizeError(why_not_there(source) if not exists(source) else f"{source} is not a file or a folder.")
    found, hidden, results, closed = [], 0, 0, []

    def leave_out_or_refuse(error: OSError) -> None:
        if isinstance(error, PermissionError) and error.filename != str(source):
            closed.append(Path(error.filename))
            return
        raise ColorizeError(f"Cannot read the folder {error.filename}: {error.strerror}.") from error

    for folder, subfolders, names in _walk(source, leave_out_or_refuse):
        unseen = {name for name in subfolders if name.startswith(".") or name == _MAC_COPIES}
        hidden += sum(_counted(inside) for name in unseen - {_MAC_COPIES} for _, _, inside in _walk(Path(folder, name)))
        own = {name for name in subfolders if is_marked(Path(folder, name))} - unseen
        results += sum(len(inside) for name in own for _, _, inside in _walk(Path(folder, name)))
        subfolders[:] = sorted(set(subfolders) - unseen - own)
        visible = [name for name in names if not name.startswith(".") and not is_system_file(name)]
        hidden += _counted(name for name in names if name.startswith("."))
        beside = made_beside(Path(folder))
        results += len(beside.intersection(visible))
        listed = [name for name in visible if name not in beside and not name.endswith(HINTS_ENDING)]
        if any(REFERENCE_MARK in name.lower() for name in listed):
            known = {*listed, *(Path(name).stem for name in listed)}
            listed = [name for name in listed if not _is_reference(name, known)]
        above = os.path.relpath(folder, source)
        found += [
            name if above == os.curdir else os.path.join(above, name)  # noqa: PTH118 - a Path takes ten times as long
            for name in listed
            if not (name.lower().endswith(".zip") and _is_unpacked(Path(folder, name)))
        ]
    # Sort like paths, folder by folder: the separator must sort before every other character.
    found.sort(key=lambda name: os.path.normcase(name).replace(os.sep, "\0"))
    return Dataset(source, Paths(source, found), hidden, results, tuple(closed))


def gather(sources: Sequence[Path]) -> Dataset:
    """List the files of several sources together, each once.

    Names start from the folder that holds all sources; with a single source, as in `find_files`.

    Raises:
        ColorizeError: As in `find_files`, or the sources are on several drives.
    """
    if len(sources) == 1:
        return find_files(sources[0])
    found = [find_files(source.absolute()) for source in sources]
    try:
        root = Path(os.path.commonpath([dataset.root for dataset in found]))
    except ValueError as error:  # two drives have no common folder
        raise ColorizeError("The photos are on several drives. Choose photos from one drive at a time.") from error
    files = sorted({file for dataset in found for file in dataset.files})
    hidden, results = sum(each.hidden for each in found), sum(each.results for each in found)
    closed = tuple(sorted({folder for each in found for folder in each.closed}))
    return Dataset(root, tuple(files), hidden, results, closed)


def _walk(source: Path, onerror: Callable[[OSError], None] | None = None) -> Iterator[tuple[str, list[str], list[str]]]:
    """Walk like `os.walk`; raise ColorizeError if folders are nested deeper than those of an archive may be.

    Color photos go into the same subfolders under `OUTPUT/`, and the code that creates these is recursive.
    """
    deepest = ArchiveLimits.maximum_depth
    for folder, subfolders, names in os.walk(source, onerror=onerror):
        if folder.count(os.sep) - str(source).count(os.sep) > deepest:
            raise ColorizeError(
                f"Folders in {source} are nested more than {deepest} deep. Move their photos to a folder closer to "
                "the top."
            )
        yield folder, subfolders, names


def _counted(hidden: Iterable[str]) -> int:
    """Count hidden files that may be a user's own."""
    return sum(name not in _OWN_RECORDS and not is_system_file(name) for name in hidden)


def _is_unpacked(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and is_file(path) and came_from(path.with_suffix(""), path)
