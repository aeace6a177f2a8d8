"""Check every file of a dataset, and remember the findings about files that do not change."""

from __future__ import annotations

import hashlib
import json
import sys
from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from colorizer.dataset.find import Dataset, chosen
from colorizer.errors import ColorizeError
from colorizer.files import Fingerprint, fingerprint, matching, read_json, resolved, write_text
from colorizer.photos.formats import kind_of, read_formats
from colorizer.photos.reading import CutOff, examine
from colorizer.progress import Progress, no_progress
from colorizer.settings import DEFAULT_READING, CacheSettings, PhotoLimits, Reading, worker_count

_VERSION = 5
"""Increased whenever the meaning of a finding changes; files of other versions are ignored."""


class Findings:
    """Findings of earlier checks about the files of one folder, stored as a JSON file."""

    def __init__(self, folder: Path | None, root: Path, settings: CacheSettings | None = None):
        self._settings = settings or CacheSettings()
        name = hashlib.sha256(str(resolved(root)).encode("utf-8", "surrogateescape")).hexdigest()[:24]
        self._file = folder / f"checks-{_VERSION}" / f"{name}.json" if folder else None
        self._known = self._read()
        self._found: dict[str, list] = {}

    def recall(self, path: str, now: Fingerprint | None) -> list | None:
        """Return the finding about a file, or None if it has changed or is unknown."""
        known = self._known.get(path)
        if known is None or now is None or known[0] != now[0] or known[1] != now[1]:
            return None
        self._found[path] = known
        return known[2]

    def remember(self, path: str, now: Fingerprint | None, finding: list) -> None:
        """Note a finding about a file. Without a cache, or if the file has disappeared, do nothing."""
        if now is not None and self._file is not None:
            self._found[path] = [*now, finding]

    def save(self) -> None:
        """Save all findings, and remove those about the folders checked longest ago."""
        if self._file is None or self._found == self._known:
            return
        with suppress(ColorizeError, OSError):  # the check itself is complete, even if the cache cannot be written
            write_text(self._file, json.dumps(self._found, separators=(",", ":")))
            oldest = sorted(matching(self._file.parent, "*.json"), key=lambda file: file.stat().st_mtime)
            for file in oldest[: -self._settings.remembered_folders]:
                file.unlink()

    def _read(self) -> dict[str, list]:
        if self._file is None:
            return {}
        try:
            known = read_json(self._file)
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) and all(map(_is_note, known.values())) else {}


def _is_note(note: Any) -> bool:
    """Return whether a parsed value is a fingerprint and a list of plain values."""
    match note:
        case [int(), int(), [*parts]]:
            return all(isinstance(part, str | int | None) for part in parts)
    return False


_TRAINABLE = ("RGB", "RGBA")
_READABLE, _UNREADABLE, _CUT_OFF = "readable", "unreadable", "cut off"
_ONLY_WHY = 2
"""Length of a finding that holds only a status and a reason."""
_FILES_AT_A_TIME, _PORTIONS_AHEAD = 16, 8
_JUDGED = 100
"""Number of files that every process decodes to determine the color format of a shared dataset."""


@dataclass(frozen=True)
class LeftOut:
    """A file that was not chosen."""

    path: Path
    reason: str
    """Capitalized phrase shared by all files left out for this reason, such as "Already in color"."""


