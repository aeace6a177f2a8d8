"""How far what hints change is believed, place by place: what kriging, which only ever adds up, cannot say.

A network of two layers looks at each place, at what the two kernels say of it, at how much there is to say that from,
at how much the hints around it agree, and at what sets their places apart from this one. It answers with three numbers:
a factor on what spreads widely, one on what spreads narrowly, and how much of the proposed chroma to add or take, as a
share of how much changes there. So where hints change nothing it changes nothing.
"""

from __future__ import annotations

import numpy as np

_LEAST, _MOST = -2.0, 0.5
"""Logarithms of the smallest and the largest factor."""
_MOST_OF_PROPOSED = 0.5
_COLUMNS = 48
"""Of a row, that are multiplied at a time."""
_NO_WEIGHT = np.float32(1e-3)
"""Added to the weight of all hints, which is next to nothing where none counts."""
_TONES, _ROWS, _CHROMAS = 3, 2, 8
"""What brings tone, rows and chroma to about one in size, for the network's sake."""


def looks(hidden: np.ndarray, learned: dict[str, np.ndarray]) -> np.ndarray:
    """Return what the first layer makes of how places look, kept for every answer: float32, shape (h, w, units).

    `hidden`: what the small network of `spreading` knows of them, shape (h, w, features). `learned`:
    `spreading.LEARNED`.
    """
    return layer(hidden, learned["gate"][: hidden.shape[-1]]) + learned["gate_bias"]


def gated(
    looks: np.ndarray,
    evidence: np.ndarray,
    statistics: np.ndarray,
    proposed: np.ndarray,
    wide: np.ndarray,
    narrow: np.ndarray,
    learned: dict[str, np.ndarray],
) -> np.ndarray:
    """Return how chroma changes, float32, shape (h, w, 2), of what spreads widely and narrowly, of the same shape.

    `looks` and `learned` as above; `evidence` as below, `statistics` of all hints; `proposed` chroma, shape (h, w, 2).
    """
    sizes = [_size(vectors) for vectors in (wide, narrow, proposed, proposed + wide + narrow)]
    along = [(wide, proposed, 0, 2), (narrow, proposed, 1, 2), (narrow, wide, 1, 0)]
    seen = [_tens(size, least) for size, least in zip(sizes, (0.003, 0.003, 0.01, 0.01), strict=True)]
    seen = [seen[0] + 1.7, seen[1] + 1.7, seen[2] + 1.2, seen[3] + 1.2]
    seen += [_product(one, other) / (sizes[i] * sizes[j] + np.float32(1e-3)) for one, other, i, j in along]
    places = np.concatenate([evidence, np.stack(seen, axis=-1)], axis=-1, dtype=np.float32)
    first = learned["gate"].shape[0] - places.shape[-1] - len(statistics)
    at_places, of_all = np.split(learned["gate"][first:], [places.shape[-1]])
    units = layer(places, at_places)
    units += looks
    units += statistics.astype(np.float32) @ of_all
    numbers = layer(np.tanh(units, out=units), learned["gate_output"])
    factors = np.exp(np.clip(numbers[..., :2], _LEAST, _MOST))
    share = _MOST_OF_PROPOSED * np.tanh(numbers[..., 2]) * _size(wide + narrow) / (sizes[2] + np.float32(0.02))
    return factors[..., :1] * wide + factors[..., 1:] * narrow + share[..., None] * proposed


def evidence(
    far: np.ndarray,
    near: np.ndarray,
    cells: np.ndarray,
    differences: np.ndarray,
    tone: np.ndarray,
    proposed: np.ndarray,
) -> np.ndarray:
    """Return what hints have to say of places: float32, shape (h, w, 21).

    `far` and `near`: how much each place has to do with each hint, widely and narrowly, in [0, 1], shape (n, h, w).
    `cells`: rows and columns of the hints, shape (2, n), and `differences`, what they change, shape (n, 2). `tone`,
    shape (h, w), and `proposed` chroma, shape (h, w, 2), of all places.
    """
    weights = {"near": near.sum(axis=0), "far": far.sum(axis=0)}
    hints = _described(differences, proposed[*cells], tone[*cells], cells[0] / len(tone))
    numbers = [
        _tens(weights["near"], 0.01) + 0.5,
        _tens(weights["far"], 0.01) - 0.3,
        _tens(_disagreement(near, weights["near"], differences), 0.003) + 1.7,
        2 * far.max(axis=0) - 1,
        2 * near.max(axis=0) - 1,
        *_compared(near, weights["near"], hints, tone, proposed),
        *_compared(far, weights["far"], hints, tone, proposed),
    ]
    return np.stack(numbers, axis=-1, dtype=np.float32)


