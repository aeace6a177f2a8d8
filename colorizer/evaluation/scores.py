"""Score one picture against the truth, and compare true with predicted hues."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity

from colorizer.photos.color import chroma, colourfulness


@dataclass(frozen=True)
class PhotoScores:
    """Scores of one picture: its similarity to the true photo, and its colorfulness."""

    psnr: float
    """Peak signal-to-noise ratio of RGB in dB; higher is better, at most 100."""
    ssim: float
    """Structural similarity of RGB; 1 is identical. Because luma is almost the true one, it is high even for gray."""
    ciede2000: float
    """Mean CIEDE2000 color difference; lower is better, about 2 is just noticeable."""
    colourfulness: float
    """Hasler-Suesstrunk colorfulness; 0 is gray."""


def score(picture: np.ndarray, truth: np.ndarray) -> PhotoScores:
    """Score RGB in [0, 1], float32, shape (h, w, 3), against a truth of the same shape.

    Both measures are computed by scikit-image. CIEDE2000: Sharma, Wu and Dalal 2005, https://doi.org/10.1002/col.20070.
    SSIM: Wang et al. 2004, https://doi.org/10.1109/TIP.2003.819861, with a window of 7 pixels, or less for smaller
    photos.
    """
    error = float(((picture - truth) ** 2).mean())
    difference = deltaE_ciede2000(rgb2lab(truth), rgb2lab(picture)).mean()
    window = min(7, (min(truth.shape[:2]) - 1) // 2 * 2 + 1)
    similarity = structural_similarity(
        truth, picture, channel_axis=-1, data_range=1, win_size=window, use_sample_covariance=window > 1
    )
    return PhotoScores(
        -10 * float(np.log10(max(error, 1e-10))), float(similarity), float(difference), float(colourfulness(picture))
    )


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
