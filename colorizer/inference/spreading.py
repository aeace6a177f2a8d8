"""Spread hints over their objects: fields that follow luma, weighted per pixel by a small network.

A hint sets the chroma of one place. Two steps decide which other places take it:

1. Compute the geodesic distance from every place to every hint: the length of the shortest path over the photo's luma.
   Each step of a path costs a small constant plus the change in luma, so color rarely crosses edges, as in Levin,
   Lischinski and Weiss 2004, "Colorization using optimization", https://doi.org/10.1145/1015706.1015780. These
   distances give four fields of chroma change: one from the chroma of the nearest hint, and three from the changes that
   hints make, shared among the nearest, the near and all hints. A fifth field is kriged (Gaussian process regression:
   Rasmussen and Williams 2006, http://gaussianprocess.org/gpml, section 2.2). It reaches over the whole photo, to
   places that resemble a hint's place in distance, luma, height and predicted color.
2. A U-Net receives the photo (the first blocks of MobileNetV2), the predicted chroma, the fields, the distances and
   statistics of all hints: how many there are, how far apart, and how much their colors differ. It outputs six weights
   per place that sum to 1: one for each field, and one for leaving the place unchanged. No place changes by more than
   the hints specify, and the network can separate a dress from the wall behind it.

The network was trained on photographs in which garments, other objects and regions were recolored, with one to eight
hints inside them, mixed with true colors at random places (`python -m benchmarks.hint_network`, docs/EXPERIMENTS.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np

LEARNED = Path(__file__).parents[1] / "pretrained" / "hints.tflite"
SIDE = 128
"""Side of the square on which the network sees the photo, in pixels."""
GRID = SIDE // 2
"""Side of the square grid on which hints spread, in cells."""
MAPS = 30
"""Number of input maps of the network per cell, in addition to the photo."""
USUAL = 20
"""Index of the map of the rule that the network starts from."""
SOFTNESS = (0.05, 0.25, 1.5)
"""Per shared field, the difference in geodesic distance at which a hint weighs a third as much as the nearest one."""
_STEP = 0.9
"""Cost of a straight path across a uniform photo, in luma."""
_BLUR = 0.8 / 192
"""Standard deviation of the Gaussian that smooths luma before edge detection, as a fraction of the side."""
_REACHES = (0.05, 0.2, 0.8)
"""Length scales of the nearness maps that the network receives, in geodesic distance."""
_USUAL_REACH, _USUAL_SOFTNESS = 0.7, 0.15
"""Distance at which a place is equally likely to belong to a hint's object or not, and the width of that transition:
the starting point of the network."""
_EXACT = 0.02
"""Geodesic distance within which a hint's chroma is made exact."""
_PATH, _TONE, _CHROMA, _HEIGHT = 5.0, 0.64, 0.3, 3.7
"""Lengths of the kriging kernel in geodesic distance, luma, predicted chroma, and height as a share of the photo's."""
_ALIKE_SHARE, _ALIKE_CHROMA = 0.11, 0.067
"""Share and length of the kernel's second part, in which only predicted chroma counts."""
_NUGGET = 0.002
"""Variance added to each hint in kriging: two hints on one place that contradict each other have a solution."""
_UNLIKE = 0.01
"""Standard deviation of the hints' colors from which kriging has full weight."""
_CLEAR_DIFFERENCE = 0.03
"""Chroma difference from which a hint's color has full weight."""
_WINDOW = 1 / 16
"""Standard deviation of the Gaussian around hints, as a fraction of the side."""

Cell = tuple[int, int]


@dataclass(frozen=True)
class Sample:
    """One place from which a hint spreads."""

    cell: Cell
    """Row and column on the grid."""
    wanted: np.ndarray
    """Target chroma (Cb, Cr): float32 in [-0.5, 0.5], shape (2,)."""
    present: np.ndarray
    """Chroma without hints; for a pin, equal to `wanted`."""
    reach: float = 1.0
    """Divides the distances of this sample: above 1 its object is larger, below 1 smaller."""
    is_for_photo: bool = False
    """Whether it changes the whole photo; hints for objects are applied on top of it."""


