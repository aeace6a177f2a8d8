"""How what a few hints change spreads over a photo: kriging whose kernels were learned from photographs.

What spreads is the difference between the chroma that hints ask for and the chroma that the network proposes there.
It is interpolated as a random field is from some samples (simple kriging, which is Gaussian process regression:
Rasmussen and Williams 2006, http://gaussianprocess.org/gpml, section 2.2). How much two places have to do with each
other is their kernel, made of five distances:

- `path`, the length of the shortest way between them (scikit-image's MCP_Geometric), each step of which costs a little
  and the change of luma on it: colour does not cross edges for nothing, as in Levin, Lischinski and Weiss 2004,
  "Colorization using optimization", https://doi.org/10.1145/1015706.1015780;
- `tone`, that of luma smoothed within edges;
- `proposed`, that of the network's chroma: it colours one thing alike, however folds divide it;
- `row`, how much farther down one lies, as a share of the height: photographs have their sky above and ground below;
- that of their embeddings, which a small network computes of their `descriptors` (deep kernel learning: Wilson, Hu,
  Salakhutdinov and Xing 2016, https://arxiv.org/abs/1511.02222). It also says how far colours differ from the
  proposed ones in such places.

Small differences reach far: a network that is a little too brown here is so elsewhere. Large ones belong to one thing:
that a dress is red says nothing of the sky. So only a small part of each difference spreads with the wide kernel, and
what is then missing with the narrow one. How far the wide one reaches depends on what the hints say together: how many
they are, how far apart, how large their differences are and how much alike. How far both are believed, place by place,
is for `gates` to say; what is then missing at the hints' own places is kriged narrowly again.

All weights are in `LEARNED`, which `python -m benchmarks.spreading` makes; docs/EXPERIMENTS.md has what lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.graph import MCP_Geometric

from colorizer.inference.descriptors import descriptors, steepness, tone
from colorizer.inference.gates import evidence, gated, layer, looks, weighted_sums

LEARNED = Path(__file__).parents[1] / "pretrained" / "spreading.npz"
WORKING_SIDE = 128
"""Short side, in pixels, of the grid hints spread on."""
LONGEST_SIDE = 512
"""Of the same grid, for panoramas."""
_STEP = 0.256
"""What a straight way along the short side of an even photo costs, in luma."""
COUNTS = (1, 5, 10, 50)
"""Numbers of hints for which it was learned how much of a difference is common."""
WIDE = ("wide_path", "wide_tone", "wide_proposed", "wide_row", "wide_embedding", "wide_doubt")
WIDE += ("linear", "linear_embedding", "doubt")
"""What depends on what the hints say together, in the order of `LEARNED`: lengths of the wide kernel's distances,
weights of the scalar products, and the variance a difference is doubted with as a share of the field's (two that
contradict each other have a solution)."""
NARROW = ("path", "tone", "proposed", "embedding")
"""Lengths of the narrow kernel's distances, which are the same for all hints: true colours at random places want longer
ones, but chosen colours are farther from the proposed ones, and then flow around things."""

Cell = tuple[int, int]


class Spreading:
    """One photo's grid, which answers many hints; what is known of a place is kept for the next answer.

    `luma`: float32 in [0, 1], shape (h, w). `proposed`: the network's chroma on the same grid, float32 in [-0.5, 0.5],
    shape (h, w, 2).
    """

    def __init__(self, luma: np.ndarray, proposed: np.ndarray):
        self._proposed = proposed
        self._tone = tone(luma)
        self._paths = Paths(luma)
        self._path_from: dict[Cell, np.ndarray] = {}
        hidden = _hidden(descriptors(luma, self._tone, proposed))
        self._looks = looks(hidden, _learned())
        self._wide, self._narrow, self._scale, self._narrow_scale, self._linear = _embedded(hidden)
        spaces = {"proposed": proposed, "wide": self._wide, "narrow": self._narrow}
        self._squares = {name: np.einsum("hwd,hwd->hw", space, space) for name, space in spaces.items()}

    def spread(self, cells: Sequence[Cell], differences: np.ndarray) -> np.ndarray:
        """Return how the chroma of every place changes, float32, shape (h, w, 2).

        `cells`: (row, column) of each sample on the grid. `differences`: how its chroma is to change, shape (n, 2).
        No change goes beyond the largest asked for, nor against them all.
        """
        places = np.transpose(cells)
        paths = np.stack([self._path(cell) for cell in cells])
        statistics = _statistics(differences, self._proposed[*places], paths[:, *places])
        reach = _reaches(statistics, len(cells))
        far, near = (np.empty_like(paths) for _ in range(2))
        for number, cell in enumerate(cells):
            far[number], near[number] = self._nearness(cell, paths[number], reach)
        known = evidence(far, near, places, differences, self._tone, self._proposed)
        for number, cell in enumerate(cells):
            far[number] *= self._scale * self._scale[cell]
            far[number] += reach["linear"] * (self._proposed @ self._proposed[cell])
            far[number] += reach["linear_embedding"] * (self._linear @ self._linear[cell])
            near[number] *= self._narrow_scale * self._narrow_scale[cell]
        length = np.hypot(differences[:, 0], differences[:, 1])[:, None]
        common = differences * np.minimum(1, reach["common"] / np.maximum(length, 1e-9))
        wide = _kriged(far, places, common, reach["wide_doubt"])
        narrow = _kriged(near, places, differences - wide[*places], reach["doubt"])
        change = gated(self._looks, known, statistics, self._proposed, wide, narrow, _learned())
        change += _kriged(near, places, differences - change[*places], reach["doubt"])
        return np.clip(change, np.minimum(differences.min(axis=0), 0), np.maximum(differences.max(axis=0), 0))

    def _path(self, cell: Cell) -> np.ndarray:
        """Return how far every place is from one: float32, shape (h, w)."""
        if cell not in self._path_from:
            self._path_from[cell] = self._paths.lengths(cell)
        return self._path_from[cell]

    def _nearness(self, cell: Cell, path: np.ndarray, reach: dict[str, np.float32]) -> tuple[np.ndarray, np.ndarray]:
        """Return how near every place is to one, as the wide and the narrow kernel have it: in [0, 1], shape (h, w)."""
        toned = np.abs(self._tone - self._tone[cell])
        proposed = _squared_distance(self._proposed, self._squares["proposed"], cell)
        row = np.abs(np.arange(len(path), dtype=np.float32) - cell[0])[:, None] / len(path)
        wide = path / -reach["wide_path"] - toned / reach["wide_tone"] - row / reach["wide_row"]
        wide -= np.sqrt(proposed) / reach["wide_proposed"]
        wide -= np.sqrt(_squared_distance(self._wide, self._squares["wide"], cell)) / reach["wide_embedding"]
        narrow = path / -reach["path"] - (toned / reach["tone"]) ** 2 - proposed / reach["proposed"] ** 2
        narrow -= _squared_distance(self._narrow, self._squares["narrow"], cell) / reach["embedding"] ** 2
        return np.exp(wide, out=wide), np.exp(narrow, out=narrow)


class Paths:
    """The shortest ways over luma, float32 in [0, 1], shape (h, w).

    They are found on a grid of half the size, whose steps cost what those across their four cells do on average: a
    quarter of the time, and 0.02 dB at five hints.
    """

    def __init__(self, luma: np.ndarray):
        self._shape = luma.shape
        costs = Image.fromarray(_STEP / min(luma.shape) + steepness(luma))
        rows, columns = ((side + 1) // 2 for side in luma.shape)
        self._shortest = MCP_Geometric(2 * np.asarray(costs.resize((columns, rows), Image.Resampling.BOX)))

    def lengths(self, cell: Cell) -> np.ndarray:
        """Return how far every place is from one: float32, shape (h, w)."""
        half = (cell[0] // 2, cell[1] // 2)
        lengths = Image.fromarray(self._shortest.find_costs([half])[0].astype(np.float32))
        return np.asarray(lengths.resize(self._shape[::-1], Image.Resampling.BILINEAR))


def _hidden(described: np.ndarray) -> np.ndarray:
    """Return what the small network knows of places, of their descriptors: float32, shape (h, w, features)."""
    learned = _learned()
    hidden = layer((described - learned["mean"]) / learned["deviation"], learned["hidden"])
    hidden += learned["hidden_bias"]
    return np.tanh(hidden, out=hidden)


def _embedded(hidden: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return embeddings for the wide and the narrow kernel, scales of both, shape (h, w), and three features whose
    scalar product is a part of the wide kernel.
    """
    learned = _learned()
    values = layer(hidden, learned["output"]) + learned["output_bias"]
    side = (values.shape[-1] - 5) // 2
    wide, narrow, scales, linear = np.split(values, [side, 2 * side, 2 * side + 2], axis=-1)
    scale, narrow_scale = np.moveaxis(np.exp(np.clip(scales, -3, 3)), -1, 0)
    return tuple(map(np.ascontiguousarray, (wide, narrow, scale, narrow_scale, linear)))


