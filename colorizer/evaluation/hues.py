"""Which hues became which."""

from __future__ import annotations

import numpy as np

from colorizer.photos.color import chroma

HUE_BINS = 24
"""Hues told apart: 15 degrees each."""


def hue_histogram(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Count how much chroma of which true hue became which: float64, shape (HUE_BINS + 1, HUE_BINS + 1).

    Both are RGB in [0, 1] of shape (h, w, 3). A hue is the angle of (Cb, Cr), beginning at +Cb (blue) and turning
    towards +Cr (red). As much chroma of a pixel as both have is counted at its true hue (row) and its predicted one
    (column); what the prediction lacks in the last column, what it has too much in the last row. So each row sums to
    the true chroma of its hue, and each column to the predicted.
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
