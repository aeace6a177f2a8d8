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
    whole = image if image.mode in ("RGB", "RGBA", "CMYK") else image.convert("RGB")
    rgb = np.asarray(whole.reduce(step).convert("RGB"), np.float32) / 255
    colours = chroma(rgb).astype(np.float64) * 255
    rest = colours - _toner(luma(rgb).ravel(), colours.reshape(-1, 2)).reshape(colours.shape)
    rest -= _slow_changes(rest)
    return _root_mean_square(colours), _root_mean_square(rest)


def _toner(gray: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Return the chroma that is usual at each part's luma: medians over parts of like luma, interpolated."""
    order = np.argsort(gray, kind="stable")
    few, longer = divmod(len(order), _STEPS)
    groups = (order[: longer * (few + 1)].reshape(longer, few + 1), order[longer * (few + 1) :].reshape(-1, few or 1))
    groups = [group for group in groups if group.size]
    levels = np.concatenate([gray[group].mean(axis=1) for group in groups])
    usual = np.concatenate([np.median(colours[group], axis=1) for group in groups])
    return np.stack([np.interp(gray, levels, usual[:, channel]) for channel in range(2)], axis=-1)


def _slow_changes(values: np.ndarray) -> np.ndarray:
    """Return the polynomial of place that is nearest to values of shape (h, w, channels), of the same shape.

    On a grid, products of orthonormal polynomials down and across are orthonormal, so that no equations need solving.
    """
    down, across = (_polynomials(side) for side in values.shape[:2])
    degrees = np.add.outer(np.arange(down.shape[1]), np.arange(across.shape[1]))
    terms = down.T @ np.moveaxis(values, -1, 0) @ across
    return np.moveaxis(down @ np.where(degrees <= _STAIN_DEGREE, terms, 0) @ across.T, 0, -1)


@lru_cache(maxsize=256)
def _polynomials(side: int) -> np.ndarray:
    """Return polynomials that are orthonormal on so many places, by rising degree, shape (side, at most five)."""
    return np.linalg.qr(np.vander(np.linspace(-1, 1, side), _STAIN_DEGREE + 1, increasing=True))[0]


def _root_mean_square(colours: np.ndarray) -> float:
    return float(np.sqrt((colours**2).sum(axis=-1).mean()))
