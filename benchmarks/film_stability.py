"""Measure the temporal stability of a film's colors: color distribution consistency and warp error.

Gray is perfectly stable, so both are meaningful only together with colorfulness (`photos.color.colourfulness`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

_APART = (1, 2, 4)
"""Distances between the compared frames, in frames."""
_LEVELS = 256


def distribution_distance(frames: Sequence[np.ndarray]) -> float:
    """Return the color distribution consistency (CDC) of a scene: 0 for equal histograms, at most ln 2.

    CDC is the mean Jensen-Shannon divergence of each channel's histograms between frames that are 1, 2 and 4 apart.
    Source: Liu et al. 2021, "Temporally consistent video colorization with deep feature propagation and
    self-regularization learning", https://arxiv.org/abs/2110.04562, equations 9 and 10. It is the measure of the NTIRE
    2023 video colorization challenge.

    Args:
        frames: At least five frames of one scene, RGB, uint8, shape (h, w, 3).
    """
    histograms = np.stack([_histograms(frame) for frame in frames])
    distances = [_divergence(histograms[:-apart], histograms[apart:]).mean() for apart in _APART]
    return float(np.mean(distances))


def warp_error(pairs: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> float:
    """Return how much the colors of places change from frame to frame, where they are visible in both.

    The result is the squared difference, summed over the channels and averaged over a pair's pixels, then averaged over
    the pairs. Source: Lai et al. 2018, "Learning blind video temporal consistency", https://arxiv.org/abs/1808.00449,
    equations 6 and 7.

    Args:
        pairs: Consecutive frames: the earlier one, the later one warped to the earlier one, both RGB in [0, 1],
            float32, shape (h, w, 3), and a mask of the pixels visible in both, bool, shape (h, w).
    """
    errors = [np.square(earlier - later).sum(axis=-1)[is_seen].mean() for earlier, later, is_seen in pairs]
    return float(np.mean(errors))


def _histograms(frame: np.ndarray) -> np.ndarray:
    """Return the normalized histogram of each channel: shape (3, 256)."""
    counts = [np.bincount(frame[..., channel].ravel(), minlength=_LEVELS) for channel in range(3)]
    return np.stack(counts) / frame[..., 0].size


def _divergence(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the Jensen-Shannon divergence of distributions along the last axis."""
    middle = (one + other) / 2
    return (_relative_entropy(one, middle) + _relative_entropy(other, middle)) / 2


def _relative_entropy(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    ratio = np.divide(one, other, out=np.ones_like(one), where=one > 0)
    return (one * np.log(ratio)).sum(axis=-1)
