"""A network's colours under a photo's own luma, at the photo's own size."""

from __future__ import annotations

import numpy as np
from PIL import Image

from colorizer.photos.color import LUMA_WEIGHTS, merge
from colorizer.photos.photo import Photo, Picture

_TILE_ROWS, _TILE_COLUMNS = 128, 2048
"""What is taken out of the photo and resized at a time."""
_BAND_ROWS = 16
"""Rows of a tile that are computed together, so that what one operation leaves is still in the processor's cache for
the next; also the most rows of the photo that one resized row serves."""
_WHITE = 255
_PADDING = 2


def join(
    photo: Photo, offset: np.ndarray, tones: tuple[float, float] = (0.0, 1.0), change: np.ndarray | None = None
) -> Picture:
    """Bring colour offsets smoothly to the photo's size and join them with its own luma.

    `offset`: RGB minus luma on a scale of [0, 1], float32, shape (rows, columns, 3). `tones`: the luma that is to be
    black and that to be white, in [0, 1]. `change`: offsets of another grid, to be added. A photo of 16 bits becomes a
    picture of 16 bits.

    Bicubic along both axes; down a large photo, every few rows are computed so and those between them linearly, closer
    together than the offsets' own rows. A guided filter was no better: docs/EXPERIMENTS.md.

    NumPy in memory that is used again for every few rows: docs/decisions/0007-two-engines.md.
    """
    width, height = photo.image.size
    if change is not None:
        offset = added(offset, change)
    step = _rows_per_node(height, len(offset))
    padded = padded_planes(offset * np.float32(_WHITE))
    deep = np.empty((height, width, 3), np.uint16) if photo.image.mode == "I;16" else None
    joined = Image.new("RGB", (width, height), None) if deep is None else None
    bands = _Bands(min(width, _TILE_COLUMNS), step, tones)
    for top in range(0, height, _TILE_ROWS):
        # Below the photo's last row there is black up to a whole band: computed, and dropped by `paste`.
        rows = min(_TILE_ROWS, -(-(height - top) // _BAND_ROWS) * _BAND_ROWS)
        nodes = resized_rows(padded, (width, height), top, step, rows // step + 1)
        for left in range(0, width, _TILE_COLUMNS):
            right = min(left + _TILE_COLUMNS, width)
            levels = photo.levels((left, top, right, top + rows))
            planes = np.empty((3, rows, right - left), np.uint8 if deep is None else np.uint16)
            bands.merge(levels, nodes[..., left:right], planes)
            if deep is None:
                joined.paste(Image.merge("RGB", list(map(Image.fromarray, planes))), (left, top))
            else:
                part = deep[top : top + rows, left:right]
                part[:] = np.moveaxis(planes, 0, -1)[: len(part)]
    return Picture(joined, deep)


def _rows_per_node(height: int, cells: int) -> int:
    """Return how many rows of the photo one row resized for it serves: a power of two, so that bands hold them evenly,
    and at least one resized row for every row of the network.
    """
    step = 1
    while step < _BAND_ROWS and 2 * step * cells <= height:
        step *= 2
    return step


class _Bands:
    """The memory in which tiles of at most so many columns are merged, band by band."""

    def __init__(self, columns: int, step: int, tones: tuple[float, float]):
        self._step, self._tones = step, tones
        self._between = (np.arange(step, dtype=np.float32) / step)[:, None]
        self._gray = np.empty(_BAND_ROWS * columns, np.float32)
        self._extreme = np.empty(_BAND_ROWS * columns, np.float32)
        self._rgb = np.empty(3 * _BAND_ROWS * columns, np.float32)

    def merge(self, levels: np.ndarray, nodes: np.ndarray, planes: np.ndarray) -> None:
        """Fill `planes`, shape (3, rows, columns), with RGB: uint8, or uint16 from 0 to 65535.

        `levels`: the tile's, shape (rows, columns, channels), and `nodes`: the offsets at every `step`-th row, shape
        (3, rows / step + 1, columns), both on a scale of 0 to 255.
        """
        _, rows, columns = planes.shape
        step, shape = self._step, (_BAND_ROWS, columns)
        gray, extreme = (each[: _BAND_ROWS * columns].reshape(shape) for each in (self._gray, self._extreme))
        rgb = self._rgb[: 3 * _BAND_ROWS * columns].reshape(3, *shape)
        for top in range(0, rows, _BAND_ROWS):
            self._fill_gray(gray, levels[top : top + _BAND_ROWS])
            upper = nodes[:, top // step : (top + _BAND_ROWS) // step, None]
            lower = nodes[:, top // step + 1 : (top + _BAND_ROWS) // step + 1, None]
            between_nodes = rgb.reshape(3, _BAND_ROWS // step, step, columns)
            np.multiply(lower - upper, self._between, out=between_nodes)
            np.add(between_nodes, upper, out=between_nodes)
            np.add(rgb, gray, out=rgb)
            _bring_into_gamut(rgb, gray, extreme)
            if planes.dtype == np.uint16:
                np.multiply(rgb, np.float32(257), out=rgb)
            np.add(rgb, np.float32(0.5), out=rgb)
            np.copyto(planes[:, top : top + _BAND_ROWS], rgb, casting="unsafe")

    def _fill_gray(self, gray: np.ndarray, levels: np.ndarray) -> None:
        """Fill `gray` with the luma of levels on a scale of 0 to 255, `tones` of it made black and white."""
        if levels.shape[2] == 3:
            np.matmul(levels.astype(np.float32), LUMA_WEIGHTS, out=gray)
        else:
            np.copyto(gray, levels[..., 0])
        black, white = self._tones
        if (black, white) != (0.0, 1.0):
            np.subtract(gray, np.float32(_WHITE * black), out=gray)
            np.divide(gray, np.float32(white - black), out=gray)
            np.clip(gray, 0, _WHITE, out=gray)


def _bring_into_gamut(rgb: np.ndarray, gray: np.ndarray, extreme: np.ndarray) -> None:
    """Change colours outside [0, 255] as `color.merge` does; `extreme` is memory of the shape of `gray`."""
    np.minimum(np.minimum(rgb[0], rgb[1], out=extreme), rgb[2], out=extreme)
    outside = extreme < 0
    np.maximum(np.maximum(rgb[0], rgb[1], out=extreme), rgb[2], out=extreme)
    outside |= extreme > _WHITE
    places = np.flatnonzero(outside)
    if places.size:
        flat, own = rgb.reshape(3, 1, -1), gray.reshape(1, -1)[:, places]
        flat[..., places] = merge(own, flat[..., places] - own, _WHITE)


def added(offset: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Return the sum of offsets of two grids, on one that is as fine as each: half the work of resizing both."""
    height, width = (max(sides) for sides in zip(offset.shape[:2], change.shape[:2], strict=True))
    first, second = (
        [
            Image.fromarray(np.ascontiguousarray(plane)).resize((width, height), Image.Resampling.BICUBIC)
            for plane in np.moveaxis(grid, -1, 0)
        ]
        for grid in (offset, change)
    )
    return np.stack(first, axis=-1) + np.stack(second, axis=-1)


def padded_planes(offset: np.ndarray) -> list[Image.Image]:
    """Return the channels as pictures with their top and bottom rows repeated: Pillow resizes a box inside a
    picture, and the box of a strip may begin above the photo's first row or end below its last.
    """
    padded = np.pad(offset, ((_PADDING, _PADDING), (0, 0), (0, 0)), mode="edge")
    return [Image.fromarray(np.ascontiguousarray(padded[..., channel])) for channel in range(offset.shape[2])]


def resized_rows(planes: list[Image.Image], size: tuple[int, int], top: int, step: int, count: int) -> np.ndarray:
    """Return what padded planes are in rows top, top + step, ... of a picture of a size (width, height), at its full
    width: float32, shape (planes, count, width).

    Rows below the picture's last repeat it: they only serve to interpolate towards.
    """
    width, padded_height = planes[0].size
    scale = (padded_height - 2 * _PADDING) / size[1]
    # The middle of each resized row is to be the middle of the picture's row, half a pixel below its upper edge.
    start = _PADDING + (top + 0.5 - step / 2) * scale
    inside = min(count, int((padded_height - start) / (step * scale)))
    box = (0, start, width, start + inside * step * scale)
    nodes = np.empty((len(planes), count, size[0]), np.float32)
    for plane, node in zip(planes, nodes, strict=True):
        node[:inside] = plane.resize((size[0], inside), Image.Resampling.BICUBIC, box)
        node[inside:] = node[inside - 1]
    return nodes