@dataclass(frozen=True)
class DatasetCheck:
    """Results of a check.

    Every file of the dataset is in exactly one of `fine`, `unreadable`, `wrong_format`, `in_colour` and `cut_off`, with
    the exception given at `cut_off`.
    """

    root: Path
    fine: Sequence[Path]
    unreadable: tuple[tuple[Path, str], ...]
    """(file, reason) pairs."""
    wrong_format: tuple[tuple[Path, str], ...]
    """(file, color format) pairs."""
    colour_format: str | None
    """The color format of the run, "RGB" or "RGBA"; None if every format is accepted."""
    in_colour: Sequence[Path] = ()
    """When colorizing: photos that are already in color. Toned and yellowed photos are not among them."""
    cut_off: tuple[tuple[Path, str], ...] = ()
    """(file, sentence) pairs of photos whose end is missing. If `PhotoLimits.takes_cut_off` accepts them, they are also
    among the others. For training they are in `unreadable` instead.
    """
    several_pages: Sequence[Path] = ()
    """Files with more than one page; they are also among the others."""
    closed: tuple[Path, ...] = ()
    """Folders that this process has no permission to open (`Dataset.closed`)."""

    def left_out(self) -> tuple[LeftOut, ...]:
        """Return all files that are not in `fine`, and closed folders, each with the reason."""
        fine = set(self.fine)
        reasons = {path: f"Not {self.colour_format}" for path, _ in self.wrong_format}
        reasons |= dict.fromkeys(self.in_colour, "Already in color")
        reasons |= {path: "Cut off" for path, _ in self.cut_off}
        reasons |= {path: _kind(path) for path, _ in self.unreadable}
        reasons |= dict.fromkeys(self.closed, "No permission to open")
        return tuple(LeftOut(path, reason) for path, reason in sorted(reasons.items()) if path not in fine)


def _kind(path: Path) -> str:
    kind = kind_of(path)
    return f"{kind.several[0].upper()}{kind.several[1:]}: {kind.way_out}" if kind else "Unreadable or damaged"


def check_photos(
    dataset: Dataset,
    for_training: bool,
    reading: Reading = DEFAULT_READING,
    progress: Progress = no_progress,
    wanted: str | None = None,
) -> DatasetCheck:
    """Decode every file to its last pixel and sort it into fine, unreadable and wrong format.

    Results are stored in `reading.cache_folder`; files that have not changed are not decoded again.

    For training, only one color format is accepted: by default the one that most photos have (RGB, or RGBA for photos
    with transparent pixels). Every other format, including grayscale, is wrong. For colorizing, every photographic
    format is accepted, and photos that are already in color are listed separately.

    Args:
        dataset: The files.
        for_training: Whether the photos are for training or for colorizing.
        reading: How photos are read and cached.
        progress: Called with the number of checked files.
        wanted: The color format for training, if the files are a part of a larger dataset.
    """
    read_formats()  # so that a missing package is an error of the installation, not of each photo
    if for_training:
        reading = replace(reading, limits=replace(reading.limits, takes_cut_off=False))
    found, files = _examined(dataset, for_training, reading, progress), dataset.files
    if for_training:
        found.unreadable |= found.cut_off
        found.cut_off = {}
    if for_training and wanted is None:
        wanted = _commonest_format(found.formats)
    fine, wrong, in_colour = array("Q"), [], array("Q")
    for number, form in enumerate(found.formats):
        if form is None:
            continue
        if not for_training and found.in_colour[number]:
            in_colour.append(number)
        elif wanted is not None and form != wanted:
            wrong.append((files[number], form))
        else:
            fine.append(number)
    unreadable = tuple((files[number], why) for number, why in sorted(found.unreadable.items()))
    return DatasetCheck(
        root=dataset.root,
        fine=chosen(files, fine),
        unreadable=unreadable,
        wrong_format=tuple(wrong),
        colour_format=wanted,
        in_colour=chosen(files, in_colour),
        cut_off=tuple((files[number], why) for number, why in sorted(found.cut_off.items())),
        several_pages=chosen(files, sorted(found.several_pages)),
        closed=dataset.closed,
    )


