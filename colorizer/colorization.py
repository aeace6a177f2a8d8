"""One photo or many through a network, at the photo's own size: chroma from the network, luma from the photo."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from colorizer.color import luma, merge
from colorizer.model import Network, load
from colorizer.photo import DEFAULT_LIMITS, Photo, pixel_count, read_photo
from colorizer.settings import ColorizeError, PhotoLimits

BATCH_SIZE = 16
"""Photos that go through the network together."""
BATCH_PIXELS = 64_000_000
"""Pixels of decoded photos in one batch; three batches are in memory at once (read, computed, written)."""

PRETRAINED = Path(__file__).parent / "pretrained" / "colorizer.keras"
"""The model that ships with the program."""

_STRIP_PIXELS = 1_000_000


@dataclass(frozen=True)
class Colorized:
    """A photo that was colorized and delivered."""

    path: Path
    delivered: Any
    """What `deliver` returned for it."""


@dataclass(frozen=True)
class Failure:
    """A photo that could not be colorized."""

    path: Path
    reason: str


Deliver = Callable[[Path, Photo, np.ndarray], Any]
"""Called as ``deliver(path, original, rgb)`` for every colorized photo, from several threads."""


def load_model(path: str | Path | None = None) -> Network:
    """Load a model file, or the one that ships with the program; raise ColorizeError."""
    return load(Path(path) if path else PRETRAINED)


def colorize_photo(source: str | Path, network: Network) -> Image.Image:
    """Return a photo file in colour, at its own size, as an 8-bit RGB (or RGBA) Pillow image; raise ColorizeError."""
    original = read_photo(Path(source))
    image = Image.fromarray(colorize_pixels(network, original))
    if original.alpha is not None:
        image.putalpha(Image.fromarray(original.alpha))
    return image


def colorize_pixels(network: Network, photo: Photo) -> np.ndarray:
    """Return a decoded photo in colour: RGB, uint8, shape (h, w, 3)."""
    return join(photo, propose(network, [photo])[0])


def propose(network: Network, photos: Sequence[Photo]) -> np.ndarray:
    """Return the network's colour offsets, RGB minus luma, float32, shape (n, size, size, 3), for some photos."""
    squares = np.stack([photo.square(network.size) for photo in photos])
    rgb = np.asarray(network.model.predict_on_batch(squares[..., None]), np.float32)
    return rgb - luma(rgb)[..., None]


def join(photo: Photo, offset: np.ndarray) -> np.ndarray:
    """Bring colour offsets of shape (size, size, 3) smoothly to the photo's size and join them with its own luma.

    Returns RGB, uint8, shape (h, w, 3). Works in strips, so that memory stays small for any photo.
    """
    planes = [Image.fromarray(np.ascontiguousarray(offset[..., channel])) for channel in range(3)]
    rgb = np.empty((photo.height, photo.width, 3), np.uint8)
    rows = max(1, _STRIP_PIXELS // photo.width)
    for top in range(0, photo.height, rows):
        strip = slice(top, min(top + rows, photo.height))
        height = strip.stop - strip.start
        box = (
            0,
            strip.start * offset.shape[0] / photo.height,
            offset.shape[1],
            strip.stop * offset.shape[0] / photo.height,
        )
        enlarged = [plane.resize((photo.width, height), Image.Resampling.BICUBIC, box) for plane in planes]
        merged = merge(photo.luma(strip), np.stack([np.asarray(plane) for plane in enlarged], axis=-1))
        np.rint(merged * 255, out=rgb[strip], casting="unsafe")
    return rgb


def colorize_files(
    network: Network,
    paths: Sequence[Path],
    deliver: Deliver,
    limits: PhotoLimits = DEFAULT_LIMITS,
    workers: int | None = None,
) -> Iterator[Colorized | Failure]:
    """Colorize many photos, hand each to `deliver`, and yield one outcome for each, in order.

    While the network computes one batch, threads write the one before and read the one behind it. Batches depend on
    the photos alone, so the same photos give the same pixels.
    """
    pool = ThreadPoolExecutor(workers or os.cpu_count())

    def read(batch: list[Path]) -> list[Future]:
        return [pool.submit(_read, path, limits) for path in batch]

    try:
        batches = _batches(paths)
        reading, writing = read(next(batches, [])), []
        while reading or writing:
            following = read(next(batches, []))
            finishing = _compute(network, reading, deliver, pool)
            for outcome in writing:
                yield outcome if isinstance(outcome, Failure) else outcome.result()
            reading, writing = following, finishing
    finally:
        pool.shutdown(cancel_futures=True)


def _compute(
    network: Network, reading: list[Future], deliver: Deliver, pool: ThreadPoolExecutor
) -> list[Future | Failure]:
    """Send a batch that was read through the network, and its photos on to be joined and delivered."""

    def finish(path: Path, photo: Photo, offset: np.ndarray) -> Colorized | Failure:
        try:
            return Colorized(path, deliver(path, photo, join(photo, offset)))
        except ColorizeError as error:
            return Failure(path, str(error))

    outcomes = [future.result() for future in reading]
    photos = [outcome[1] for outcome in outcomes if not isinstance(outcome, Failure)]
    offsets = iter(propose(network, photos) if photos else ())
    return [
        outcome if isinstance(outcome, Failure) else pool.submit(finish, *outcome, next(offsets))
        for outcome in outcomes
    ]


def _read(path: Path, limits: PhotoLimits) -> tuple[Path, Photo] | Failure:
    try:
        return path, read_photo(path, limits)
    except ColorizeError as error:
        return Failure(path, str(error))


def _batches(paths: Sequence[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    pixels = 0
    for path in paths:
        size = pixel_count(path)
        if batch and (len(batch) == BATCH_SIZE or pixels + size > BATCH_PIXELS):
            yield batch
            batch, pixels = [], 0
        batch.append(path)
        pixels += size
    if batch:
        yield batch
