"""Check every file of a dataset."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from colorizer.dataset.find import Dataset
from colorizer.dataset.findings import Findings
from colorizer.errors import ColorizeError
from colorizer.files import fingerprint
from colorizer.photos.reading import examine
from colorizer.progress import Progress, no_progress
from colorizer.settings import DEFAULT_READING, PhotoLimits, Reading, worker_count

_TRAINABLE = ("RGB", "RGBA")
_READABLE, _UNREADABLE = "readable", "unreadable"
_FILES_AT_A_TIME = 16


@dataclass(frozen=True)
class DatasetCheck:
    """What the check found; every file of the dataset is in exactly one of the four."""

    root: Path
    fine: tuple[Path, ...]
    unreadable: tuple[tuple[Path, str], ...]
    """(file, why) pairs."""
    wrong_format: tuple[tuple[Path, str], ...]
    """(file, its colour format) pairs."""
    colour_format: str | None
    """The run's one colour format, "RGB" or "RGBA"; None when every format was welcome."""
    in_colour: tuple[Path, ...] = ()
    """Photos that are in colour already, where black-and-white ones are wanted. Toned and yellowed ones are not."""
    several_pages: tuple[Path, ...] = ()
    """Files with more pages than one; they are among the others too."""


def check_photos(
    dataset: Dataset,
    for_training: bool,
    reading: Reading = DEFAULT_READING,
    progress: Progress = no_progress,
    wanted: str | None = None,
) -> DatasetCheck:
    """Decode every file to its last pixel and sort it into fine, unreadable and wrong format.

    What was found is remembered in `reading.cache_folder`, and files that have not changed are not decoded again.

    For training, the run's colour format is that of the first colour photo (RGB or RGBA, by sorted name), and every
    other format, grayscale included, is wrong; or it is `wanted`, where the files are a part of many. For colorizing
    every photographic format is fine, and photos that are in colour already stand apart.
    """
    findings = _examined(dataset, reading, progress)
    if for_training and wanted is None:
        wanted = _first_format(findings)
    fine, unreadable, wrong, in_colour = [], [], [], []
    for path, (kind, found, *facts) in zip(dataset.files, findings, strict=True):
        if kind == _UNREADABLE:
            unreadable.append((path, found))
        elif not for_training and facts[1]:
            in_colour.append(path)
        elif wanted is not None and found != wanted:
            wrong.append((path, found))
        else:
            fine.append(path)
    read = zip(dataset.files, findings, strict=True)
    several = tuple(path for path, found in read if found[0] == _READABLE and found[4] > 1)
    return DatasetCheck(dataset.root, tuple(fine), tuple(unreadable), tuple(wrong), wanted, tuple(in_colour), several)


def colour_format(dataset: Dataset, limits: PhotoLimits = DEFAULT_READING.limits) -> str:
    """Return the colour format that a training on these files would have, decoding no more of them than it takes."""
    return _first_format(_examine(path, limits) for path in dataset.files)


def _first_format(findings: Iterable[list]) -> str:
    readable = (found[1] for found in findings if found[0] == _READABLE)
    return next((found for found in readable if found in _TRAINABLE), "RGB")


def _examined(dataset: Dataset, reading: Reading, progress: Progress) -> list[list]:
    """Return [_READABLE, colour format, pixels, whether it is in colour, pages] or [_UNREADABLE, why] of every file.

    Those seen before, and not changed since, are not decoded again.
    """
    # The one photo of a folder that somebody chose alone must not displace what is known of the others.
    known = Findings(reading.cache_folder, dataset.files[0] if len(dataset.files) == 1 else dataset.root)
    names = [str(path) for path in dataset.files]
    prints = [fingerprint(name) for name in names]
    results = [known.recall(name, now) for name, now in zip(names, prints, strict=True)]
    # What was within an earlier run's limit need not be within this one's.
    results = [found if _is_within(found, reading.limits.maximum_pixels) else None for found in results]
    unseen = [number for number, found in enumerate(results) if found is None]
    done = len(results) - len(unseen)
    progress(done, len(results))
    # Pillow decodes outside the interpreter's lock, so threads keep all cores busy without a second interpreter; they
    # take several files at a time, because handing over each one costs as much as a tenth of decoding it.
    threads = worker_count(reading.workers)
    some = max(1, min(_FILES_AT_A_TIME, len(unseen) // (4 * threads)))
    portions = [unseen[first : first + some] for first in range(0, len(unseen), some)]
    pool = ThreadPoolExecutor(threads)
    try:
        found = pool.map(lambda some: [_examine(dataset.files[number], reading.limits) for number in some], portions)
        for number, finding in zip(unseen, chain.from_iterable(found), strict=True):
            results[number] = finding
            if finding[0] == _READABLE:  # why a file could not be read may be mended without a trace in size or time
                known.remember(names[number], prints[number], finding)
            done += 1
            progress(done, len(results))
    finally:
        pool.shutdown(cancel_futures=True)
        known.save()
    return results


def _is_within(found: list | None, maximum_pixels: int) -> bool:
    """Say whether what was remembered is what this check would find, and within its limit."""
    match found:
        case [str(kind), str(), int(pixels), bool(), int()]:
            return kind == _READABLE and pixels <= maximum_pixels
    return False


def _examine(path: Path, limits: PhotoLimits) -> list:
    try:
        facts = examine(path, limits)
        return [_READABLE, facts.colour_format, facts.most_pixels, facts.in_colour, facts.pages]
    except ColorizeError as error:
        return [_UNREADABLE, str(error)]
