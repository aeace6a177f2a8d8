"""Photos that several processes colorize together into one folder, portion by portion.

The processes do not wait for each other and need not know of each other. Names are chosen once (`names.shared_names`).
Every file is written under a temporary name next to its own and then renamed, and its outcome is an entry in a manifest
(`manifest`). A portion that is processed twice gives the same bytes.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from colorizer.dataset.check import DatasetCheck, check_photos
from colorizer.dataset.find import Dataset
from colorizer.errors import ColorizeError
from colorizer.files import exists, is_file, resolved
from colorizer.inference.colorize import AS_MEANT, Adjustment, Colorized, Failure, colorize_files
from colorizer.inference.hints import AnyHint
from colorizer.inference.hints_file import hints_beside
from colorizer.marks import mark_folder
from colorizer.network.network import Network
from colorizer.photos.formats import kind_of
from colorizer.photos.pages import page_count
from colorizer.photos.photo import Photo, Picture
from colorizer.photos.writing import is_written_as_jpeg, write_photo
from colorizer.runs.colorize import Written, gathered, how_made, page_file, page_folder
from colorizer.runs.folders import MADE_FROM, Run, is_made_from, write_record
from colorizer.runs.journal import MANIFEST
from colorizer.runs.manifest import FINE, Line, digest, is_as_written, lines_of
from colorizer.runs.names import shared_names
from colorizer.settings import DEFAULT_READING, Reading

Named = tuple[str, str]
"""A photo and its picture, relative to the folders of the photos and of the results. These are strings, because a
million of them take less memory than paths."""
IN_COLOUR, UNREADABLE, FAILED = "already in color", "unreadable", "not colorized"
"""Kinds of photos without a picture. Files that are not photos have the kind of their file type."""


@dataclass(frozen=True)
class SharedJob:
    """What every process needs to know to colorize photos with others; it can be sent to them."""

    root: Path
    """The folder to which the photos' names are relative, under the same path for all processes."""
    folder: Path
    """The output folder, under the same path for all processes."""
    adjustment: Adjustment = AS_MEANT
    reading: Reading = DEFAULT_READING
    takes_colour: bool = False
    """Whether color photos are colorized too; otherwise they are skipped."""
    has_hints: bool = True
    """Whether hints next to photos are used."""
    origin: str = ""
    """Name of the photos' folder if `root` is only a placeholder for it."""

    @property
    def run(self) -> Run:
        return Run(self.folder.name, self.folder, self.folder)


def begin(job: SharedJob, model: str, weights: str) -> None:
    """Mark the folder of results, and record what its pictures are made from.

    Args:
        job: The shared job.
        model: The network's name.
        weights: The digest of its weights.

    Raises:
        ColorizeError: The folder's pictures were made from something else.
    """
    made_from = how_made(job.root, model, weights, job.adjustment)
    if job.origin:
        made_from["photos"] = job.origin
    if resolved(job.folder) == resolved(job.root):
        raise ColorizeError(f"{job.folder} is the folder of the photos. Choose another output folder.")
    mark_folder(job.folder)
    if not exists(job.folder / MADE_FROM):
        write_record(job.folder / MADE_FROM, made_from)
    if not is_made_from(job.run, made_from):
        raise ColorizeError(
            f"The pictures in {job.folder} were made from other photos, by another model or with other settings. "
            "Choose another folder."
        )


def named_photos(job: SharedJob, photos: Sequence[Path], part: Sequence[Path]) -> list[Named]:
    """Return the photos of `part`, each with the name of its picture; raise ColorizeError."""
    names = shared_names(job.run, job.root, photos, part, job.reading.limits)
    return [(str(photo.relative_to(job.root)), name) for photo, name in zip(part, names, strict=True)]


def remaining(job: SharedJob, photos: Sequence[Named], kind: str = MANIFEST, is_store: bool = False) -> list[Named]:
    """Return the photos that are not done yet.

    A photo is done if a manifest in the folder records a picture that still has the recorded content or, in an object
    store, that exists. Photos that were only checked are done if they were fine.

    Args:
        job: The shared job.
        photos: The photos with the names of their pictures.
        kind: The kind of journal.
        is_store: Whether the folder is in an object store.
    """
    lines = lines_of(job.folder, kind, {photo for photo, _ in photos}.__contains__)

    def is_done(photo: str, name: str) -> bool:
        line = lines.get(photo)
        if line is None:
            return False
        if line.result is None:
            return line.kind == FINE
        is_whole = is_file(job.folder / name) if is_store else is_as_written(job.folder, line)
        return line.result == name and is_whole

    return [(photo, name) for photo, name in photos if not is_done(photo, name)]


