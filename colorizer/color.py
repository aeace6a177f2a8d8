"""Luma, chroma and colourfulness: pure functions on arrays.

All colours are gamma-encoded RGB as photo files store them, scaled to [0, 1] unless a function says otherwise.
Luma and chroma are those of ITU-R BT.709 (https://www.itu.int/rec/R-REC-BT.709), full range:

    Y  = 0.2126 R + 0.7152 G + 0.0722 B        in [0, 1]
    Cb = (B - Y) / 1.8556                      in [-0.5, 0.5]
    Cr = (R - Y) / 1.5748                      in [-0.5, 0.5]
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from colorizer.settings import PhotoLimits

LUMA_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Shares of red, green and blue in luma; ITU-R BT.709, section 3."""

_BLUE_RANGE = 2 * (1 - 0.0722)
_RED_RANGE = 2 * (1 - 0.2126)

CHROMA_TO_OFFSET = np.array(
    [
        [0.0, -0.0722 * _BLUE_RANGE / 0.7152, _BLUE_RANGE],
        [_RED_RANGE, -0.2126 * _RED_RANGE / 0.7152, 0.0],
    ],
    np.float32,
)
"""Rows Cb and Cr, columns R, G and B: what a unit of chroma adds to a gray pixel; no row has luma of its own."""


CHROMA_STEP = 0.05
"""Side of a chroma bin. So there are 291, about as many as the 313 of Zhang, Isola and Efros 2016,
https://arxiv.org/abs/1603.08511, which are squares of 10 units in the plane of CIELAB's a and b."""
HUE_BINS = 24
"""Hues told apart: 15 degrees each."""


def luma(rgb: np.ndarray) -> np.ndarray:
    """Return the BT.709 luma, shape (...), of RGB of shape (..., 3), on the input's scale.

    float32 for samples of 8 or 16 bits and for float32, float64 for float64; of tensors, float32 alone.
    """
    red, green, blue = (rgb[..., channel] * LUMA_WEIGHTS[channel] for channel in range(3))
    return red + green + blue


def chroma_bins() -> np.ndarray:
    """Return the chroma (Cb, Cr), float32, shape (bins, 2), of a square grid, as far as some luma can have it.

    A chroma fits under some luma exactly when its largest and smallest colour offset are at most 1 apart.
    """
    axis = np.arange(-round(0.5 / CHROMA_STEP), round(0.5 / CHROMA_STEP) + 1) * CHROMA_STEP
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float32)
    return grid[np.ptp(grid @ CHROMA_TO_OFFSET, axis=-1) <= 1]


def tonal_range(gray: np.ndarray, limits: PhotoLimits | None = None) -> tuple[float, float]:
    """Return the levels of luma in [0, 1], any shape, that black and white have become in a faded photo; (0, 1) for one
    that is not faded (`limits.faded_range`). One pixel in two hundred may lie beyond either, as dust and glare do.
    """
    limits = limits or PhotoLimits()
    black, white = (float(level) for level in np.percentile(gray, (0.5, 99.5)))
    is_faded = limits.blank_range < white - black < limits.faded_range
    return (black, white) if is_faded else (0.0, 1.0)


def merge(gray: np.ndarray, offset: np.ndarray, white: float = 1.0, arrays: ModuleType = np) -> np.ndarray:
    """Join luma with the colour offset of its chroma, moving out-of-gamut colours towards gray.

    `gray`: luma in [0, white], float32, shape (h, w). `offset`: RGB minus luma, float32, shape (3, h, w), planes of
    red, green and blue. Returns RGB in [0, white], shape (3, h, w). `arrays` is NumPy, or `keras.ops` for tensors.

    A colour outside the RGB cube is scaled down along the line to its own gray until it touches the cube, so luma
    and hue stay what they were and only chroma is lost; clipping the channels one by one would change all three. The
    channel farthest below luma touches black first, the one farthest above it touches white.
    """
    red, green, blue = offset[0], offset[1], offset[2]
    below = arrays.minimum(arrays.minimum(red, green), blue)
    above = arrays.maximum(arrays.maximum(red, green), blue)
    smallest = 1e-9
    to_black = gray / arrays.maximum(-below, smallest)
    to_white = (white - gray) / arrays.maximum(above, smallest)
    scale = arrays.minimum(arrays.minimum(to_black, to_white), 1.0)
    return arrays.clip(gray + offset * scale, 0, white)


def colourfulness(rgb: np.ndarray, arrays: ModuleType = np) -> np.ndarray:
    """Return the Hasler-Suesstrunk colourfulness, shape (...), of RGB in [0, 1], shape (..., h, w, 3); 0 for gray, 40
    for most photos. `arrays` is NumPy, or `keras.ops` for tensors.

    Hasler and Suesstrunk 2003, "Measuring colourfulness in natural images", https://doi.org/10.1117/12.477378,
    metric M3, on the paper's scale of 0 to 255 per channel.
    """
    rgb = rgb.astype(np.float64) if arrays is np else rgb
    red, green, blue = (rgb[..., channel] * 255 for channel in range(3))
    opponents, pixels = (red - green, (red + green) / 2 - blue), (-2, -1)
    spread = arrays.sqrt(sum(arrays.var(each, axis=pixels) for each in opponents))
    return spread + 0.3 * arrays.sqrt(sum(arrays.mean(each, axis=pixels) ** 2 for each in opponents))


def is_gray(rgb: np.ndarray, limits: PhotoLimits | None = None) -> bool:
    """Say whether 8-bit RGB of shape (h, w, 3) shows no colour: its channels are equal but for JPEG noise.

    A pixel is gray when its largest and smallest channel differ by at most `limits.gray_difference` levels; a photo
    is gray when `limits.gray_share` of its pixels are. The README ("What counts as a photo") says why these numbers.
    """
    limits = limits or PhotoLimits()
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    # Pairwise maxima of whole planes run ten times faster than a reduction over an axis of three.
    difference = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return float((difference <= limits.gray_difference).mean()) >= limits.gray_share


def hue_histogram(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Count how much chroma of which true hue became which: float64, shape (HUE_BINS + 1, HUE_BINS + 1).

    Both are RGB in [0, 1] of shape (h, w, 3). A hue is the angle of (Cb, Cr), beginning at +Cb (blue) and turning
    towards +Cr (red). As much chroma of a pixel as both have is counted at its true hue (row) and its predicted one
    (column); what the prediction lacks in the last column, what it has too much in the last row. So each row sums to
    the true chroma of its hue, and each column to the predicted.
    """
    bins, amounts = [], []
    for rgb in (truth, predicted):
        gray = luma(rgb)
        blue, red = (rgb[..., 2] - gray) / _BLUE_RANGE, (rgb[..., 0] - gray) / _RED_RANGE
        turn = np.arctan2(red, blue) / (2 * np.pi)
        bins.append((np.floor(turn * HUE_BINS).astype(int) % HUE_BINS).ravel())
        amounts.append(np.hypot(blue, red).ravel())
    none, side = HUE_BINS, HUE_BINS + 1
    common = np.minimum(*amounts)
    counted = np.bincount(bins[0] * side + bins[1], common, side**2)
    counted += np.bincount(bins[0] * side + none, amounts[0] - common, side**2)
    counted += np.bincount(none * side + bins[1], amounts[1] - common, side**2)
    return counted.reshape(side, side)