def _statistics(differences: np.ndarray, proposed: np.ndarray, paths: np.ndarray) -> np.ndarray:
    """Return what hints say together, the same in any order: float64, shape (8,).

    `differences` from what is `proposed` at their places, both of shape (n, 2), and the `paths` between these, shape
    (n, n).
    """
    count, length = len(differences), _root_mean_square(differences)
    between = paths.sum() / (count * (count - 1)) if count > 1 else 1.0
    common = float(np.hypot(*differences.mean(axis=0)))
    factor = (differences * proposed).sum() / ((proposed**2).sum() + 4e-4 * count)
    return np.array(
        [
            np.log10(count) - 0.7,
            np.log10(length + 0.005) + 1.3,
            np.log10(_root_mean_square(differences + proposed) + 0.01) + 1.1,
            np.log10(_root_mean_square(proposed) + 0.01) + 1.2,
            common / (length + 0.003) - 0.5,
            np.clip(factor, -1, 2),
            np.tanh(between) - 0.5,
            1.0,
        ]
    )


@cache
def _learned() -> dict[str, np.ndarray]:
    with np.load(LEARNED) as stored:
        return dict(stored)


def _reaches(statistics: np.ndarray, count: int) -> dict[str, np.float32]:
    """Return how far the kernels reach, by their names, for so many hints with these `_statistics`."""
    learned = _learned()
    reaches = learned["reaches"].astype(np.float32)
    reaches[: len(WIDE)] *= np.exp(np.clip(statistics @ learned["by_hints"], -2, 2))
    common = np.interp(np.log(count), np.log(COUNTS), np.log(learned["common"]))
    return dict(zip(WIDE + NARROW, reaches, strict=True)) | {"common": np.float32(np.exp(common))}


def _root_mean_square(vectors: np.ndarray) -> float:
    return float(np.sqrt((vectors**2).sum(axis=-1).mean()))


def _squared_distance(vectors: np.ndarray, squares: np.ndarray, cell: Cell) -> np.ndarray:
    """Return how far all vectors, shape (h, w, d), are from that of a cell, squared; `squares` of theirs are known."""
    return np.maximum(squares + squares[cell] - 2 * (vectors @ vectors[cell]), 0)


def _kriged(kernels: np.ndarray, places: np.ndarray, values: np.ndarray, doubt: float) -> np.ndarray:
    """Return a field of shape (h, w, 2) that has `values`, shape (n, 2), at `places`, shape (2, n), whose kernels are
    those of shape (n, h, w). `doubt`: as a share of the field's variance, that of each value.
    """
    between = kernels[:, *places].astype(np.float64)
    # A path costs the same both ways but for rounding, which the solution would see.
    between = (between + between.T) / 2
    between += doubt * np.diag(np.diag(between))
    return weighted_sums(kernels, np.linalg.solve(between, values))
