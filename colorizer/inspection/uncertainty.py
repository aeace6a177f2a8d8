"""How far a network's colors are from the true ones, where it is uncertain, and whether that predicts its errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from PIL import Image
from scipy.stats import rankdata
from skimage.color import deltaE_ciede2000, lab2lch, rgb2lab

from colorizer.inspection.viewing import ViewedPhoto
from colorizer.network.architectures import LOGITS, is_classifier
from colorizer.network.network import Network
from colorizer.photos.color import CHROMA_TO_OFFSET, chroma, merge

GROUPS = ("sky", "skin", "green", "other colors", "nearly gray")
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


_SHIFT = 1 / 16
"""Shift between views, as a fraction of the photo: less than a feature of the middle, more than one of the decoder."""
_BINS = 10
"""Number of points of the reliability curve: tenths of all places, sorted by uncertainty."""


@dataclass(frozen=True)
class Reliability:
    """Whether uncertainty predicts error, over all places of some photos."""

    uncertainty: tuple[float, ...]
    """Mean uncertainty of each tenth of the places, from the most certain to the least certain."""
    error: tuple[float, ...]
    """Mean error of the same places."""
    correlation: float
    """Spearman's rank correlation of uncertainty and error over all places: 1 if the most uncertain places are always
    the most wrong, 0 if they are unrelated."""


def uncertainty_map(network: Network, luma: np.ndarray) -> np.ndarray:
    """Return how uncertain a network is of each place of a photo: float32, shape (size, size), nonnegative.

    With a classifying head, this is the entropy of its bins, as a fraction of the entropy of a uniform distribution
    (Shannon 1948, https://doi.org/10.1002/j.1538-7305.1948.tb01338.x). Otherwise, it is how much the chroma of a place
    varies between mirrored and shifted views of the photo: the root mean square distance from their mean, in units of
    chroma. This is test-time augmentation as a measure of uncertainty (Wang et al. 2019,
    https://arxiv.org/abs/1807.07356).

    Args:
        network: The network.
        luma: The network's input, float32 in [0, 1], shape (size, size).
    """
    return _entropy(network, luma) if is_classifier(network.model) else _disagreement(network, luma)


def reliability(uncertainties: Sequence[np.ndarray], errors: Sequence[np.ndarray]) -> Reliability:
    """Compare uncertainty and error place by place, given one array of each per photo, with equal shapes."""
    unsure, wrong = (
        np.concatenate([each.ravel() for each in uncertainties]),
        np.concatenate([each.ravel() for each in errors]),
    )
    order = np.argsort(unsure, kind="stable")
    parts = [part for part in np.array_split(order, _BINS) if len(part)]
    ranks = rankdata(unsure), rankdata(wrong)
    is_flat = any(np.ptp(each) == 0 for each in ranks)
    return Reliability(
        uncertainty=tuple(float(unsure[part].mean()) for part in parts),
        error=tuple(float(wrong[part].mean()) for part in parts),
        correlation=0.0 if is_flat else float(np.corrcoef(*ranks)[0, 1]),
    )


def _entropy(network: Network, luma: np.ndarray) -> np.ndarray:
    head = keras.Model(network.model.inputs[0], network.model.get_layer(LOGITS).output)
    likelihoods = np.asarray(keras.ops.softmax(head(luma[None, ..., None], training=False)), np.float32)[0]
    entropy = -(likelihoods * np.log(np.maximum(likelihoods, 1e-12))).sum(axis=-1) / np.log(likelihoods.shape[-1])
    size = (network.size, network.size)
    return np.asarray(Image.fromarray(entropy.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))


def _disagreement(network: Network, luma: np.ndarray) -> np.ndarray:
    size, step = network.size, max(1, round(network.size * _SHIFT))
    padded = np.pad(luma, step, mode="reflect")
    places = ((0, 0), (step, 0), (0, step), (-step, 0), (0, -step))
    views = []
    for down, across in places:
        moved = padded[step + down : step + down + size, step + across : step + across + size]
        views += [moved, moved[:, ::-1]]
    proposed = chroma(network.predict(np.stack(views)[..., None]))
    proposed[1::2] = proposed[1::2, :, ::-1]
    # Places near the edges are visible in some of the views only.
    seen = np.pad(proposed, ((0, 0), (step, step), (step, step), (0, 0)), constant_values=np.nan)
    back = [
        seen[number, step - down : step - down + size, step - across : step - across + size]
        for number, (down, across) in enumerate(place for place in places for _ in range(2))
    ]
    return np.sqrt(np.nanvar(back, axis=0).sum(axis=-1)).astype(np.float32)
