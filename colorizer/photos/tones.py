"""Detection of gray and of faded photos."""

from __future__ import annotations

import numpy as np

from colorizer.settings import PhotoLimits


def tonal_range(gray: np.ndarray, limits: PhotoLimits | None = None) -> tuple[float, float]:
    """Find the levels that black and white have in a faded photo.

    One pixel in two hundred may lie beyond either level, as dust and glare do.

    Args:
        gray: Luma in [0, 1], any shape.
        limits: Its `blank_range` and `faded_range` define what is faded.

    Returns:
        The levels of black and white; (0, 1) for a photo that is not faded.
    """
    limits = limits or PhotoLimits()
    black, white = (float(level) for level in np.percentile(gray, (0.5, 99.5)))
    is_faded = limits.blank_range < white - black < limits.faded_range
    return (black, white) if is_faded else (0.0, 1.0)


def is_gray(rgb: np.ndarray, limits: PhotoLimits | None = None) -> bool:
    """Return whether RGB shows no color: its channels are equal apart from JPEG noise.

    A pixel is gray when its largest and smallest channel differ by at most `limits.gray_difference` levels; a photo is
    gray when `limits.gray_share` of its pixels are. docs/TRAINING.md, "What counts as a photo", explains these limits.

    Args:
        rgb: 8-bit RGB, shape (h, w, 3).
        limits: The limits above.
    """
    limits = limits or PhotoLimits()
    # Pairwise maxima of whole planes run ten times faster than a reduction over an axis of three.
    red, green, blue = (np.ascontiguousarray(rgb[..., channel]) for channel in range(3))
    difference = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return float((difference <= limits.gray_difference).mean()) >= limits.gray_share
