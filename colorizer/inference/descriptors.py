"""What the places of a photo look like to the spreading of hints: luma, its texture and the colours proposed, near and
far around each.

Everything is the same for a photo and its mirror image, so that hints mirrored with the photo spread the same way.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

_GRID_SIDE = 128
"""Short side, in pixels, of the grid that deviations are given for."""
_LUMA_DEVIATIONS = (1, 2, 4, 8, 16)
_TEXTURE_DEVIATIONS = (1, 2, 4, 8)
_CHROMA_DEVIATIONS = (2, 4, 8, 16)
_EDGES_DEVIATION = 3
_TONE_DEVIATION, _EDGE = 3, 0.03
"""Of the guided filter that smooths luma: deviation of its window, and the variance of luma above which a window counts
as an edge."""
_FINEST = 2.5
"""The deviation of a window, in cells, at which a coarser grid serves as well."""
_REACH = 4
"""Of a window, in its deviations."""


def descriptors(luma: np.ndarray, toned: np.ndarray, proposed: np.ndarray) -> np.ndarray:
    """Return what each place looks like, float32, shape (h, w, 24).

    `luma`: float32 in [0, 1], shape (h, w), and `toned`, its `tone`. `proposed`: chroma in [-0.5, 0.5], float32, shape
    (h, w, 2). The last of them is how far down the place lies.
    """
    scale = min(luma.shape) / _GRID_SIDE
    means = {deviation: _blurred(luma, deviation * scale) for deviation in _LUMA_DEVIATIONS}
    squares = luma * luma
    planes = [luma, toned, *means.values()]
    for deviation in _TEXTURE_DEVIATIONS:
        variance = _blurred(squares, deviation * scale) - means[deviation] ** 2
        planes.append(np.sqrt(np.maximum(variance, 0)))
    edges = steepness(luma)
    planes += [edges, _blurred(edges, _EDGES_DEVIATION * scale)]
    for channel in np.ascontiguousarray(np.moveaxis(proposed, -1, 0)):
        planes += [channel, *(_blurred(channel, deviation * scale) for deviation in _CHROMA_DEVIATIONS)]
    rows = len(luma)
    planes.append(np.broadcast_to(((np.arange(rows) + 0.5) / rows)[:, None], luma.shape))
    return np.stack(planes, axis=-1, dtype=np.float32)


def tone(luma: np.ndarray) -> np.ndarray:
    """Smooth luma within edges: a guided filter whose guide is luma itself (He, Sun and Tang 2013,
    https://doi.org/10.1109/TPAMI.2012.213), with Gaussian windows.
    """
    deviation = _TONE_DEVIATION * min(luma.shape) / _GRID_SIDE
    mean = _blurred(luma, deviation)
    variance = _blurred(luma * luma, deviation) - mean * mean
    share = variance / (variance + np.float32(_EDGE))
    return _blurred(share, deviation) * luma + _blurred(mean - share * mean, deviation)


def steepness(luma: np.ndarray) -> np.ndarray:
    """Return the change of luma per pixel, central differences, shape (h, w); a side of one pixel has none."""
    down, across = (np.gradient(luma, axis=axis) if luma.shape[axis] > 1 else np.zeros_like(luma) for axis in (0, 1))
    return np.hypot(down, across)


def _blurred(plane: np.ndarray, deviation: float) -> np.ndarray:
    """Blur a plane, with a wide window on a coarser grid: a fraction of the work."""
    coarse = int(deviation / _FINEST)
    if coarse < 2:
        return _gaussian(plane, (deviation, deviation))
    rows, columns = (max(1, round(side / coarse)) for side in plane.shape)
    small = np.asarray(Image.fromarray(plane).resize((columns, rows), Image.Resampling.BOX))
    deviations = (deviation * rows / plane.shape[0], deviation * columns / plane.shape[1])
    blurred = Image.fromarray(_gaussian(small, deviations))
    return np.asarray(blurred.resize(plane.shape[::-1], Image.Resampling.BILINEAR))


def _gaussian(plane: np.ndarray, deviations: tuple[float, float]) -> np.ndarray:
    """Blur a plane, float32, down and across, its edges repeated beyond it.

    SciPy's `gaussian_filter` gives the same, and takes as long as all else that hints cost to be imported.
    """
    for axis, deviation in enumerate(deviations):
        reach, side = int(_REACH * deviation + 0.5), plane.shape[axis]
        weights = np.exp(-0.5 * (np.arange(reach + 1) / deviation) ** 2)
        weights = (weights / (2 * weights.sum() - weights[0])).astype(np.float32)
        padded = np.moveaxis(plane.take(np.arange(-reach, side + reach).clip(0, side - 1), axis), axis, 0)
        total = padded[reach : reach + side] * weights[0]
        pair = np.empty_like(total)
        for step in range(1, reach + 1):
            np.add(padded[reach - step :][:side], padded[reach + step :][:side], out=pair)
            pair *= weights[step]
            total += pair
        plane = np.moveaxis(total, 0, axis)
    return plane
