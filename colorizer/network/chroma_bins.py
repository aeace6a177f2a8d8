"""The chroma values that a classifying network chooses from."""

from __future__ import annotations

import numpy as np

from colorizer.photos.color import CHROMA_TO_OFFSET

CHROMA_STEP = 0.05
"""Side of a chroma bin. This gives 291 bins, about as many as the 313 of Zhang, Isola and Efros 2016,
https://arxiv.org/abs/1603.08511, which are squares of 10 units in the plane of CIELAB's a and b.
"""


def chroma_bins() -> np.ndarray:
    """Return the chroma (Cb, Cr) of all bins: a square grid, limited to values that are possible with some luma.

    A chroma is possible with some luma exactly when its largest and smallest color offset differ by at most 1.

    Returns:
        Chroma, float32, shape (bins, 2).
    """
    axis = np.arange(-round(0.5 / CHROMA_STEP), round(0.5 / CHROMA_STEP) + 1) * CHROMA_STEP
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float32)
    return grid[np.ptp(grid @ CHROMA_TO_OFFSET, axis=-1) <= 1]