def check_portion(job: SharedJob, photos: Sequence[Named]) -> Iterator[Line]:
    """Check photos by decoding them completely, and yield an entry for each."""
    timed = _timed()
    check = _check(job, [photo for photo, _ in photos])
    yield from (timed(line) for line in _left_out(job, check))
    yield from (timed(_line(job, photo, kind=FINE)) for photo in check.fine)


def colorize_portion(job: SharedJob, network: Network, photos: Sequence[Named]) -> Iterator[Line]:
    """Check photos, colorize those that are fine, and yield an entry for each as soon as it is done, in any order.

    To stop early, close the iterator. Raises ColorizeError for problems that affect all photos.
    """
    names, timed = dict(photos), _timed()
    check = _check(job, list(names))
    yield from (timed(line) for line in _left_out(job, check))
    paths = {photo: job.folder / names[str(photo.relative_to(job.root))] for photo in check.fine}
    hints: dict[Path, Sequence[AnyHint]] = {}
    for photo in [*paths] if job.has_hints else ():
        try:
            hints |= hints_beside([photo])
        except ColorizeError as error:
            del paths[photo]
            yield timed(_line(job, photo, kind=FAILED, why=str(error)))
    pages = {photo: page_count(photo) for photo in paths}
    with (
        page_folder(job.folder, pages) as folder,
        closing(_outcomes(job, network, paths, pages, hints, folder)) as outcomes,
    ):
        for photo, count in pages.items():
            outcome = gathered(paths[photo], islice(outcomes, count))
            if isinstance(outcome, Failure):
                yield timed(_line(job, photo, kind=FAILED, why=outcome.reason))
            else:
                result = paths[photo]
                name = str(result.relative_to(job.folder))
                yield timed(_line(job, photo, result=name, sha256=digest(result)))


def given_up(job: SharedJob, photo: Named) -> Line:
    """Return the entry of a photo that crashed every process that tried to colorize it."""
    path = job.root / photo[0]
    return _line(job, path, kind=FAILED, why=f"Cannot colorize {path}: every worker that tried to crashed.")


def _outcomes(
    job: SharedJob,
    network: Network,
    paths: Mapping[Path, Path],
    pages: Mapping[Path, int],
    hints: Mapping[Path, Sequence[AnyHint]],
    folder: Path,
) -> Iterator[Colorized | Failure]:
    def write(photo: Path, original: Photo, picture: Picture) -> Written:
        file = paths[photo] if pages[photo] == 1 else page_file(folder)
        write_photo(file, picture, original, job.reading.limits)
        return Written(file, ())

    def hints_of(photo: Path, original: Photo) -> Sequence[AnyHint]:
        return hints.get(photo, ()) if original.page == 0 else ()

    def for_jpeg(photo: Path, original: Photo) -> bool:
        return is_written_as_jpeg(paths[photo].name, original)

    return colorize_files(network, list(pages), write, job.adjustment, job.reading, hints_of, pages, for_jpeg)


def _check(job: SharedJob, photos: Sequence[str]) -> DatasetCheck:
    # The cache is one file per folder, so processes that each know a part would overwrite each other's entries.
    reading = replace(job.reading, cache_folder=None)
    check = check_photos(Dataset(job.root, tuple(job.root / photo for photo in photos), 0), False, reading)
    return replace(check, fine=(*check.fine, *check.in_colour), in_colour=()) if job.takes_colour else check


def _left_out(job: SharedJob, check: DatasetCheck) -> Iterator[Line]:
    for photo, why in check.unreadable:
        kind = kind_of(photo)
        yield _line(job, photo, kind=kind.one if kind else UNREADABLE, why=why)
    for photo, why in () if job.reading.limits.takes_cut_off else check.cut_off:
        yield _line(job, photo, kind=UNREADABLE, why=why)
    for photo in check.in_colour:
        yield _line(job, photo, kind=IN_COLOUR, why=f"{photo} is already in color.")


def _line(job: SharedJob, photo: Path, **facts: str | None) -> Line:
    return Line(str(photo.relative_to(job.root)), 0.0, f"{socket.gethostname()}:{os.getpid()}", **facts)


def _timed() -> Callable[[Line], Line]:
    """Return a function that sets an entry's duration to the time since the previous entry, or since now."""
    last = time.monotonic()

    def timed(line: Line) -> Line:
        nonlocal last
        now = time.monotonic()
        seconds, last = now - last, now
        return replace(line, seconds=round(seconds, 4))

    return timed
