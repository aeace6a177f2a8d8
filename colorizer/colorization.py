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

_STRIP_PIXELS = 24_576
"""Pixels merged together: their planes stay in a core's cache, and in memory the allocator hands out again."""
_STRIPS_PER_RESIZE = 16
"""Strips whose rows are resized in one go."""
_PADDING = 2
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
    between = (np.arange(step, dtype=np.float32) / step)[:, None]
    rgb = np.empty((photo.height, photo.width, 3), np.uint8)
    cells = max(1, _STRIP_PIXELS // (photo.width * step))
    buffer = np.empty((3, cells, step, photo.width), np.float32)
    planes = _padded_planes(offset * np.float32(255))
    for top in range(0, photo.height, _STRIPS_PER_RESIZE * cells * step):
        nodes = _nodes(planes, photo, top, step, _STRIPS_PER_RESIZE * cells + 1)
        for first in range(0, _STRIPS_PER_RESIZE * cells, cells):
            rows = slice(top + first * step, min(top + (first + cells) * step, photo.height))
            if rows.start >= rows.stop:
                break
            upper = nodes[:, first : first + cells + 1]
            np.multiply(np.diff(upper, axis=1)[:, :, None], between, out=buffer)
            np.add(buffer, upper[:, :-1, None], out=buffer)
            strip = buffer.reshape(3, -1, photo.width)[:, : rows.stop - rows.start]
            merged = merge(photo.luma(rows, 255), strip, 255)
            merged += 0.5
            for channel in range(3):
                rgb[rows, :, channel] = merged[channel]
    return rgb


def _padded_planes(offset: np.ndarray) -> list[Image.Image]:
    """Return the three channels as pictures with their top and bottom rows repeated: Pillow resizes a box inside a
    picture, and the box of a strip may begin above the photo's first row or end below its last.
    """
    padded = np.pad(offset, ((_PADDING, _PADDING), (0, 0), (0, 0)), mode="edge")
    return [Image.fromarray(np.ascontiguousarray(padded[..., channel])) for channel in range(3)]


def _nodes(planes: list[Image.Image], photo: Photo, top: int, step: int, count: int) -> np.ndarray:
    """Return the offsets of the photo's rows top, top + step, ... at full width, shape (3, count, w).

    Rows below the photo's last repeat it: they only serve to interpolate towards.
    """
    width, padded_height = planes[0].size
    scale = (padded_height - 2 * _PADDING) / photo.height
    # The middle of each resized row is to be the middle of the photo's row, half a pixel below its upper edge.
    start = _PADDING + (top + 0.5 - step / 2) * scale
    inside = min(count, int((padded_height - start) / (step * scale)))
    box = (0, start, width, start + inside * step * scale)
    resized = [plane.resize((photo.width, inside), Image.Resampling.BICUBIC, box) for plane in planes]
    nodes = np.empty((3, count, photo.width), np.float32)
    for plane, pixels in zip(nodes, resized, strict=True):
        plane[:inside] = pixels
        plane[inside:] = plane[inside - 1]
    return nodes


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