def _disagreement(near: np.ndarray, weight: np.ndarray, differences: np.ndarray) -> np.ndarray:
    """Return how far apart the differences are that count for each place, root mean square, shape (h, w); `weight` of
    all hints there.
    """
    moments = np.column_stack([differences, (differences**2).sum(axis=1)])
    share = weight / (weight + _NO_WEIGHT)
    means = _means(near, weight, moments)
    apart = np.maximum(means[..., 2] - _product(means, means) * (2 - share), 0)
    return np.sqrt(apart + np.float32(1e-8))


def _described(differences: np.ndarray, proposed: np.ndarray, tone: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return what hints are like, each number about one in size: shape (n, 8).

    `differences` they ask for from the chroma that is `proposed` at their places, both of shape (n, 2); the `tone` of
    these, and how far down they lie as a share of the height (`rows`), both of shape (n,).
    """
    asked = proposed + differences
    sizes = [_tens(_size(differences), 0.005) + 1.3, _tens(_size(asked), 0.01) + 1.1]
    return np.column_stack([*sizes, _TONES * tone, _ROWS * rows, _CHROMAS * asked, _CHROMAS * proposed])


def _compared(
    kernel: np.ndarray, weight: np.ndarray, hints: np.ndarray, tone: np.ndarray, proposed: np.ndarray
) -> list[np.ndarray]:
    """Return what hints are like beside each place, each of shape (h, w): the means of how large their differences and
    how strong their colours are; how much brighter and farther down they lie; how far the colours they ask for, and
    those proposed there, are also proposed here; how strong the mean of these colours is; and how far what is proposed
    there is from here.

    `hints`: what is `_described` of them.
    """
    means = _means(kernel, weight, hints)
    asked, there = means[..., 4:6], means[..., 6:]
    rows = (np.arange(len(tone), dtype=np.float32) / len(tone))[:, None]
    size = _size(proposed) + np.float32(0.01)
    return [
        means[..., 0],
        means[..., 1],
        means[..., 2] - np.float32(_TONES) * tone,
        means[..., 3] - np.float32(_ROWS) * rows,
        _product(asked, proposed) / size,
        _product(there, proposed) / size,
        _size(asked),
        _size(there - np.float32(_CHROMAS) * proposed),
    ]


def _means(kernel: np.ndarray, weight: np.ndarray, of_hints: np.ndarray) -> np.ndarray:
    """Return weighted means of what hints are, shape (n, numbers), at each place: float32, (h, w, numbers)."""
    return weighted_sums(kernel, of_hints) / (weight + _NO_WEIGHT)[..., None]


def layer(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return values, shape (h, w, n), times weights, shape (n, units): float32, (h, w, units).

    Some columns of a row at a time: for more, OpenBLAS wakes threads that then wait busily for the next.
    """
    product = np.empty((*values.shape[:2], weights.shape[1]), np.float32)
    for left in range(0, values.shape[1], _COLUMNS):
        np.matmul(values[:, left : left + _COLUMNS], weights, out=product[:, left : left + _COLUMNS])
    return product


def weighted_sums(fields: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return sums of fields, shape (n, h, w), each weighted in several ways, shape (n, ways): float32, (h, w, ways).

    Row by row: for one product of them all, OpenBLAS wakes a thread that then waits busily for the next.
    """
    sums = weights.T.astype(np.float32) @ fields.transpose(1, 0, 2)
    return np.ascontiguousarray(sums.transpose(0, 2, 1))


def _size(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt(_product(vectors, vectors) + np.float32(1e-10))


def _product(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the scalar products of the first two numbers: over an axis of two, NumPy's sum takes ten times as long."""
    return one[..., 0] * other[..., 0] + one[..., 1] * other[..., 1]


def _tens(values: np.ndarray, least: float) -> np.ndarray:
    """Return the decimal logarithm, by way of the natural one, which NumPy computes many at a time."""
    return np.log(values + np.float32(least)) * np.float32(1 / np.log(10))
