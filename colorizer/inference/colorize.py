"""Colorize one or many photos: read, predict, combine with the photo's own luma, deliver."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.inference.full_size import join
from colorizer.inference.hints import AnyHint
from colorizer.inference.jpeg_planes import join_planes
from colorizer.inference.proposal import propose
from colorizer.inference.references import SIDE, References, color_like, prepare_references
from colorizer.network.network import Network
from colorizer.packages import refuse_without
from colorizer.photos.memory import memory_used_again
from colorizer.photos.metadata import with_comment
from colorizer.photos.photo import DEFAULT_LIMITS, Photo, Picture
from colorizer.photos.reading import Source, bytes_needed, read_photo
from colorizer.photos.toning import tonal_range
from colorizer.photos.writing import is_written_as_jpeg
from colorizer.ranges import Ranged
from colorizer.settings import DEFAULT_READING, VIVIDNESS_RANGE, PhotoLimits, Reading

BATCH_SIZE = 16
"""Number of photos that go through the network together."""
BATCH_BYTES = 500_000_000
"""Memory budget for the photos of one batch and their colorized pictures, in bytes. Three batches are in memory at once
(being read, computed, written). A photo that needs more than this gets a batch of its own."""


@dataclass(frozen=True)
class Adjustment(Ranged):
    """Options for the colorized picture."""

    vividness: Annotated[float, VIVIDNESS_RANGE] = 1.0
    """Factor for the predicted chroma: 0 is gray, 1 is as predicted, 2 is twice as colorful."""
    restore_contrast: bool = False
    """Whether to restore the contrast of a faded photo in the result. The network always sees it restored."""
    repair: bool = False
    """Whether to repair dust, scratches and creases first (`photos.repair`)."""


AS_MEANT = Adjustment()
"""The colors as predicted, on the photo's own luma."""


@dataclass(frozen=True)
class Colorized:
    """A photo that was colorized and delivered."""

    path: Path
    delivered: Any
    """Return value of `deliver` for this photo."""
    is_matched: bool = True
    """False if the task has references and none of them matches the photo, so that its colors are the predicted ones.
    """


@dataclass(frozen=True)
class Failure:
    """A photo that could not be colorized."""

    path: Path
    reason: str


HintsOf = Callable[[Path, Photo], Sequence[AnyHint]]
"""Called as ``hints_of(path, original)``, from several threads; returns the hints for a photo."""


@dataclass(frozen=True)
class PhotoTask:
    """One photo, or one page of a file, to colorize."""

    path: Path
    page: int = 0
    """Index of the page, starting at 0."""
    hints: Sequence[AnyHint] | HintsOf = ()
    """Known colors, or a function that derives them from the decoded photo."""
    target: Path | None = None
    """The file that the picture is for. If that is a JPEG, only the planes that a JPEG stores are computed."""
    references: References | None = None
    """Color photos that show the same things; the photo takes their colors where it matches them."""


Deliver = Callable[[PhotoTask, Photo, Picture], Any]
"""Called as ``deliver(task, original, picture)`` for every colorized photo, from several threads."""


def colorize_photo(
    source: Source,
    network: Network,
    adjustment: Adjustment = AS_MEANT,
    hints: Sequence[AnyHint] = (),
    references: References | Sequence[Source] | None = None,
) -> Image.Image:
    """Colorize a photo at its original size.

    Args:
        source: A path, a file's bytes, an open binary file, a Pillow image or an array (`photos.reading.Source`).
        network: The network that predicts the colors.
        adjustment: Options for the colorized picture.
        hints: Known colors (`inference.hints`), in pixels of the upright photo. They override references.
        references: Color photos, or folders of them, that show the same things as the photo: the photo takes their
            colors where it matches them. For many photos, prepare them once with `inference.prepare_references`.

    Returns:
        An 8-bit RGB image, or RGBA if the photo has transparency.

    Raises:
        ColorizeError: The photo or a reference cannot be read, or the photo cannot be colorized.

    Examples:
        >>> from colorizer import colorize_photo, load_model
        >>> network = load_model()
        >>> with open("grandmother.jpg", "rb") as file:
        ...     picture = colorize_photo(file.read(), network)
        >>> picture.save("grandmother-in-color.jpg")
    """
    original = read_photo(source)
    if not isinstance(references, References):
        references = prepare_references(references) if references else None
    picture = colorize_decoded(network, original, adjustment, hints, references).image
    if original.alpha is not None:
        picture.putalpha(Image.fromarray(original.alpha))
    return picture


