"""Whether a photo is in colour, or a black-and-white one that was toned, has yellowed or is stained.

The colour of a toned print follows its luma: what the toner, the paper and the light do to one gray they do to every
other of the same level. Stains and yellowed edges vary slowly over the print. What neither explains is colour.
"""

from __future__ import annotations

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
    height, width, _ = rgb.shape
    colours, gray = chroma(rgb).reshape(-1, 2).astype(np.float64) * 255, luma(rgb).ravel()
    rest = colours - _toner(gray, colours)
    stains = _slow_changes(height, width)
    rest -= stains @ np.linalg.lstsq(stains, rest, rcond=None)[0]
    return _root_mean_square(colours), _root_mean_square(rest)


def _toner(gray: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Return the chroma that is usual at each part's luma: medians over parts of like luma, interpolated."""
    parts = [part for part in np.array_split(np.argsort(gray, kind="stable"), _STEPS) if part.size]
    levels = [gray[part].mean() for part in parts]
    usual = np.array([np.median(colours[part], axis=0) for part in parts])
    return np.stack([np.interp(gray, levels, usual[:, channel]) for channel in range(2)], axis=-1)


def _slow_changes(height: int, width: int) -> np.ndarray:
    """Return the terms of a polynomial of place, shape (height * width, terms)."""
    down, across = (place.ravel() for place in np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j])
    powers = range(_STAIN_DEGREE + 1)
    return np.stack([down**i * across**j for i in powers for j in powers if i + j <= _STAIN_DEGREE], axis=-1)


def _root_mean_square(colours: np.ndarray) -> float:
    return float(np.sqrt((colours**2).sum(axis=1).mean()))
