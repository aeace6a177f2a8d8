"""Find, check and split many photos."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

from colorizer.archive import RECORD, came_from, unpack
from colorizer.cache import Findings, fingerprint
from colorizer.photo import DEFAULT_LIMITS, examine
from colorizer.settings import (
    ArchiveLimits,
    ColorizeError,
    DatasetSettings,
    PhotoLimits,
    Progress,
    no_progress,
    worker_count,
)

SHIPPED_COLOUR = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "retina.jpg", "rocket.jpg")
"""Colour photographs inside scikit-image (https://scikit-image.org/docs/stable/api/skimage.data.html)."""
SHIPPED_GRAY = ("camera.png", "brick.png", "coins.png", "grass.png", "gravel.png", "moon.png")
"""Grayscale photographs inside scikit-image."""

_TRAINABLE = ("RGB", "RGBA")
_READABLE, _UNREADABLE = "readable", "unreadable"
_FILES_AT_A_TIME = 16


@dataclass(frozen=True)
class Dataset:
    """The files of one source, unchecked."""

    root: Path
    """The folder the files' relative names start from."""
    files: tuple[Path, ...]
    """Every file below it, sorted by name."""
    hidden: int
    """Files left out because their name, or their folder's, starts with a dot or is __MACOSX."""


@dataclass(frozen=True)
class DatasetCheck:
    """What the check found; every file of the dataset is in exactly one of the three."""

    root: Path
    fine: tuple[Path, ...]
    unreadable: tuple[tuple[Path, str], ...]
    """(file, why) pairs."""
    wrong_format: tuple[tuple[Path, str], ...]
    """(file, its colour format) pairs."""
    colour_format: str | None
    """The run's one colour format, "RGB" or "RGBA"; None when every format was welcome."""


@dataclass(frozen=True)
class Split:
    """The parts of a training run; no photo is in two of them and none is empty."""

    train: tuple[Path, ...]
    validation: tuple[Path, ...]
    test: tuple[Path, ...]


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


def check_photos(
    dataset: Dataset,
    for_training: bool,
    limits: PhotoLimits = DEFAULT_LIMITS,
    workers: int | None = None,
    cache_folder: Path | None = None,
    progress: Progress = no_progress,
) -> DatasetCheck:
    """Decode every file to its last pixel and sort it into fine, unreadable and wrong format.

    What was found is remembered in `cache_folder`, and files that have not changed are not decoded again.

    For training, the run's colour format is that of the first colour photo (RGB or RGBA, by sorted name), and every
    other format, grayscale included, is wrong. For colorizing every photographic format is fine.
    """
    findings = _examined(dataset, limits, workers, cache_folder, progress)
    readable = (found[1] for found in findings if found[0] == _READABLE)
    wanted = next((found for found in readable if found in _TRAINABLE), "RGB") if for_training else None
    fine, unreadable, wrong = [], [], []
    for path, (kind, found, *_) in zip(dataset.files, findings, strict=True):
        if kind == _UNREADABLE:
            unreadable.append((path, found))
        elif wanted is not None and found != wanted:
            wrong.append((path, found))
        else:
            fine.append(path)
    return DatasetCheck(dataset.root, tuple(fine), tuple(unreadable), tuple(wrong), wanted)


def split_photos(
    photos: Sequence[Path], train_count: int, test_count: int, settings: DatasetSettings | None = None
) -> Split:
    """Choose photos at random, repeatably, for training, validation and test.

    `train_count` includes the validation photos. Raises ColorizeError when a part would be empty or there are too
    few photos.
    """
    settings = settings or DatasetSettings()
    if train_count + test_count > len(photos):
        raise ColorizeError(
            f"{train_count} photos to train with and {test_count} to test on make {train_count + test_count}, "
            f"but there are {len(photos)} fine photos."
        )
    if train_count < settings.minimum_training_photos or test_count < settings.minimum_test_photos:
        raise ColorizeError(
            f"Training takes at least {settings.minimum_training_photos} photos (one of them to validate with) "
            f"and {settings.minimum_test_photos} to test on."
        )
    chosen = random.Random(settings.seed).sample(sorted(photos), train_count + test_count)
    validation_count = min(max(1, round(train_count * settings.validation_share)), train_count - 1)
    learning_count = train_count - validation_count
    return Split(tuple(chosen[:learning_count]), tuple(chosen[learning_count:train_count]), tuple(chosen[train_count:]))


def choose_photos(photos: Sequence[Path], count: int, seed: int) -> tuple[Path, ...]:
    """Return all photos, or `count` of them chosen at random, repeatably, in sorted order."""
    ordered = sorted(photos)
    return tuple(ordered if count >= len(ordered) else sorted(random.Random(seed).sample(ordered, count)))


def fill_default_dataset(folder: Path, for_training: bool) -> Path:
    """Return the default dataset's folder, filled with scikit-image's photographs if it holds nothing yet.

    A zip that a person dropped there is unpacked beside it. Raises ColorizeError when the photographs cannot be had.
    """
    found = find_files(folder).files if folder.is_dir() else ()
    for archive in [path for path in found if path.parent == folder and path.suffix.lower() == ".zip"]:
        if not came_from(archive.with_suffix(""), archive):  # a photo taken out of it is to stay out
            unpack(archive, archive.with_suffix(""))
    if found:
        return folder
    package = find_spec("skimage")
    source = Path(package.origin).parent / "data" if package and package.origin else None
    names = SHIPPED_COLOUR if for_training else SHIPPED_GRAY
    if source is None or not all((source / name).is_file() for name in names):
        raise ColorizeError(
            f"The default dataset {folder} is empty and scikit-image's photographs are not installed; "
            "install scikit-image or put photos there."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(source / name, folder / name)
    except OSError as error:
        raise ColorizeError(f"Cannot fill the default dataset {folder}: {error.strerror}.") from error
    return folder


def _examined(
    dataset: Dataset, limits: PhotoLimits, workers: int | None, cache_folder: Path | None, progress: Progress
) -> list[list]:
    """Return [_READABLE, colour format, pixels] or [_UNREADABLE, why] of every file, decoding those not seen before."""
    # The one photo of a folder that somebody chose alone must not displace what is known of the others.
    known = Findings(cache_folder, dataset.files[0] if len(dataset.files) == 1 else dataset.root)
    names = [str(path) for path in dataset.files]
    prints = [fingerprint(name) for name in names]
    results = [known.recall(name, now) for name, now in zip(names, prints, strict=True)]
    # What was within an earlier run's limit need not be within this one's.
    results = [found if found and found[2] <= limits.maximum_pixels else None for found in results]
    unseen = [number for number, found in enumerate(results) if found is None]
    done = len(results) - len(unseen)
    progress(done, len(results))
    # Pillow decodes outside the interpreter's lock, so threads keep all cores busy without a second interpreter; they
    # take several files at a time, because handing over each one costs as much as a tenth of decoding it.
    threads = worker_count(workers)
    some = max(1, min(_FILES_AT_A_TIME, len(unseen) // (4 * threads)))
    portions = [unseen[first : first + some] for first in range(0, len(unseen), some)]
    pool = ThreadPoolExecutor(threads)
    try:
        found = pool.map(lambda portion: [_examine(dataset.files[number], limits) for number in portion], portions)
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


def _examine(path: Path, limits: PhotoLimits) -> list:
    try:
        facts = examine(path, limits)
        return [_READABLE, facts.colour_format, facts.width * facts.height]
    except ColorizeError as error:
        return [_UNREADABLE, str(error)]


def _is_unpacked(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and path.is_file() and came_from(path.with_suffix(""), path)
