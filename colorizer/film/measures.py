"""How steady a film's colours are: colour distribution consistency, and the warp error.

Gray is perfectly steady, so neither says anything without colourfulness (`photos.color.colourfulness`) beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

_APART = (1, 2, 4)
"""Frames between those that are compared."""
_LEVELS = 256


def distribution_distance(frames: Sequence[np.ndarray]) -> float:
    """Return how far the colours of near frames are from each other: 0 for equal histograms, ln 2 at most.

    `frames`: RGB, uint8, shape (h, w, 3), five at least, of one scene. Colour distribution consistency, CDC: the mean
    of the Jensen-Shannon divergences of each channel's histograms between frames 1, 2 and 4 apart. Liu et al. 2021,
    "Temporally consistent video colorization with deep feature propagation and self-regularization learning",
    https://arxiv.org/abs/2110.04562, equations 9 and 10; the measure of the NTIRE 2023 video colorization challenge.
    """
    histograms = np.stack([_histograms(frame) for frame in frames])
    distances = [_divergence(histograms[:-apart], histograms[apart:]).mean() for apart in _APART]
    return float(np.mean(distances))


def warp_error(pairs: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> float:
    """Return how much places change their colour from frame to frame, where they are seen in both.

    `pairs`: of frames that follow each other, the earlier one, the later one brought to where its places are in the
    earlier one, both RGB in [0, 1], float32, shape (h, w, 3), and which pixels are seen in both, bool, shape (h, w).
    The mean squared difference, summed over the channels, of a pair's pixels; then the mean of the pairs. Lai et al.
    2018, "Learning blind video temporal consistency", https://arxiv.org/abs/1808.00449, equations 6 and 7.
    """
    errors = [np.square(earlier - later).sum(axis=-1)[is_seen].mean() for earlier, later, is_seen in pairs]
    return float(np.mean(errors))


def _histograms(frame: np.ndarray) -> np.ndarray:
    """Return the shares of each channel's levels: shape (3, 256)."""
    counts = [np.bincount(frame[..., channel].ravel(), minlength=_LEVELS) for channel in range(3)]
    return np.stack(counts) / frame[..., 0].size


def _divergence(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the Jensen-Shannon divergence of distributions along the last axis."""
    middle = (one + other) / 2
    return (_relative_entropy(one, middle) + _relative_entropy(other, middle)) / 2


def _relative_entropy(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    ratio = np.divide(one, other, out=np.ones_like(one), where=one > 0)
    return (one * np.log(ratio)).sum(axis=-1)
