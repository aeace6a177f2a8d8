"""CIELAB and the color difference CIEDE2000, in NumPy alone."""

from __future__ import annotations

import numpy as np

_TO_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]], np.float64
)
"""XYZ of linear sRGB: ITU-R BT.709, section 3."""
_WHITE = np.array([0.95047, 1.0, 1.08883])
"""XYZ of D65 for the 2-degree observer."""
_LINEAR_BELOW = 0.04045
_CUBE_ABOVE = 0.008856
_FAR = 25.0**7


def rgb_to_lab(rgb: np.ndarray) -> np.ndarray:
    """Convert gamma-encoded sRGB to CIELAB (ISO/CIE 11664-4) for the white of D65.

    Args:
        rgb: RGB in [0, 1], shape (..., 3).

    Returns:
        Lightness from 0 to 100, a and b: float64, shape (..., 3).
    """
    rgb = np.asarray(rgb, np.float64)
    linear = np.where(rgb > _LINEAR_BELOW, ((np.maximum(rgb, 0) + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    relative = linear @ _TO_XYZ.T / _WHITE
    x, y, z = np.moveaxis(np.where(relative > _CUBE_ABOVE, np.cbrt(relative), 7.787 * relative + 16 / 116), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def color_difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Compute CIEDE2000 between colors.

    The formula is that of Sharma, Wu and Dalal 2005, https://doi.org/10.1002/col.20070.

    Args:
        first: CIELAB, shape (..., 3).
        second: Likewise; the shapes are broadcast.

    Returns:
        Differences, shape (...); 1 is barely visible.
    """
    (light, a, b), (light_2, a_2, b_2) = (np.moveaxis(np.asarray(lab, np.float64), -1, 0) for lab in (first, second))
    mean = (np.hypot(a, b) + np.hypot(a_2, b_2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + _FAR))
    chroma, hue = np.hypot(a * stretch, b), np.arctan2(b, a * stretch)
    chroma_2, hue_2 = np.hypot(a_2 * stretch, b_2), np.arctan2(b_2, a_2 * stretch)
    turn = (hue_2 - hue + np.pi) % (2 * np.pi) - np.pi
    is_gray = chroma * chroma_2 == 0
    turn = np.where(is_gray, 0, turn)
    of_hue = 2 * np.sqrt(chroma * chroma_2) * np.sin(turn / 2)
    middle = np.where(is_gray, hue + hue_2, hue + turn / 2)
    chroma_mean, light_mean = (chroma + chroma_2) / 2, (light + light_2) / 2
    weight = (
        1
        - 0.17 * np.cos(middle - np.radians(30))
        + 0.24 * np.cos(2 * middle)
        + 0.32 * np.cos(3 * middle + np.radians(6))
        - 0.20 * np.cos(4 * middle - np.radians(63))
    )
    from_middle = (light_mean - 50) ** 2
    by_lightness = (light_2 - light) / (1 + 0.015 * from_middle / np.sqrt(20 + from_middle))
    by_chroma = (chroma_2 - chroma) / (1 + 0.045 * chroma_mean)
    by_hue = of_hue / (1 + 0.015 * chroma_mean * weight)
    degrees = np.degrees(middle) % 360
    rotation = np.radians(60) * np.exp(-(((degrees - 275) / 25) ** 2))
    crossed = -2 * np.sqrt(chroma_mean**7 / (chroma_mean**7 + _FAR)) * np.sin(rotation)
    return np.sqrt(np.maximum(by_lightness**2 + by_chroma**2 + by_hue**2 + crossed * by_chroma * by_hue, 0))