def colour_format(dataset: Dataset, limits: PhotoLimits = DEFAULT_READING.limits) -> str:
    """Return the color format of most files, judged by at most `_JUDGED` of them, evenly spaced."""
    step = max(1, -(-len(dataset.files) // _JUDGED))
    findings = (_examine(path, limits, tells_toned=False) for path in dataset.files[::step])
    return _commonest_format(found[1] for found in findings if found[0] == _READABLE)


def _commonest_format(formats: Iterable[str | None]) -> str:
    """Return the most frequent trainable format; RGB if two are equally frequent."""
    counts = Counter(formats)
    return max(_TRAINABLE, key=lambda form: counts[form])


class _Found:
    """Findings about `count` files, at about ten bytes per file."""

    def __init__(self, count: int):
        self.formats: list[str | None] = [None] * count
        """Color formats; None for a file that is unreadable or has not been read yet."""
        self.in_colour = bytearray(count)
        self.unreadable: dict[int, str] = {}
        self.cut_off: dict[int, str] = {}
        self.several_pages: list[int] = []

    def note(self, number: int, finding: list) -> None:
        if finding[0] == _UNREADABLE:
            self.unreadable[number] = finding[1]
            return
        if finding[0] == _CUT_OFF:
            self.cut_off[number] = finding[-1]
        if len(finding) == _ONLY_WHY:
            return
        _, form, _, in_colour, pages = finding[:5]
        self.in_colour[number] = bool(in_colour)
        self.formats[number] = sys.intern(form)
        if pages > 1:
            self.several_pages.append(number)


def _examined(dataset: Dataset, for_training: bool, reading: Reading, progress: Progress) -> _Found:
    """Examine every file, except those that were examined before and have not changed since.

    Training does not need to know whether a photo is toned, so only a check for colorizing determines it.
    """
    # Checking a single photo must not replace the findings about its folder.
    known = Findings(reading.cache_folder, dataset.files[0] if len(dataset.files) == 1 else dataset.root)
    found, unseen = _Found(len(dataset.files)), array("Q")
    for number, path in enumerate(dataset.files):
        recalled = known.recall(str(path), fingerprint(str(path)))
        if recalled is not None and _is_enough(recalled, for_training, reading.limits.maximum_pixels):
            found.note(number, recalled)
        else:
            unseen.append(number)
    done = len(dataset.files) - len(unseen)
    progress(done, len(dataset.files))
    try:
        for number, now, finding in _examined_by_threads(dataset.files, unseen, for_training, reading):
            found.note(number, finding)
            if finding[0] == _READABLE:  # other problems may be fixed without a change in size or time
                known.remember(str(dataset.files[number]), now, finding)
            done += 1
            progress(done, len(dataset.files))
    finally:
        known.save()
    return found


def _examined_by_threads(
    files: Sequence[Path], numbers: Sequence[int], for_training: bool, reading: Reading
) -> Iterator[tuple[int, Fingerprint | None, list]]:
    """Yield the number of each file, its fingerprint before it was read, and the finding about it, in order.

    Pillow decodes without the interpreter lock, so threads keep all cores busy. They take several files at a time,
    because handing over each one separately costs as much as a tenth of decoding it.
    """
    threads = worker_count(reading.workers)
    some = max(1, min(_FILES_AT_A_TIME, len(numbers) // (4 * threads)))

    def examine_some(portion: Sequence[int]) -> list[tuple[int, Fingerprint | None, list]]:
        return [
            (number, fingerprint(files[number]), _examine(files[number], reading.limits, not for_training))
            for number in portion
        ]

    waiting: deque[Future] = deque()  # few, since each takes a kilobyte
    pool = ThreadPoolExecutor(threads)
    try:
        for first in range(0, len(numbers), some):
            waiting.append(pool.submit(examine_some, numbers[first : first + some]))
            if len(waiting) > _PORTIONS_AHEAD * threads:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _is_enough(found: list | None, for_training: bool, maximum_pixels: int) -> bool:
    """Return whether a remembered finding is complete for this check and within its limit on pixels.

    The finding may come from a run with another limit.
    """
    match found:
        case [str(kind), str(), int(pixels), bool() | None as in_colour, int()]:
            return kind == _READABLE and pixels <= maximum_pixels and (for_training or in_colour is not None)
    return False


def _examine(path: Path, limits: PhotoLimits, tells_toned: bool) -> list:
    try:
        facts = examine(path, limits, tells_toned)
        found = [_READABLE, facts.colour_format, facts.most_pixels, facts.in_colour, facts.pages]
        return [_CUT_OFF, *found[1:], facts.cut_off] if facts.cut_off else found
    except CutOff as error:
        return [_CUT_OFF, str(error)]
    except ColorizeError as error:
        return [_UNREADABLE, str(error)]