def colorize_decoded(
    network: Network,
    photo: Photo,
    adjustment: Adjustment = AS_MEANT,
    hints: Sequence[AnyHint] = (),
    references: References | None = None,
) -> Picture:
    """Colorize a decoded photo at its original size and bit depth.

    Raises:
        ColorizeError: There is not enough memory for the photo, or a hint lies outside it.
    """
    try:
        photo = mended(photo, adjustment)
        offset = propose(network, [photo])[0] * np.float32(adjustment.vividness)
        if references:
            offset = color_like(references, offset, photo.square(SIDE)).offsets
        return _joined(photo, offset, _tones(photo, network.size, adjustment), hints)
    except MemoryError as error:
        raise ColorizeError(f"Cannot colorize the photo: {_too_large(photo)}") from error


def _tones(
    photo: Photo, size: int, adjustment: Adjustment, limits: PhotoLimits = DEFAULT_LIMITS
) -> tuple[float, float]:
    return tonal_range(photo.square(size), limits) if adjustment.restore_contrast else (0.0, 1.0)


def _joined(
    photo: Photo,
    offset: np.ndarray,
    tones: tuple[float, float],
    hints: Sequence[AnyHint] = (),
    for_jpeg: bool = False,
) -> Picture:
    if not np.isfinite(offset).all():
        raise ColorizeError("the model returned colors that are not numbers; choose another model.")
    if photo.missing:
        height, width = offset.shape[:2]
        left, top, right, bottom = photo.missing
        offset[
            math.ceil(top * height) : math.ceil(bottom * height), math.ceil(left * width) : math.ceil(right * width)
        ] = 0
    if not hints:
        return Picture(planes=join_planes(photo, offset, tones)) if for_jpeg else join(photo, offset, tones)
    from colorizer.inference.hinted import HintedPhoto  # which only hints need

    return HintedPhoto(photo, offset, tones).picture(hints, for_jpeg)


def mended(photo: Photo, adjustment: Adjustment) -> Photo:
    """Return the photo, repaired if the adjustment says so. Raises ColorizeError if packages are missing."""
    if not adjustment.repair:
        return photo
    refuse_without("repair", "Repairing photos")
    from colorizer.photos.repair import repaired  # imports SciPy's image functions, which only repairs need

    return repaired(photo)


def _too_large(photo: Photo) -> str:
    size = f"{photo.width} x {photo.height}"
    return f"not enough memory for {size} pixels. Close other programs, or make the photo smaller."


def colorize_files(
    network: Network,
    photos: Iterable[PhotoTask | Path],
    deliver: Deliver,
    adjustment: Adjustment = AS_MEANT,
    reading: Reading = DEFAULT_READING,
) -> Generator[Colorized | Failure]:
    """Colorize many photos, pass each to `deliver`, and yield one outcome per task, in order.

    While the network computes one batch, threads write the previous batch and read the next one. There are as many
    threads as cores by default, because the calling thread computes too. Batches depend only on the photos, so the same
    photos give the same pixels, unless memory runs short.

    To stop early, close the iterator (`contextlib.closing`); the threads keep running until then.

    Args:
        network: The network that predicts the colors.
        photos: The photos: tasks, or paths of photos without hints. They are read as they are needed.
        deliver: Receives every colorized photo.
        adjustment: Options for the colorized pictures.
        reading: Number of threads and limits for reading photos.
    """
    tasks = (PhotoTask(photo) if isinstance(photo, Path) else photo for photo in photos)
    pool, limits = ThreadPoolExecutor(reading.workers or os.cpu_count() or 1), reading.limits

    def compute(reading: list[Future]) -> list[Future | Failure]:
        """Run a batch through the network and submit its photos for joining and delivery."""
        outcomes: list[_Decoded | Failure] = [future.result() for future in reading]
        mended = [outcome.mended for outcome in outcomes if isinstance(outcome, _Decoded)]
        offsets = iter(propose(network, mended, limits) if mended else ())
        return [
            outcome
            if isinstance(outcome, Failure)
            else pool.submit(_delivered, outcome, next(offsets), network.size, adjustment, limits, deliver)
            for outcome in outcomes
        ]

    def read(batch: list[PhotoTask]) -> list[Future]:
        return [pool.submit(_read, task, adjustment, limits) for task in batch]

    def colorized(batches: Iterator[list[PhotoTask]]) -> Iterator[Colorized | Failure]:
        reading, writing = read(next(batches, [])), []
        while reading or writing:
            following = read(next(batches, []))
            finishing = compute(reading)
            for outcome in writing:
                yield outcome if isinstance(outcome, Failure) else outcome.result()
            reading, writing = following, finishing

    with memory_used_again():
        try:
            for batches in _in_memory(_batches(tasks, limits)):
                yield from colorized(batches)
        finally:
            pool.shutdown(cancel_futures=True)