class Spreading:
    """The grid of one photo, which spreads many sets of hints and caches the distances of places.

    Args:
        luma: float32 in [0, 1], shape (SIDE, SIDE).
        proposed: Predicted chroma, float32 in [-0.5, 0.5], shape (GRID, GRID, 2).
    """

    def __init__(self, luma: np.ndarray, proposed: np.ndarray):
        self._luma, self._proposed = luma.astype(np.float32), proposed.astype(np.float32)
        self._steps = step_costs(self._luma)
        self._distances: dict[Cell, np.ndarray] = {}

    def spread(self, samples: Sequence[Sample]) -> np.ndarray:
        """Return the chroma change of every cell: float32, shape (GRID, GRID, 2)."""
        change = np.zeros_like(self._proposed)
        everywhere = [sample for sample in samples if sample.is_for_photo]
        if everywhere:
            distances = self._all_distances(everywhere)
            differences = np.stack([sample.wanted - sample.present for sample in everywhere])
            change += _weighted(_normalized(distances, SOFTNESS[-1]), differences)
        local = [replace(each, present=each.present + change[each.cell]) for each in samples if not each.is_for_photo]
        return change + self._local_change(change, local) if local else change

    def _local_change(self, before: np.ndarray, samples: Sequence[Sample]) -> np.ndarray:
        """Return the changes to the samples' objects after `before` is applied: shape (GRID, GRID, 2)."""
        distances = self._all_distances(samples)
        maps, fields = features(halved(self._luma), self._proposed + before, distances, samples)
        shares = _shares(self._luma, maps)
        change = np.einsum("hwk,hwkc->hwc", shares[..., 1:], fields)
        return change + _corrections(change, distances, samples)

    def _all_distances(self, samples: Sequence[Sample]) -> np.ndarray:
        return np.stack([self._distance(sample.cell) / np.float32(sample.reach) for sample in samples])

    def _distance(self, cell: Cell) -> np.ndarray:
        if cell not in self._distances:
            self._distances[cell] = geodesic_distance(self._steps, cell)
        return self._distances[cell]


def step_costs(luma: np.ndarray) -> np.ndarray:
    """Return the cost of crossing each cell, float32, shape (side / 2, side / 2), for luma of shape (side, side)."""
    side = len(luma)
    down, across = np.gradient(_blurred(luma, _BLUR * side))
    return 2 * halved(_STEP / side + np.hypot(down, across))


def geodesic_distance(costs: np.ndarray, start: Cell) -> np.ndarray:
    """Return the cost of the cheapest path from a cell to every other one.

    A step to one of the eight neighbors costs the mean of both cells' costs times its length, as in scikit-image's
    `MCP_Geometric`. Bellman and Ford's method updates all cells at once, until no path gets cheaper.

    Args:
        costs: Positive costs of crossing each cell, shape (rows, columns).
        start: Row and column.

    Returns:
        float32, shape (rows, columns).
    """
    rows, columns = costs.shape
    padded = np.pad(costs.astype(np.float64), 1, constant_values=np.inf)
    around = [(down, across) for down in range(3) for across in range(3) if (down, across) != (1, 1)]
    steps = [
        math.hypot(down - 1, across - 1) * (padded[down : down + rows, across : across + columns] + costs) / 2
        for down, across in around
    ]
    distance = np.full_like(padded, np.inf)
    inner = distance[1:-1, 1:-1]
    inner[start] = 0
    while True:
        before = inner.copy()
        for (down, across), step in zip(around, steps, strict=True):
            np.minimum(inner, distance[down : down + rows, across : across + columns] + step, out=inner)
        if np.array_equal(inner, before):
            return inner.astype(np.float32)


def halved(plane: np.ndarray) -> np.ndarray:
    """Average blocks of 2 x 2 cells."""
    rows, columns = plane.shape
    return plane.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3))


