"""Combine predicted colors with a photo's own luma, at the photo's original size."""

from __future__ import annotations

import numpy as np
from PIL import Image

from colorizer.photos.color import LUMA_WEIGHTS, merge
from colorizer.photos.photo import Photo, Picture

_TILE_ROWS, _TILE_COLUMNS = 128, 2048
"""Size of the part of the photo that is cropped and resized at a time, in pixels."""
_BAND_ROWS = 16
"""Rows of a tile that are computed together, so that intermediate results stay in the processor's cache. Also the
largest number of photo rows per resized row."""
_WHITE = 255
_PADDING = 2


def join(
    photo: Photo, offset: np.ndarray, tones: tuple[float, float] = (0.0, 1.0), change: np.ndarray | None = None
) -> Picture:
    """Resize color offsets smoothly to the photo's size and combine them with its own luma.

    Interpolation is bicubic along both axes. In large photos, only every few rows are bicubic and the rows between them
    are linear; the bicubic rows are closer together than the rows of the offsets. A guided filter was no better
    (docs/EXPERIMENTS.md).

    Uses NumPy with buffers that are reused for each band of rows (docs/decisions/0007-two-engines.md).

    Args:
        photo: The photo.
        offset: RGB minus luma on a scale of [0, 1], float32, shape (rows, columns, 3).
        tones: Luma values in [0, 1] that become black and white.
        change: Offsets on another grid, added to `offset`.

    Returns:
        The colorized picture; 16 bits per channel if the photo has 16 bits.
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
        # The last band may extend below the photo. The extra rows are black, and `paste` drops them.
        rows = min(_TILE_ROWS, -(-(height - top) // _BAND_ROWS) * _BAND_ROWS)
        nodes = resized_rows(padded, (width, height), top, step, rows // step + 1)
        for left in range(0, width, _TILE_COLUMNS):
            right = min(left + _TILE_COLUMNS, width)
            levels = photo.levels((left, top, right, top + rows))
            planes = np.empty((3, rows, right - left), np.uint8 if deep is None else np.uint16)
            bands.merge(levels, nodes[..., left:right], planes)
            if joined is not None:
                joined.paste(Image.merge("RGB", list(map(Image.fromarray, planes))), (left, top))
            elif deep is not None:
                part = deep[top : top + rows, left:right]
                part[:] = np.moveaxis(planes, 0, -1)[: len(part)]
    return Picture(joined, deep)


def _rows_per_node(height: int, cells: int) -> int:
    """Return how many photo rows there are per resized row.

    The value is a power of two, so that it divides bands evenly, and gives at least one resized row per network row.
    """
    step = 1
    while step < _BAND_ROWS and 2 * step * cells <= height:
        step *= 2
    return step


class _Bands:
    """Buffers for merging tiles of up to `columns` columns, band by band."""

    def __init__(self, columns: int, step: int, tones: tuple[float, float]):
        self._step, self._tones = step, tones
        self._between = (np.arange(step, dtype=np.float32) / step)[:, None]
        self._gray = np.empty(_BAND_ROWS * columns, np.float32)
        self._extreme = np.empty(_BAND_ROWS * columns, np.float32)
        self._rgb = np.empty(3 * _BAND_ROWS * columns, np.float32)

    def merge(self, levels: np.ndarray, nodes: np.ndarray, planes: np.ndarray) -> None:
        """Fill `planes` with RGB.

        Args:
            levels: The tile's values from 0 to 255, shape (rows, columns, channels).
            nodes: The offsets at every `step`-th row, on a scale of 0 to 255, shape (3, rows / step + 1, columns).
            planes: Output, shape (3, rows, columns): uint8, or uint16 from 0 to 65535.
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
        """Fill `gray` with luma from 0 to 255, stretched so that `tones` become black and white."""
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
    """Bring colors outside [0, 255] into gamut as `color.merge` does; `extreme` is a buffer shaped like `gray`."""
    np.minimum(np.minimum(rgb[0], rgb[1], out=extreme), rgb[2], out=extreme)
    outside = extreme < 0
    np.maximum(np.maximum(rgb[0], rgb[1], out=extreme), rgb[2], out=extreme)
    outside |= extreme > _WHITE
    places = np.flatnonzero(outside)
    if places.size:
        flat, own = rgb.reshape(3, 1, -1), gray.reshape(1, -1)[:, places]
        flat[..., places] = merge(own, flat[..., places] - own, _WHITE)


def added(offset: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Add offsets of two grids.

    The result has the finer resolution of the two along each axis. Resizing this sum to the photo's size takes half the
    work of resizing both grids.
    """
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
    """Return each channel as an image with its top and bottom rows repeated.

    Pillow resizes only boxes inside an image, but the box of a strip may start above the photo's first row or end below
    its last.
    """
    padded = np.pad(offset, ((_PADDING, _PADDING), (0, 0), (0, 0)), mode="edge")
    return [Image.fromarray(np.ascontiguousarray(padded[..., channel])) for channel in range(offset.shape[2])]


def resized_rows(planes: list[Image.Image], size: tuple[int, int], top: int, step: int, count: int) -> np.ndarray:
    """Resize padded planes to some rows of a picture, at its full width.

    Args:
        planes: Channels from `padded_planes`.
        size: Width and height of the picture, in pixels.
        top: First row to compute.
        step: Distance between rows.
        count: Number of rows. Rows below the picture repeat its last row; they only serve interpolation.

    Returns:
        float32, shape (planes, count, width).
    """
    width, padded_height = planes[0].size
    scale = (padded_height - 2 * _PADDING) / size[1]
    # The center of each resized row must match the center of the picture's row, half a pixel below its upper edge.
    start = _PADDING + (top + 0.5 - step / 2) * scale
    inside = min(count, int((padded_height - start) / (step * scale)))
    box = (0, start, width, start + inside * step * scale)
    nodes = np.empty((len(planes), count, size[0]), np.float32)
    for plane, node in zip(planes, nodes, strict=True):
        node[:inside] = plane.resize((size[0], inside), Image.Resampling.BICUBIC, box)
        node[inside:] = node[inside - 1]
    return nodes
