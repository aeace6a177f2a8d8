"""Compare true with predicted hues."""

from __future__ import annotations

import numpy as np

from colorizer.photos.color import chroma

HUE_BINS = 24
"""Number of hue bins, of 15 degrees each."""


def hue_histogram(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Count chroma by true and predicted hue: float64, shape (HUE_BINS + 1, HUE_BINS + 1).

    A hue is the angle of (Cb, Cr), starting at +Cb (blue) and turning towards +Cr (red). The chroma that truth and
    prediction share in a pixel is counted at its true hue (row) and its predicted hue (column). Missing chroma in the
    prediction is counted in the last column, excess chroma in the last row. Each row therefore sums to the true chroma
    of its hue, and each column to the predicted chroma.

    Args:
        truth: RGB in [0, 1], shape (h, w, 3).
        predicted: Likewise.
    """
    bins, amounts = [], []
    for rgb in (truth, predicted):
        blue, red = np.moveaxis(chroma(rgb), -1, 0)
        turn = np.arctan2(red, blue) / (2 * np.pi)
        bins.append((np.floor(turn * HUE_BINS).astype(int) % HUE_BINS).ravel())
        amounts.append(np.hypot(blue, red).ravel())
    none, side = HUE_BINS, HUE_BINS + 1
    common = np.minimum(*amounts)
    counted = np.bincount(bins[0] * side + bins[1], common, side**2)
    counted += np.bincount(bins[0] * side + none, amounts[0] - common, side**2)
    counted += np.bincount(none * side + bins[1], amounts[1] - common, side**2)
    return counted.reshape(side, side)
