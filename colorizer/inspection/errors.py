"""Measure how far a network's colors are from the true ones, by place and by color."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from skimage.color import deltaE_ciede2000, lab2lch, rgb2lab

from colorizer.inspection.viewing import ViewedPhoto
from colorizer.photos.color import CHROMA_TO_OFFSET, merge

GROUPS = ("sky", "skin", "green", "other colours", "nearly gray")
"""Kinds of places, by their true color."""
_GRAY = 8.0
"""CIELAB chroma below which a color is nearly gray."""


@dataclass(frozen=True)
class ColourGroup:
    """Figures of a network on all places of one kind."""

    name: str
    """One of `GROUPS`."""
    share: float
    """Fraction of all places."""
    error: float
    """Mean CIEDE2000 between predicted and true color at the same luma; about 2 is just noticeable."""
    gray_error: float
    """The same for leaving the photo gray."""
    chroma_share: float
    """Mean predicted chroma as a fraction of the mean true chroma."""


def chroma_error(photo: ViewedPhoto) -> np.ndarray | None:
    """Return how far a photo's colors are from the true ones, per place; None if these are unknown.

    The measure is CIEDE2000 (`evaluation.scores`) of both chromas at the luma that the network saw: float32, shape
    (size, size).
    """
    if photo.true_chroma is None:
        return None
    truth, predicted = _lab(photo.luma, photo.true_chroma), _lab(photo.luma, photo.chroma)
    return deltaE_ciede2000(truth, predicted).astype(np.float32)


def errors_by_colour(photos: Sequence[ViewedPhoto]) -> tuple[ColourGroup, ...]:
    """Return figures for each kind of place in photos with known colors, omitting kinds that do not occur."""
    places, figures = [], []
    for photo in photos:
        if photo.true_chroma is None:
            continue
        truth, predicted = _lab(photo.luma, photo.true_chroma), _lab(photo.luma, photo.chroma)
        gray = _lab(photo.luma, np.zeros_like(photo.true_chroma))
        places.append(colour_groups(truth).ravel())
        errors = [deltaE_ciede2000(truth, each).ravel() for each in (predicted, gray)]
        chromas = [np.hypot(each[..., 1], each[..., 2]).ravel() for each in (predicted, truth)]
        figures.append(np.stack([*errors, *chromas]))
    if not places:
        return ()
    kinds, table = np.concatenate(places), np.concatenate(figures, axis=1)
    groups = []
    for number, name in enumerate(GROUPS):
        here = table[:, kinds == number]
        if here.size:
            error, gray_error, chroma, true_chroma = map(float, here.mean(axis=1))
            share = here.shape[1] / len(kinds)
            groups.append(ColourGroup(name, share, error, gray_error, chroma / max(true_chroma, 1e-6)))
    return tuple(groups)


def colour_groups(lab: np.ndarray) -> np.ndarray:
    """Classify each place of a photo by its true color: indices into `GROUPS`, shape (h, w).

    The rules of thumb use lightness, chroma and hue, so they mistake sand for skin and blue walls for sky. Light blue
    in the upper half of a photo is sky. Medium chroma between red and yellow, neither dark nor white, is skin. Hues
    between yellow and cyan are green.

    Args:
        lab: CIELAB, shape (h, w, 3).
    """
    lightness, strength, hue = np.moveaxis(lab2lch(lab), -1, 0)
    degrees = np.rad2deg(hue) % 360
    is_upper = (np.arange(lab.shape[0]) < lab.shape[0] / 2)[:, None]
    has_colour = strength >= _GRAY
    is_sky = has_colour & is_upper & (degrees > 200) & (degrees < 300) & (lightness > 45)
    is_skin = has_colour & (degrees > 25) & (degrees < 75) & (strength < 40) & (lightness > 35) & (lightness < 92)
    is_green = has_colour & (degrees >= 100) & (degrees <= 190)
    return np.select([is_sky, is_skin, is_green, has_colour], [0, 1, 2, 3], 4)


def _lab(luma: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    """Return CIELAB of luma and chroma, with out-of-gamut colors moved towards gray."""
    offset = np.moveaxis(chroma @ CHROMA_TO_OFFSET, -1, 0)
    return rgb2lab(np.moveaxis(merge(luma, offset), 0, -1))