def features(
    luma: np.ndarray, proposed: np.ndarray, distances: np.ndarray, samples: Sequence[Sample]
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the network's inputs and the fields that it weights.

    Args:
        luma: Shape (g, g).
        proposed: Chroma, shape (g, g, 2).
        distances: Distances of all cells from each sample, shape (n, g, g).
        samples: The n samples.

    Returns:
        The input maps, float32, shape (g, g, MAPS), and the five fields, float32, shape (g, g, 5, 2).
    """
    wanted, present = (np.stack([getattr(each, name) for each in samples]) for name in ("wanted", "present"))
    differences = (wanted - present).astype(np.float32)
    # A pin, or a hint with the color that is already there, spreads no color of its own.
    colors = np.clip(np.linalg.norm(differences, axis=1) / np.float32(_CLEAR_DIFFERENCE), 0, 1)
    rows, columns = np.transpose([sample.cell for sample in samples])
    nearest = distances.min(axis=0)
    sharp, near, far = (_normalized(distances, softness) for softness in SOFTNESS)
    of_colors = sharp * colors[:, None, None]
    own = _weighted(of_colors, wanted) - of_colors.sum(axis=0)[..., None] * proposed
    kernels = _kernels(luma, proposed, distances, rows, columns)
    fields = [own, *(_weighted(each, differences) for each in (sharp, near, far))]
    fields.append(_disagreement(wanted, colors) * _kriged(kernels, differences, rows, columns))
    variance = _weighted(near, (differences**2).sum(axis=1, keepdims=True))[..., 0] - (fields[2] ** 2).sum(axis=-1)
    side = len(luma)
    down, across = np.mgrid[:side, :side]
    apart = ((down - rows[:, None, None]) ** 2 + (across - columns[:, None, None]) ** 2).min(axis=0)
    planes = [
        *(np.exp(nearest / -reach) for reach in _REACHES),
        4 * np.sqrt(np.maximum(variance, 0) + 1e-8),
        np.abs(luma - _weighted(sharp, luma[rows, columns, None])[..., 0]),
        6 * np.linalg.norm(proposed - _weighted(sharp, proposed[rows, columns]), axis=-1),
        np.exp(apart / (-2 * (_WINDOW * side) ** 2)),
        down / side,
        1 - of_colors.sum(axis=0),
        luma,
        np.clip((_USUAL_REACH - nearest) / _USUAL_SOFTNESS, -8, 5),
    ]
    planes += [np.full_like(luma, value) for value in _statistics(wanted, differences, distances[:, rows, columns])]
    planes.append(kernels.max(axis=0))
    first, last = fields[:-1], fields[-1]
    maps = np.concatenate([4 * proposed, *(4 * field for field in first), np.stack(planes, axis=-1), 4 * last], axis=-1)
    return maps.astype(np.float32), np.stack(fields, axis=2).astype(np.float32)


def _kernels(
    luma: np.ndarray, proposed: np.ndarray, distances: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Return how much each cell has in common with each sample, in [0, 1]: float32, shape (n, g, g)."""
    side = len(luma)
    tone = _blurred(luma, 1)
    tones = np.abs(tone - tone[rows, columns, None, None])
    chromas = np.hypot(*np.moveaxis(proposed - proposed[rows, columns, None, None], -1, 0))
    heights = np.abs(np.arange(side, dtype=np.float32) - rows[:, None].astype(np.float32))[..., None] / side
    near = np.exp(-(distances / _PATH + tones / _TONE + chromas / _CHROMA + heights / _HEIGHT))
    return (1 - _ALIKE_SHARE) * near + _ALIKE_SHARE * np.exp(chromas / -_ALIKE_CHROMA)


def _kriged(kernels: np.ndarray, differences: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Interpolate differences, shape (n, 2), within the range that they and zero span: float32, shape (g, g, 2)."""
    between = kernels[:, rows, columns].astype(np.float64)
    between = (between + between.T) / 2 + _NUGGET * np.eye(len(rows))
    change = _weighted(kernels, np.linalg.solve(between, differences))
    return np.clip(change, np.minimum(differences.min(axis=0), 0), np.maximum(differences.max(axis=0), 0))


def _disagreement(wanted: np.ndarray, colors: np.ndarray) -> np.float32:
    """Return how much the hints' colors, shape (n, 2), differ, from 0 to 1; `colors`: weight of each, shape (n,).

    Hints of one color are meant for their object, so nothing is kriged from them.
    """
    shares = colors[:, None] / max(colors.sum(), 1e-6)
    variance = (shares * (wanted - (shares * wanted).sum(axis=0)) ** 2).sum()
    return np.float32(min(np.sqrt(variance) / _UNLIKE, 1.0))


def _statistics(wanted: np.ndarray, differences: np.ndarray, between: np.ndarray) -> list[float]:
    """Return numbers, each about one in size, that describe all samples together.

    Args:
        wanted: Target chroma, shape (n, 2).
        differences: Differences from the present chroma, shape (n, 2).
        between: Distances between the samples, shape (n, n).
    """

    def spread(values: np.ndarray) -> float:
        return 6 * float(np.sqrt(((values - values.mean(axis=0)) ** 2).sum(axis=1).mean()))

    count = len(wanted)
    return [
        float(np.log10(count)),
        spread(wanted),
        spread(differences),
        6 * float(np.sqrt((differences**2).sum(axis=1).mean())),
        float(np.tanh(between.sum() / max(count * (count - 1), 1))),
        float(np.tanh(2 * np.median(between.mean(axis=1)))),
    ]


def _normalized(distances: np.ndarray, softness: float) -> np.ndarray:
    """Return the weight of each sample in each cell, summing to 1, by its distance beyond the nearest sample."""
    weights = np.exp((distances.min(axis=0) - distances) / np.float32(softness))
    return weights / weights.sum(axis=0)


def _weighted(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sum values, shape (n, k), weighted per cell by weights of shape (n, g, g): shape (g, g, k)."""
    return np.tensordot(weights, values.astype(np.float32), ((0,), (0,)))


def _corrections(change: np.ndarray, distances: np.ndarray, samples: Sequence[Sample]) -> np.ndarray:
    """Return the change still missing at the samples' cells and right next to them: shape (g, g, 2)."""
    nearness = np.exp(-((distances / np.float32(_EXACT)) ** 2))
    rows, columns = np.transpose([sample.cell for sample in samples])
    asked = np.stack([sample.wanted - sample.present for sample in samples])
    missing = asked - change[rows, columns]
    between = nearness[:, rows, columns].astype(np.float64) + 0.05 * np.eye(len(samples))
    return _weighted(nearness, np.linalg.solve(between.T, missing))


def _shares(luma: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Return the six weights of every cell, averaged with the mirrored photo: float32, shape (GRID, GRID, 6)."""
    run = _network()
    mirrored = run(luma[:, ::-1], maps[:, ::-1])[:, ::-1]
    return (run(luma, maps) + mirrored) / 2


@cache
def _network():
    """Load the network as a function of luma and maps."""
    from colorizer.network.engines import interpreter

    opened, lock = interpreter(LEARNED.read_bytes()), Lock()
    by_channels = {int(each["shape"][-1]): each["index"] for each in opened.get_input_details()}
    output = opened.get_output_details()[0]["index"]

    def run(luma: np.ndarray, maps: np.ndarray) -> np.ndarray:
        with lock:
            opened.set_tensor(by_channels[1], np.ascontiguousarray(luma[None, ..., None]))
            opened.set_tensor(by_channels[MAPS], np.ascontiguousarray(maps[None]))
            opened.invoke()
            return opened.get_tensor(output)[0]

    return run


def _blurred(plane: np.ndarray, deviation: float) -> np.ndarray:
    """Blur a plane by a Gaussian with repeated edges. Importing SciPy's would take longer than all else here."""
    reach = int(4 * deviation + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    for _ in range(2):
        padded = np.pad(plane, ((reach, reach), (0, 0)), mode="edge")
        plane = sum(weight * padded[shift : shift + len(plane)] for shift, weight in enumerate(weights)).T
    return plane
