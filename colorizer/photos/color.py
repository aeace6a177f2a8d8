"""Luma, chroma and colorfulness: pure functions on arrays.

All colors are gamma-encoded RGB as stored in photo files, scaled to [0, 1] unless a function says otherwise. Luma and
chroma are those of ITU-R BT.709 (https://www.itu.int/rec/R-REC-BT.709), full range:

    Y  = 0.2126 R + 0.7152 G + 0.0722 B        in [0, 1]
    Cb = (B - Y) / 1.8556                      in [-0.5, 0.5]
    Cr = (R - Y) / 1.5748                      in [-0.5, 0.5]
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

import numpy as np

LUMA_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of red, green and blue in luma; ITU-R BT.709, section 3."""
_BLUE_RANGE = 2 * (1 - 0.0722)
_RED_RANGE = 2 * (1 - 0.2126)
CHROMA_TO_OFFSET = np.array(
    [
        [0.0, -0.0722 * _BLUE_RANGE / 0.7152, _BLUE_RANGE],
        [_RED_RANGE, -0.2126 * _RED_RANGE / 0.7152, 0.0],
    ],
    np.float32,
)
"""Rows Cb and Cr, columns R, G and B: the RGB offset that one unit of chroma adds to a gray pixel. Each row has zero
luma.
"""


def luma(rgb: np.ndarray) -> np.ndarray:
    """Compute the BT.709 luma of RGB.

    Args:
        rgb: RGB on any scale, shape (..., 3).

    Returns:
        Luma on the scale of the input, shape (...). float32 for samples of 8 or 16 bits and for float32, float64 for
            float64. Tensors give float32.
    """
    red, green, blue = (rgb[..., channel] * LUMA_WEIGHTS[channel] for channel in range(3))
    return red + green + blue


def chroma(rgb: np.ndarray, arrays: ModuleType = np) -> np.ndarray:
    """Compute the BT.709 chroma (Cb, Cr) of RGB.

    Args:
        rgb: RGB in [0, 1], shape (..., 3).
        arrays: NumPy, or `keras.ops` for tensors.

    Returns:
        Chroma in [-0.5, 0.5], float32, shape (..., 2).
    """
    gray = luma(rgb)
    blue = (rgb[..., 2] - gray) / CHROMA_TO_OFFSET[0, 2]
    red = (rgb[..., 0] - gray) / CHROMA_TO_OFFSET[1, 0]
    return arrays.stack([blue, red], axis=-1)


def merge(gray: np.ndarray, offset: np.ndarray, white: float = 1.0, arrays: ModuleType = np) -> np.ndarray:
    """Add a color offset to luma, moving out-of-gamut colors toward gray.

    A color outside the RGB cube is scaled along the line to its own gray until it touches the cube. This keeps luma and
    hue and reduces only chroma. Clipping each channel separately would change all three.

    Args:
        gray: Luma in [0, white], float32, shape (h, w).
        offset: RGB minus luma, float32, shape (3, h, w), in the order red, green, blue.
        white: The value of white.
        arrays: NumPy, or `keras.ops` for tensors.

    Returns:
        RGB in [0, white], shape (3, h, w).
    """
    return arrays.clip(gray + offset * share_in_gamut(gray, offset, white, arrays), 0, white)


def share_in_gamut(
    gray: np.ndarray, offset: np.ndarray | Sequence[np.ndarray], white: float = 1.0, arrays: ModuleType = np
) -> np.ndarray:
    """Compute the share of each color offset that stays within the RGB cube.

    The channel farthest below luma reaches black first; the channel farthest above it reaches white first. The
    arguments are those of `merge`.

    Returns:
        Shares in [0, 1], float32, shape (h, w).
    """
    red, green, blue = offset[0], offset[1], offset[2]
    below = arrays.minimum(arrays.minimum(red, green), blue)
    above = arrays.maximum(arrays.maximum(red, green), blue)
    smallest = 1e-9
    to_black = gray / arrays.maximum(-below, smallest)
    to_white = (white - gray) / arrays.maximum(above, smallest)
    return arrays.minimum(arrays.minimum(to_black, to_white), 1.0)


def colourfulness(rgb: np.ndarray, arrays: ModuleType = np, smallest: float = 0.0) -> np.ndarray:
    """Compute the Hasler-Suesstrunk colorfulness of RGB: 0 for gray, about 40 for most photos.

    Metric M3 of Hasler and Suesstrunk 2003, "Measuring colourfulness in natural images",
    https://doi.org/10.1117/12.477378, on the paper's scale of 0 to 255 per channel.

    Args:
        rgb: RGB in [0, 1], shape (..., h, w, 3).
        arrays: NumPy, or `keras.ops` for tensors.
        smallest: Added under the square roots. Without it, a gray photo has no gradient.

    Returns:
        Colorfulness, shape (...).
    """
    rgb = rgb.astype(np.float64) if arrays is np else rgb
    red, green, blue = (rgb[..., channel] * 255 for channel in range(3))
    opponents, pixels = (red - green, (red + green) / 2 - blue), (-2, -1)
    spread = arrays.sqrt(sum(arrays.var(each, axis=pixels) for each in opponents) + smallest)
    return spread + 0.3 * arrays.sqrt(sum(arrays.mean(each, axis=pixels) ** 2 for each in opponents) + smallest)
