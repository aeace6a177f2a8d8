"""Colorize one or many photos: read, predict, combine with the photo's own luma, deliver."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
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
from colorizer.network.network import Network
from colorizer.photos.memory import memory_used_again
from colorizer.photos.photo import DEFAULT_LIMITS, Photo, Picture
from colorizer.photos.reading import Source, bytes_needed, read_photo
from colorizer.photos.toning import tonal_range
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


@dataclass(frozen=True)
class Failure:
    """A photo that could not be colorized."""

    path: Path
    reason: str


Page = tuple[Path, int]
"""A file and the index of one of its pages, starting at 0."""
Deliver = Callable[[Path, Photo, Picture], Any]
"""Called as ``deliver(path, original, picture)`` for every colorized photo, from several threads."""
HintsOf = Callable[[Path, Photo], Sequence[AnyHint]]
"""Called as ``hints_of(path, original)`` from several threads; returns the hints for a photo."""


ForJpeg = Callable[[Path, Photo], bool]
"""Called as ``for_jpeg(path, original)`` from several threads; returns whether to produce JPEG planes."""


def no_hints(path: Path, photo: Photo) -> Sequence[AnyHint]:
    """Return no hints for any photo."""
    return ()


def colorize_photo(
    source: Source, network: Network, adjustment: Adjustment = AS_MEANT, hints: Sequence[AnyHint] = ()
) -> Image.Image:
    """Colorize a photo at its original size.

    Args:
        source: A path, a file's bytes, an open binary file, a Pillow image or an array (`photos.reading.Source`).
        network: The network that predicts the colors.
        adjustment: Options for the colorized picture.
        hints: Known colors (`inference.hints`), in pixels of the upright photo.

    Returns:
        An 8-bit RGB image, or RGBA if the photo has transparency.

    Raises:
        ColorizeError: The photo cannot be read or colorized.

    Examples:
        >>> from colorizer import colorize_photo, load_model
        >>> network = load_model()
        >>> with open("grandmother.jpg", "rb") as file:
        ...     picture = colorize_photo(file.read(), network)
        >>> picture.save("grandmother-in-colour.jpg")
    """
    original = read_photo(source)
    picture = colorize_decoded(network, original, adjustment, hints).image
    if original.alpha is not None:
        picture.putalpha(Image.fromarray(original.alpha))
    return picture


def colorize_decoded(
    network: Network, photo: Photo, adjustment: Adjustment = AS_MEANT, hints: Sequence[AnyHint] = ()
) -> Picture:
    """Colorize a decoded photo at its original size and bit depth.

    Raises:
        ColorizeError: There is not enough memory for the photo, or a hint lies outside it.
    """
    try:
        photo = _mended(photo, adjustment)
        offset = propose(network, [photo])[0]
        return _finish(photo, offset, adjustment, network.size, hints=hints)
    except MemoryError as error:
        raise ColorizeError(f"Cannot colorize the photo: {_too_large(photo)}") from error


def _finish(
    photo: Photo,
    offset: np.ndarray,
    adjustment: Adjustment,
    size: int,
    limits: PhotoLimits = DEFAULT_LIMITS,
    hints: Sequence[AnyHint] = (),
    for_jpeg: bool = False,
) -> Picture:
    if not np.isfinite(offset).all():
        raise ColorizeError("the model returned colors that are not numbers; choose another model.")
    tones = tonal_range(photo.square(size), limits) if adjustment.restore_contrast else (0.0, 1.0)
    offset = offset * np.float32(adjustment.vividness)
    if photo.missing:
        height, width = offset.shape[:2]
        left, top, right, bottom = photo.missing
        offset[
            math.ceil(top * height) : math.ceil(bottom * height), math.ceil(left * width) : math.ceil(right * width)
        ] = 0
    if not hints:
        return Picture(planes=join_planes(photo, offset, tones)) if for_jpeg else join(photo, offset, tones)
    from colorizer.inference.hinted import HintedPhoto  # imports scikit-image, which only hints need

    return HintedPhoto(photo, offset, tones).picture(hints, for_jpeg)


def _mended(photo: Photo, adjustment: Adjustment) -> Photo:
    if not adjustment.repair:
        return photo
    from colorizer.photos.repair import repaired  # imports SciPy's image functions, which only repairs need

    return repaired(photo)


def _too_large(photo: Photo) -> str:
    size = f"{photo.width} x {photo.height}"
    return f"not enough memory for {size} pixels. Close other programs, or make the photo smaller."


def colorize_files(
    network: Network,
    paths: Sequence[Path],
    deliver: Deliver,
    adjustment: Adjustment = AS_MEANT,
    reading: Reading = DEFAULT_READING,
    hints_of: HintsOf = no_hints,
    pages: Mapping[Path, int] | None = None,
    for_jpeg: ForJpeg = lambda path, photo: False,
) -> Iterator[Colorized | Failure]:
    """Colorize many photos, pass each to `deliver`, and yield one outcome per page, in order.

    While the network computes one batch, threads write the previous batch and read the next one. There are as many
    threads as cores by default, because the calling thread computes too. Batches depend only on the photos, so the same
    photos give the same pixels, unless memory runs short.

    To stop early, close the iterator (`contextlib.closing`); the threads keep running until then.

    Args:
        network: The network that predicts the colors.
        paths: The photos.
        deliver: Receives every colorized photo.
        adjustment: Options for the colorized pictures.
        reading: Number of threads and limits for reading photos.
        hints_of: Returns the hints for a photo.
        pages: Page count of each file of which more than the first page is colorized.
        for_jpeg: Selects the photos to produce as JPEG planes, computing no more detail than a JPEG stores.
    """
    pool, limits = ThreadPoolExecutor(reading.workers or os.cpu_count() or 1), reading.limits

    def read(batch: list[Page]) -> list[Future]:
        return [pool.submit(_read, page, adjustment, limits) for page in batch]

    def colorized(batches: Iterator[list[Page]]) -> Iterator[Colorized | Failure]:
        reading, writing = read(next(batches, [])), []
        while reading or writing:
            following = read(next(batches, []))
            finishing = _compute(network, reading, deliver, adjustment, limits, hints_of, for_jpeg, pool)
            for outcome in writing:
                yield outcome if isinstance(outcome, Failure) else outcome.result()
            reading, writing = following, finishing

    with memory_used_again():
        try:
            for batches in _in_memory(_batches(_pages(paths, pages or {}), limits)):
                yield from colorized(batches)
        finally:
            pool.shutdown(cancel_futures=True)


def colorize_all(
    network: Network,
    paths: Sequence[Path],
    deliver: Deliver,
    adjustment: Adjustment = AS_MEANT,
    reading: Reading = DEFAULT_READING,
    hints_of: HintsOf = no_hints,
) -> Iterator[Colorized]:
    """Colorize like `colorize_files`, but raise ColorizeError for the first photo that fails."""
    with closing(colorize_files(network, paths, deliver, adjustment, reading, hints_of)) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome, Failure):
                raise ColorizeError(outcome.reason)
            yield outcome


def _compute(
    network: Network,
    reading: list[Future],
    deliver: Deliver,
    adjustment: Adjustment,
    limits: PhotoLimits,
    hints_of: HintsOf,
    for_jpeg: ForJpeg,
    pool: ThreadPoolExecutor,
) -> list[Future | Failure]:
    """Run a batch through the network and submit its photos for joining and delivery."""

    def finish(path: Path, photo: Photo, mended: Photo, offset: np.ndarray) -> Colorized | Failure:
        try:
            known, as_planes = hints_of(path, photo), for_jpeg(path, photo)
            picture = _finish(mended, offset, adjustment, network.size, limits, known, as_planes)
        except ColorizeError as error:
            return Failure(path, f"Cannot colorize {_named(path, photo)}: {error}")
        except MemoryError:
            return Failure(path, f"Cannot colorize {_named(path, photo)}: {_too_large(photo)}")
        try:
            return Colorized(path, deliver(path, photo, picture))
        except ColorizeError as error:
            return Failure(path, str(error))
        except MemoryError:
            return Failure(path, f"Cannot colorize {_named(path, photo)}: {_too_large(photo)}")

    outcomes = [future.result() for future in reading]
    photos = [outcome[2] for outcome in outcomes if not isinstance(outcome, Failure)]
    offsets = iter(propose(network, photos, limits) if photos else ())
    return [
        outcome if isinstance(outcome, Failure) else pool.submit(finish, *outcome, next(offsets))
        for outcome in outcomes
    ]


def _read(page: Page, adjustment: Adjustment, limits: PhotoLimits) -> tuple[Path, Photo, Photo] | Failure:
    """Read one page; return its path, the original photo and the photo to colorize."""
    path, number = page
    try:
        photo = read_photo(path, limits, number)
    except ColorizeError as error:
        return Failure(path, str(error))
    try:
        return path, photo, _mended(photo, adjustment)
    except MemoryError:
        return Failure(path, f"Cannot colorize {_named(path, photo)}: {_too_large(photo)}")


def _named(path: Path, photo: Photo) -> str:
    return f"{path}, page {photo.page + 1}" if photo.page else str(path)


def _pages(paths: Sequence[Path], pages: Mapping[Path, int]) -> Iterator[Page]:
    for path in paths:
        for number in range(pages.get(path, 1)):
            yield path, number


@dataclass(frozen=True)
class _Batch:
    pages: list[Page]
    needed: int
    """Bytes that the photos and their pictures need."""


def _batches(pages: Iterator[Page], limits: PhotoLimits) -> Iterator[_Batch]:
    batch: list[Page] = []
    needed = 0
    for page in pages:
        path, number = page
        size = bytes_needed(path, limits, number)
        if batch and (len(batch) == BATCH_SIZE or needed + size > BATCH_BYTES):
            yield _Batch(batch, needed)
            batch, needed = [], 0
        batch.append(page)
        needed += size
    if batch:
        yield _Batch(batch, needed)


def _in_memory(batches: Iterator[_Batch]) -> Iterator[Iterator[list[Page]]]:
    """Group batches that may be in memory together; yield each oversized batch alone."""
    for is_large, several in groupby(batches, key=lambda batch: batch.needed > BATCH_BYTES):
        if is_large:
            yield from (iter([batch.pages]) for batch in several)
        else:
            yield (batch.pages for batch in several)
