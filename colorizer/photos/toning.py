"""Whether a photo is in colour, or a black-and-white one that was toned, has yellowed or is stained.

The colour of a toned print follows its luma: what the toner, the paper and the light do to one gray they do to every
other of the same level. Stains and yellowed edges vary slowly over the print. What neither explains is colour.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image

from colorizer.photos.color import chroma, luma
from colorizer.settings import PhotoLimits

_SAMPLES = 2304
"""Parts of a photo that are looked at, each by its mean: noise averages out, things in a picture do not."""
_STEPS = 16
"""Levels of luma, each of as many parts, between which the colour of a toner is interpolated."""

_STAIN_DEGREE = 4
"""Of the polynomial that stands for stains; with less, stains count as colour, with more, muted colours as stains."""


def is_in_colour(image: Image.Image, limits: PhotoLimits | None = None) -> bool:
    """Say whether a photo of any mode that converts to RGB shows colours that its luma does not explain.

    The bounds are `limits.toned_least`, `toned_share` and `toned_most`; docs/PHOTOS.md says how often they err.
    """
    limits = limits or PhotoLimits()
    colours, unexplained = chroma_left(image)
    bound = min(limits.toned_least + limits.toned_share * colours, limits.toned_most)
    return unexplained > bound


def chroma_left(image: Image.Image) -> tuple[float, float]:
    """Return the root mean square of a photo's chroma, in levels of 255, and of what luma and place do not explain."""
    step = max(1, round((image.width * image.height / _SAMPLES) ** 0.5))
    whole = image if image.mode in ("RGB", "RGBA", "RGBX", "CMYK") else image.convert("RGB")
    rgb = np.asarray(whole.reduce(step).convert("RGB"), np.float32) / 255
    colours = np.ascontiguousarray(np.moveaxis(chroma(rgb), -1, 0), np.float64) * 255
    rest = colours - _toner(luma(rgb).ravel(), colours.reshape(2, -1)).reshape(colours.shape)
    rest -= _slow_changes(rest)
    return _root_mean_square(colours), _root_mean_square(rest)


def _toner(gray: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Return the chroma, shape (2, n), that is usual at each part's luma: medians over parts of like luma, interpolated
    between.

    Each small call holds the interpreter's lock, for which threads wait: so there are few.
    """
    order = _order(gray)
    ranked, tints = gray[order], colours[:, order]
    few, longer = divmod(len(order), _STEPS)
    levels, usual = [], []
    for first, last, each in ((0, longer * (few + 1), few + 1), (longer * (few + 1), len(order), few)):
        if first < last:
            levels.append(ranked[first:last].reshape(-1, each).mean(axis=1))
            groups = np.sort(tints[:, first:last].reshape(2, -1, each), axis=-1)
            usual.append((groups[..., (each - 1) // 2] + groups[..., each // 2]) / 2)
    levels, usual = np.concatenate(levels), np.concatenate(usual, axis=-1)
    toner = np.empty_like(colours)
    for channel in range(2):  # of luma in order, each place is found beside the one before
        toner[channel, order] = np.interp(ranked, levels, usual[channel])
    return toner


def _order(gray: np.ndarray) -> np.ndarray:
    """Return the places of luma in [0, 1], float32, from dark to light, and of equal luma as they come.

    As whole numbers, of which the bits of luma are the upper half, they are sorted ten times as fast as by `argsort`.
    """
    keys = gray.view(np.uint32).astype(np.uint64) << np.uint64(32)
    keys |= np.arange(len(gray), dtype=np.uint64)
    keys.sort()
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.intp)


def _slow_changes(values: np.ndarray) -> np.ndarray:
    """Return the polynomial of place that is nearest to values of shape (channels, h, w), of the same shape.

    On a grid, products of orthonormal polynomials down and across are orthonormal, so that no equations need solving.
    """
    down, across = (_polynomials(side) for side in values.shape[1:])
    degrees = np.add.outer(np.arange(down.shape[1]), np.arange(across.shape[1]))
    terms = down.T @ values @ across
    return down @ np.where(degrees <= _STAIN_DEGREE, terms, 0) @ across.T


@lru_cache(maxsize=256)
def _polynomials(side: int) -> np.ndarray:
    """Return polynomials that are orthonormal on so many places, by rising degree, shape (side, at most five)."""
    return np.linalg.qr(np.vander(np.linspace(-1, 1, side), _STAIN_DEGREE + 1, increasing=True))[0]


def _root_mean_square(colours: np.ndarray) -> float:
    """Return the root of the mean of Cb squared plus Cr squared, for planes of both, shape (2, h, w)."""
    return float(np.sqrt(np.vdot(colours, colours) / colours[0].size))