def colorize_all(
    network: Network,
    photos: Iterable[PhotoTask | Path],
    deliver: Deliver,
    adjustment: Adjustment = AS_MEANT,
    reading: Reading = DEFAULT_READING,
) -> Iterator[Colorized]:
    """Colorize like `colorize_files`, but raise ColorizeError for the first photo that fails."""
    with closing(colorize_files(network, photos, deliver, adjustment, reading)) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome, Failure):
                raise ColorizeError(outcome.reason)
            yield outcome


@dataclass(frozen=True)
class _Decoded:
    task: PhotoTask
    original: Photo
    mended: Photo
    """The photo to colorize: the original, or a repaired copy."""


def _read(task: PhotoTask, adjustment: Adjustment, limits: PhotoLimits) -> _Decoded | Failure:
    try:
        photo = read_photo(task.path, limits, task.page)
    except ColorizeError as error:
        return Failure(task.path, str(error))
    try:
        return _Decoded(task, photo, mended(photo, adjustment))
    except MemoryError:
        return _memory_failure(task, photo)


def _delivered(
    decoded: _Decoded, offset: np.ndarray, size: int, adjustment: Adjustment, limits: PhotoLimits, deliver: Deliver
) -> Colorized | Failure:
    task, original, mended = decoded.task, decoded.original, decoded.mended
    try:
        hints = task.hints(task.path, original) if callable(task.hints) else task.hints
        for_jpeg = task.target is not None and is_written_as_jpeg(task.target.name, original)
        offset = offset * np.float32(adjustment.vividness)
        matched = color_like(task.references, offset, mended.square(SIDE)) if task.references else None
        if matched:
            offset = matched.offsets
        picture = _joined(mended, offset, _tones(mended, size, adjustment, limits), hints, for_jpeg)
    except ColorizeError as error:
        return Failure(task.path, f"Cannot colorize {_named(task)}: {error}")
    except MemoryError:
        return _memory_failure(task, original)
    if matched and matched.names:
        said = f"Colors from reference photos: {', '.join(matched.names)}"
        original = replace(original, metadata=with_comment(original.metadata, said))
    try:
        return Colorized(task.path, deliver(task, original, picture), matched is None or matched.is_matched)
    except ColorizeError as error:
        return Failure(task.path, str(error))
    except MemoryError:
        return _memory_failure(task, original)


def _memory_failure(task: PhotoTask, photo: Photo) -> Failure:
    return Failure(task.path, f"Cannot colorize {_named(task)}: {_too_large(photo)}")


def _named(task: PhotoTask) -> str:
    return f"{task.path}, page {task.page + 1}" if task.page else str(task.path)


@dataclass(frozen=True)
class _Batch:
    tasks: list[PhotoTask]
    needed: int
    """Bytes that the photos and their pictures need."""


def _batches(tasks: Iterator[PhotoTask], limits: PhotoLimits) -> Iterator[_Batch]:
    batch: list[PhotoTask] = []
    needed = 0
    for task in tasks:
        size = bytes_needed(task.path, limits, task.page)
        if batch and (len(batch) == BATCH_SIZE or needed + size > BATCH_BYTES):
            yield _Batch(batch, needed)
            batch, needed = [], 0
        batch.append(task)
        needed += size
    if batch:
        yield _Batch(batch, needed)


def _in_memory(batches: Iterator[_Batch]) -> Iterator[Iterator[list[PhotoTask]]]:
    """Group batches that may be in memory together; yield each oversized batch alone."""
    for is_large, several in groupby(batches, key=lambda batch: batch.needed > BATCH_BYTES):
        if is_large:
            yield from (iter([batch.tasks]) for batch in several)
        else:
            yield (batch.tasks for batch in several)
