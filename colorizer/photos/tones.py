"""Whether a photo is gray, and whether it has faded."""

from __future__ import annotations

import numpy as np

from colorizer.settings import PhotoLimits


def tonal_range(gray: np.ndarray, limits: PhotoLimits | None = None) -> tuple[float, float]:
    """Return the levels of luma in [0, 1], any shape, that black and white have become in a faded photo; (0, 1) for one
    that is not faded (`limits.faded_range`). One pixel in two hundred may lie beyond either, as dust and glare do.
    """
    limits = limits or PhotoLimits()
    black, white = (float(level) for level in np.percentile(gray, (0.5, 99.5)))
    is_faded = limits.blank_range < white - black < limits.faded_range
    return (black, white) if is_faded else (0.0, 1.0)


def is_gray(rgb: np.ndarray, limits: PhotoLimits | None = None) -> bool:
    """Say whether 8-bit RGB of shape (h, w, 3) shows no colour: its channels are equal but for JPEG noise.

    A pixel is gray when its largest and smallest channel differ by at most `limits.gray_difference` levels; a photo
    is gray when `limits.gray_share` of its pixels are. docs/TRAINING.md, "What counts as a photo", says why these.
    """
    limits = limits or PhotoLimits()
    # Pairwise maxima of whole planes run ten times faster than a reduction over an axis of three.
    red, green, blue = (np.ascontiguousarray(rgb[..., channel]) for channel in range(3))
    difference = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return float((difference <= limits.gray_difference).mean()) >= limits.gray_share
