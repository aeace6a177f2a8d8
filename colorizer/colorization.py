"""One photo or many through a network, at the photo's own size: chroma from the network, luma from the photo."""

from __future__ import annotations

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
from colorizer.settings import ColorizeError, PhotoLimits, worker_count

BATCH_SIZE = 16
"""Photos that go through the network together."""
BATCH_PIXELS = 64_000_000
"""Pixels of decoded photos in one batch; three batches are in memory at once (read, computed, written)."""

PRETRAINED = Path(__file__).parent / "pretrained" / "colorizer.keras"
"""The model that ships with the program."""

_STRIP_PIXELS = 32_768
"""Pixels merged together: their planes stay in a core's second-level cache."""
_NODES_PER_CELL = 4
"""Rows computed for every row of the network; those between them are interpolated."""


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


def colorize_photo(source: str | Path, network: Network, vividness: float = 1.0) -> Image.Image:
    """Return a photo file in colour, at its own size, as an 8-bit RGB (or RGBA) Pillow image; raise ColorizeError.

    `vividness` multiplies the chroma the network proposes: 0 is gray, 1 what it means, 2 twice as colourful.
    """
    original = read_photo(Path(source))
    image = Image.fromarray(colorize_pixels(network, original, vividness))
    if original.alpha is not None:
        image.putalpha(Image.fromarray(original.alpha))
    return image


def colorize_pixels(network: Network, photo: Photo, vividness: float = 1.0) -> np.ndarray:
    """Return a decoded photo in colour: RGB, uint8, shape (h, w, 3)."""
    return join(photo, propose(network, [photo])[0] * np.float32(vividness))


def propose(network: Network, photos: Sequence[Photo]) -> np.ndarray:
    """Return the network's colour offsets, RGB minus luma, float32, shape (n, size, size, 3), for some photos."""
    squares = np.stack([photo.square(network.size) for photo in photos])
    rgb = np.asarray(network.model.predict_on_batch(squares[..., None]), np.float32)
    return rgb - luma(rgb)[..., None]


def join(photo: Photo, offset: np.ndarray) -> np.ndarray:
    """Bring colour offsets of shape (size, size, 3) smoothly to the photo's size and join them with its own luma.

    Returns RGB, uint8, shape (h, w, 3). Bicubic along both axes; down a large photo, every few rows are computed so
    and those between them linearly, far closer together than the network's own pixels. Works in strips that fit a
    processor's cache, so that memory stays small for any photo.
    """
    step = max(1, photo.height // (_NODES_PER_CELL * len(offset)))
    nodes = _nodes(offset, photo, step)
    between = (np.arange(step, dtype=np.float32) / step)[:, None]
    rgb = np.empty((photo.height, photo.width, 3), np.uint8)
    cells = max(1, _STRIP_PIXELS // (photo.width * step))
    for first in range(0, nodes.shape[1] - 1, cells):
        upper = nodes[:, first : first + cells + 1]
        strip = upper[:, :-1, None] + between * np.diff(upper, axis=1)[:, :, None]
        strip = strip.reshape(3, -1, photo.width)[:, : photo.height - first * step]
        rows = slice(first * step, first * step + strip.shape[1])
        merged = merge(photo.luma(rows), strip)
        merged *= 255
        merged += 0.5
        for channel in range(3):
            rgb[rows, :, channel] = merged[channel]
    return rgb


def _nodes(offset: np.ndarray, photo: Photo, step: int) -> np.ndarray:
    """Return the offsets of rows 0, step, 2 step, ... at full width, one row past the photo's last, shape (3, n, w)."""
    size = len(offset)
    count = -(-photo.height // step) + 1
    # Pillow resizes a box inside a picture: an edge repeated around it lets the box begin and end past the photo.
    padded = np.pad(offset, ((1, 2), (0, 0), (0, 0)), mode="edge")
    scale = size / photo.height
    top = 1 + (1 - step) / 2 * scale
    box = (0, top, size, min(top + count * step * scale, len(padded)))
    planes = (Image.fromarray(np.ascontiguousarray(padded[..., channel])) for channel in range(3))
    resized = [plane.resize((photo.width, count), Image.Resampling.BICUBIC, box) for plane in planes]
    return np.stack([np.asarray(plane) for plane in resized])


def colorize_files(
    network: Network,
    paths: Sequence[Path],
    deliver: Deliver,
    vividness: float = 1.0,
    limits: PhotoLimits = DEFAULT_LIMITS,
    workers: int | None = None,
) -> Iterator[Colorized | Failure]:
    """Colorize many photos, hand each to `deliver`, and yield one outcome for each, in order.

    While the network computes one batch, threads write the one before and read the one behind it. Batches depend on
    the photos alone, so the same photos give the same pixels.
    """
    pool = ThreadPoolExecutor(worker_count(workers))

    def read(batch: list[Path]) -> list[Future]:
        return [pool.submit(_read, path, limits) for path in batch]

    try:
        batches = _batches(paths)
        reading, writing = read(next(batches, [])), []
        while reading or writing:
            following = read(next(batches, []))
            finishing = _compute(network, reading, deliver, vividness, pool)
            for outcome in writing:
                yield outcome if isinstance(outcome, Failure) else outcome.result()
            reading, writing = following, finishing
    finally:
        pool.shutdown(cancel_futures=True)


def _compute(
    network: Network, reading: list[Future], deliver: Deliver, vividness: float, pool: ThreadPoolExecutor
) -> list[Future | Failure]:
    """Send a batch that was read through the network, and its photos on to be joined and delivered."""

    def finish(path: Path, photo: Photo, offset: np.ndarray) -> Colorized | Failure:
        try:
            return Colorized(path, deliver(path, photo, join(photo, offset)))
        except ColorizeError as error:
            return Failure(path, str(error))

    outcomes = [future.result() for future in reading]
    photos = [outcome[1] for outcome in outcomes if not isinstance(outcome, Failure)]
    offsets = iter(propose(network, photos) * np.float32(vividness) if photos else ())
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
