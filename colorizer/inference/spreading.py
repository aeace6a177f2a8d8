"""How what a few hints change spreads over a photo: kriging along its luma and the colours proposed for it.

What spreads is the difference between the chroma that hints ask for and the chroma that the network proposes there.
It is interpolated as a random field is from some samples (simple kriging, which is Gaussian process regression:
Rasmussen and Williams 2006, http://gaussianprocess.org/gpml, section 2.2). How much two places have to do with each
other is their kernel, made of four distances:

- `path`, the length of the shortest way between them (scikit-image's MCP_Geometric), each step of which costs a little
  and the change of luma on it: colour does not cross edges for nothing, as in Levin, Lischinski and Weiss 2004,
  "Colorization using optimization", https://doi.org/10.1145/1015706.1015780;
- `tone`, that of luma smoothed within edges;
- `proposed`, that of the network's chroma: it colours one thing alike, however folds divide it;
- `row`, how much farther down one lies, as a share of the height: photographs have their sky above and ground below.

Small differences reach far: a network that is a little too brown here is so elsewhere. Large ones belong to one thing:
that a dress is red says nothing of the sky. So at most `_COMMON` of each difference spreads with the wide kernel, and
what is then missing with the narrow one.

The constants were chosen on 90 photographs that no test photo is among (docs/HINTS.md); docs/EXPERIMENTS.md has what
lost.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from skimage.filters import gaussian
from skimage.graph import MCP_Geometric

WORKING_SIDE = 128
"""Short side, in pixels, of the grid hints spread on."""
LONGEST_SIDE = 512
"""Of the same grid, for panoramas."""
_WIDE_PATH, _WIDE_TONE, _WIDE_PROPOSED, _WIDE_ROW, _LINEAR = 5.7, 1.5, 0.8, 1.7, 550.0
"""The wide kernel is exp(-(path / 5.7 + tone / 1.5 + proposed / 0.8 + row / 1.7)), and 550 times the scalar product of
the proposed chromas: where the network is too pale, it is so for what it colours alike."""
_PATH, _TONE, _PROPOSED = 1.0, 0.2, 0.15
"""The narrow kernel is exp(-(path / 1.0 + (tone / 0.2)^2 + (proposed / 0.15)^2)). A path of 3.0 scores 0.1 dB more with
true colours at random places, but chosen colours then flow around things."""
_COMMON, _ENOUGH = 0.08, 8
"""Of chroma, once there are samples of eight places; of fewer, in proportion. Half of all random places differ from
what is proposed for them by less than 0.035."""
_STEP = 0.256
"""What a straight way along the short side of an even photo costs, in luma."""
_WIDE_DOUBT, _DOUBT = 1e-3, 3e-3
"""Variance a difference is doubted with, as a share of the field's: two that contradict each other have a solution."""
_SMOOTHING, _EDGE = 3 / 128, 0.03
"""Of the guided filter that smooths luma: deviation of its window as a share of the short side, and the variance of
luma above which a window counts as an edge."""

Cell = tuple[int, int]


class Spreading:
    """One photo's grid, which answers many hints; what is known of a place is kept for the next answer.

    `luma`: float32 in [0, 1], shape (h, w). `proposed`: the network's chroma on the same grid, float32 in [-0.5, 0.5],
    shape (h, w, 2).
    """

    def __init__(self, luma: np.ndarray, proposed: np.ndarray):
        self._proposed = proposed
        self._tone = _smoothed(luma, _SMOOTHING * min(luma.shape))
        self._paths = MCP_Geometric(_STEP / min(luma.shape) + _steepness(luma))
        self._kernels: dict[Cell, tuple[np.ndarray, np.ndarray]] = {}

    def spread(self, cells: Sequence[Cell], differences: np.ndarray) -> np.ndarray:
        """Return how the chroma of every place changes, float32, shape (h, w, 2).

        `cells`: (row, column) of each sample on the grid. `differences`: how its chroma is to change, shape (n, 2).
        No change goes beyond the largest asked for, nor against them all.
        """
        wide, narrow = (np.stack(kernels) for kernels in zip(*map(self._kernels_of, cells), strict=True))
        places = np.transpose(cells)
        length = np.hypot(differences[:, 0], differences[:, 1])[:, None]
        most = _COMMON * min(1.0, len(set(cells)) / _ENOUGH)
        common = differences * np.minimum(1, most / np.maximum(length, 1e-9))
        change = _kriged(wide, places, common, _WIDE_DOUBT)
        change += _kriged(narrow, places, differences - change[*places], _DOUBT)
        return np.clip(change, np.minimum(differences.min(axis=0), 0), np.maximum(differences.max(axis=0), 0))

    def _kernels_of(self, cell: Cell) -> tuple[np.ndarray, np.ndarray]:
        """Return how much every place has to do with one, widely and narrowly: float32, shape (h, w)."""
        if cell not in self._kernels:
            path = self._paths.find_costs([cell])[0].astype(np.float32)
            tone = np.abs(self._tone - self._tone[cell])
            apart = self._proposed - self._proposed[cell]
            proposed = np.hypot(apart[..., 0], apart[..., 1])
            row = np.abs(np.arange(len(path), dtype=np.float32) - cell[0])[:, None] / len(path)
            wide = np.exp(-(path / _WIDE_PATH + tone / _WIDE_TONE + proposed / _WIDE_PROPOSED + row / _WIDE_ROW))
            wide += np.float32(_LINEAR) * (self._proposed @ self._proposed[cell])
            narrow = np.exp(-(path / _PATH + (tone / _TONE) ** 2 + (proposed / _PROPOSED) ** 2))
            self._kernels[cell] = wide, narrow
        return self._kernels[cell]


def _kriged(kernels: np.ndarray, places: np.ndarray, values: np.ndarray, doubt: float) -> np.ndarray:
    """Return a field of shape (h, w, 2) that has `values`, shape (n, 2), at `places`, shape (2, n), whose kernels are
    those of shape (n, h, w).
    """
    between = kernels[:, *places].astype(np.float64)
    # A path costs the same both ways but for rounding, which the solution would see.
    between = (between + between.T) / 2 + doubt * np.eye(len(between))
    return np.tensordot(kernels, np.linalg.solve(between, values).astype(np.float32), (0, 0))


def _smoothed(luma: np.ndarray, deviation: float) -> np.ndarray:
    """Smooth luma within edges: a guided filter whose guide is luma itself (He, Sun and Tang 2013,
    https://doi.org/10.1109/TPAMI.2012.213), with Gaussian windows.
    """
    mean = gaussian(luma, deviation)
    variance = gaussian(luma * luma, deviation) - mean * mean
    share = variance / (variance + _EDGE)
    return gaussian(share, deviation) * luma + gaussian(mean - share * mean, deviation)


def _steepness(luma: np.ndarray) -> np.ndarray:
    """Return the change of luma per pixel, central differences, shape (h, w); a side of one pixel has none."""
    down, across = (np.gradient(luma, axis=axis) if luma.shape[axis] > 1 else np.zeros_like(luma) for axis in (0, 1))
    return np.hypot(down, across)
