"""Scores of one picture against the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity

from colorizer.photos.color import colourfulness


@dataclass(frozen=True)
class PhotoScores:
    """How near one picture is to the true photo, and how colourful it is."""

    psnr: float
    """Peak signal-to-noise ratio of RGB in dB; larger is nearer, 100 at most."""
    ssim: float
    """Structural similarity of RGB; 1 is equal. Luma is nearly the true one here, so it is high even for gray."""
    ciede2000: float
    """Mean CIEDE2000 colour difference; smaller is nearer, about 2 is just noticeable."""
    colourfulness: float
    """Hasler-Suesstrunk colourfulness; 0 is gray."""


def score(picture: np.ndarray, truth: np.ndarray) -> PhotoScores:
    """Score RGB in [0, 1], float32, of shape (h, w, 3) against the truth of the same shape.

    CIEDE2000: Sharma, Wu and Dalal 2005, https://doi.org/10.1002/col.20070; SSIM: Wang et al. 2004,
    https://doi.org/10.1109/TIP.2003.819861; both as scikit-image computes them, SSIM with its window of 7 pixels, which
    shrinks for smaller photos.
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
