"""Distinguish color photos from gray, faded, toned and stained ones.

The color of a toned print follows its luma: the toner, the paper and the light affect all grays of the same level
equally. Stains and yellowed edges vary slowly over the print. Chroma that neither explains is color.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image

from colorizer.photos.color import chroma, luma
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
    gray when `limits.gray_share` of its pixels are. docs/EXPERIMENTS.md, "Toned or in color", explains these limits.

    Args:
        rgb: 8-bit RGB, shape (h, w, 3).
        limits: The limits above.
    """
    limits = limits or PhotoLimits()
    # Pairwise maxima of whole planes run ten times faster than a reduction over an axis of three.
    red, green, blue = (np.ascontiguousarray(rgb[..., channel]) for channel in range(3))
    difference = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return float((difference <= limits.gray_difference).mean()) >= limits.gray_share


_SAMPLES = 2304
"""Number of blocks that a photo is averaged into. Noise averages out; objects in a picture do not."""
_STEPS = 16
"""Levels of luma, each with equally many blocks, between which the color of a toner is interpolated."""

_STAIN_DEGREE = 4
"""Degree of the polynomial that models stains. Lower, stains count as color; higher, muted colors count as stains."""


def is_in_colour(image: Image.Image, limits: PhotoLimits | None = None) -> bool:
    """Return whether a photo shows colors that its luma does not explain.

    The limits are `toned_least`, `toned_share` and `toned_most`; docs/EXPERIMENTS.md reports how often they are wrong.

    Args:
        image: A photo of any mode that converts to RGB.
        limits: The limits above.
    """
    limits = limits or PhotoLimits()
    colours, unexplained = chroma_left(image)
    bound = min(limits.toned_least + limits.toned_share * colours, limits.toned_most)
    return unexplained > bound


def chroma_left(image: Image.Image) -> tuple[float, float]:
    """Measure the chroma of a photo.

    Returns:
        The root mean square of the chroma, and of the part that luma and position do not explain, in levels of 255.
    """
    step = max(1, round((image.width * image.height / _SAMPLES) ** 0.5))
    whole = image if image.mode in ("RGB", "RGBA", "RGBX", "CMYK") else image.convert("RGB")
    rgb = np.asarray(whole.reduce(step).convert("RGB"), np.float32) / 255
    colours = np.ascontiguousarray(np.moveaxis(chroma(rgb), -1, 0), np.float64) * 255
    rest = colours - _toner(luma(rgb).ravel(), colours.reshape(2, -1)).reshape(colours.shape)
    rest -= _slow_changes(rest)
    return _root_mean_square(colours), _root_mean_square(rest)


def _toner(gray: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Return the chroma, shape (2, n), that is typical for the luma of each block.

    It is interpolated between medians over blocks of similar luma. The few calls are large, because each call holds the
    interpreter lock, for which other threads wait.
    """
    order = _order(gray)
    ranked, tints = gray[order], colours[:, order]
    few, longer = divmod(len(order), _STEPS)
    parts, medians = [], []
    for first, last, each in ((0, longer * (few + 1), few + 1), (longer * (few + 1), len(order), few)):
        if first < last:
            parts.append(ranked[first:last].reshape(-1, each).mean(axis=1))
            groups = np.sort(tints[:, first:last].reshape(2, -1, each), axis=-1)
            medians.append((groups[..., (each - 1) // 2] + groups[..., each // 2]) / 2)
    levels, usual = np.concatenate(parts), np.concatenate(medians, axis=-1)
    toner = np.empty_like(colours)
    for channel in range(2):  # np.interp is faster on sorted luma
        toner[channel, order] = np.interp(ranked, levels, usual[channel])
    return toner


def _order(gray: np.ndarray) -> np.ndarray:
    """Return the indices that sort luma in [0, 1], float32, from dark to light, with equal luma in its original order.

    Integers with the bits of luma as their upper half sort ten times as fast as `argsort`.
    """
    keys = gray.view(np.uint32).astype(np.uint64) << np.uint64(32)
    keys |= np.arange(len(gray), dtype=np.uint64)
    keys.sort()
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.intp)


def _slow_changes(values: np.ndarray) -> np.ndarray:
    """Fit a polynomial of position to values of shape (channels, h, w), and return its values in the same shape.

    On a grid, products of orthonormal polynomials down and across are orthonormal, so no equations need solving.
    """
    down, across = (_polynomials(side) for side in values.shape[1:])
    degrees = np.add.outer(np.arange(down.shape[1]), np.arange(across.shape[1]))
    terms = down.T @ values @ across
    return down @ np.where(degrees <= _STAIN_DEGREE, terms, 0) @ across.T


@lru_cache(maxsize=256)
def _polynomials(side: int) -> np.ndarray:
    """Return orthonormal polynomials on `side` points, by rising degree, shape (side, at most five)."""
    return np.linalg.qr(np.vander(np.linspace(-1, 1, side), _STAIN_DEGREE + 1, increasing=True))[0]


def _root_mean_square(colours: np.ndarray) -> float:
    """Return the root mean square chroma, over Cb squared plus Cr squared, of planes of shape (2, h, w)."""
    return float(np.sqrt(np.vdot(colours, colours) / colours[0].size))
