"""A network's colours under a photo's own luma, at the photo's own size."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from colorizer.photos.color import luma, merge
from colorizer.photos.photo import Photo, Picture

_TILE_ROWS, _TILE_WIDTHS = 128, (512, 1024, 2048)
"""Photos are merged in tiles of few shapes, because each costs a tenth of a second to compile."""
_MOST_ROWS_PER_NODE = 16
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

    XLA compiles the arithmetic into one pass over each tile, several times as fast as one NumPy operation after
    another: docs/BENCHMARKS.md.
    """
    width, height = photo.image.size
    columns = next((columns for columns in _TILE_WIDTHS if width <= columns), _TILE_WIDTHS[-1])
    grids = [offset] if change is None else [offset, change]
    rows, step = _TILE_ROWS, _rows_per_node(height, max(map(len, grids)))
    layers = [_padded_planes(grid * np.float32(255)) for grid in grids]
    joined = Image.new("RGB", (width, height), None)
    deep = np.empty((height, width, 3), np.uint16) if photo.image.mode == "I;16" else None
    for top in range(0, height, rows):
        nodes = sum(_resized_rows(planes, photo, top, step, rows // step + 1) for planes in layers)
        for left in range(0, width, columns):
            # What lies beyond the photo's edges is computed, and dropped by `paste`.
            levels = photo.levels((left, top, left + columns, top + rows))
            across = np.zeros((3, rows // step + 1, columns), np.float32)
            across[..., : width - left] = nodes[..., left : left + columns]
            tile = _compiled(rows, columns, step, levels.shape[2], levels.dtype)(levels, across, tones)
            if deep is not None:
                part = deep[top : top + rows, left : left + columns]
                part[:] = tile[: part.shape[0], : part.shape[1]]
                tile = np.rint(tile * np.float32(1 / 257)).astype(np.uint8)
            joined.paste(Image.fromarray(tile), (left, top))
    return Picture(joined, deep)


def _rows_per_node(height: int, cells: int) -> int:
    """Return how many rows of the photo one row resized for it serves: a power of two, so that few different tiles are
    compiled, and at least one resized row for every row of the network.
    """
    step = 1
    while step < _MOST_ROWS_PER_NODE and 2 * step * cells <= height:
        step *= 2
    return step


@cache
def _compiled(
    rows: int, columns: int, step: int, channels: int, dtype: np.dtype
) -> Callable[[np.ndarray, np.ndarray, tuple[float, float]], np.ndarray]:
    """Return a function of a tile's levels, shape (rows, columns, channels), and of the offsets at every `step`-th row,
    shape (3, rows / step + 1, columns), both on a scale of 0 to 255, and of the tones; it returns RGB, as uint8, or
    as uint16 from 0 to 65535 where the levels are float32, those of a photo of 16 bits.
    """
    between = (np.arange(step, dtype=np.float32) / step)[:, None]

    @tf.function(jit_compile=True)
    def merged(levels: tf.Tensor, nodes: tf.Tensor, tones: tf.Tensor) -> tf.Tensor:
        levels = tf.cast(levels, tf.float32)
        gray = luma(levels) if channels == 3 else levels[..., 0]
        gray = tf.clip_by_value((gray - 255 * tones[0]) / (tones[1] - tones[0]), 0, 255)
        upper, lower = nodes[:, :-1, None], nodes[:, 1:, None]
        offset = tf.reshape(upper + (lower - upper) * between, (3, rows, columns))
        rgb = merge(gray, offset, 255, keras.ops)
        rgb = tf.transpose(rgb, (1, 2, 0))
        return tf.cast(rgb * 257 + 0.5, tf.uint16) if dtype == np.float32 else tf.cast(rgb + 0.5, tf.uint8)

    with tf.device("CPU:0"):  # sending a tile to a GPU and back takes longer than the work
        on_tensors = merged.get_concrete_function(
            tf.TensorSpec((rows, columns, channels), dtype),
            tf.TensorSpec((3, rows // step + 1, columns)),
            tf.TensorSpec((2,)),
        )

    def on_arrays(levels: np.ndarray, nodes: np.ndarray, tones: tuple[float, float]) -> np.ndarray:
        with tf.device("CPU:0"):
            return on_tensors(tf.constant(levels), tf.constant(nodes), tf.constant(tones)).numpy()

    return on_arrays


def _padded_planes(offset: np.ndarray) -> list[Image.Image]:
    """Return the three channels as pictures with their top and bottom rows repeated: Pillow resizes a box inside a
    picture, and the box of a strip may begin above the photo's first row or end below its last.
    """
    padded = np.pad(offset, ((_PADDING, _PADDING), (0, 0), (0, 0)), mode="edge")
    return [Image.fromarray(np.ascontiguousarray(padded[..., channel])) for channel in range(3)]


def _resized_rows(planes: list[Image.Image], photo: Photo, top: int, step: int, count: int) -> np.ndarray:
    """Return the offsets of the photo's rows top, top + step, ... at full width, shape (3, count, w).

    Rows below the photo's last repeat it: they only serve to interpolate towards.
    """
    width, padded_height = planes[0].size
    scale = (padded_height - 2 * _PADDING) / photo.height
    # The middle of each resized row is to be the middle of the photo's row, half a pixel below its upper edge.
    start = _PADDING + (top + 0.5 - step / 2) * scale
    inside = min(count, int((padded_height - start) / (step * scale)))
    box = (0, start, width, start + inside * step * scale)
    nodes = np.empty((3, count, photo.width), np.float32)
    for plane, node in zip(planes, nodes, strict=True):
        node[:inside] = plane.resize((photo.width, inside), Image.Resampling.BICUBIC, box)
        node[inside:] = node[inside - 1]
    return nodes
