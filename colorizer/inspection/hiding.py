"""Test an explanation: hide what it marks, and compare the change in color with hiding other parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from colorizer.inspection.attribution import Attribution
from colorizer.network.network import Network
from colorizer.photos.color import chroma

MARKED_SHARE = 0.1
"""Fraction of the photo that counts as marked: the places with the largest weights."""
_ELSEWHERE = 4
"""Number of other places of the same shape and area that are hidden in turn."""
_MOST_OVERLAP = 0.1
"""Maximum fraction of the marked area that such a place may cover."""
_SOFTENED, _BLURRED = 1 / 64, 1 / 10
"""Standard deviations of the blur at the edge of the hidden area and of the blur that hides it, as fractions of the
network's size. A uniform gray patch would be an object with edges of its own; blur is not."""


@dataclass(frozen=True)
class Hiding:
    """Change in the color of a region when parts of the photo are hidden, as fractions of that color."""

    marked: float
    """Change when the places with the largest weights are hidden."""
    elsewhere: float
    """Average change when equal areas elsewhere are hidden; NaN if there is no space for any."""


def hide_marked(network: Network, luma: np.ndarray, attribution: Attribution, seed: int = 0) -> Hiding:
    """Hide the tenth of a photo that an explanation marks most, then equal areas elsewhere, and compare.

    This is occlusion as in Zeiler and Fergus 2014, https://arxiv.org/abs/1311.2901, section 4.2, with blur instead of a
    gray square. The change is the distance that the region's mean chroma moves, as a fraction of its chroma.

    Args:
        network: The network.
        luma: The network's input, float32 in [0, 1], shape (size, size).
        attribution: The explanation.
        seed: Seed for choosing the other areas.
    """
    marked = most_marked(attribution.signed)
    masks = [marked, *_elsewhere(marked, seed)]
    hidden = np.stack([luma, *(_hide(luma, mask) for mask in masks)]).astype(np.float32)
    rgb = network.predict(hidden[..., None])
    inside = attribution.region.mask(network.size)[..., None]
    colours = (chroma(rgb) * inside).sum(axis=(1, 2)) / inside.sum()
    changes = np.hypot(*(colours[1:] - colours[0]).T) / max(float(np.hypot(*colours[0])), 1e-6)
    return Hiding(float(changes[0]), float(changes[1:].mean()) if len(changes) > 1 else float("nan"))


def most_marked(signed: np.ndarray) -> np.ndarray:
    """Return a mask of the tenth of a map with the largest weights: float32, 1 there and 0 elsewhere."""
    smooth = gaussian_filter(signed, len(signed) / 64)
    return (smooth >= np.quantile(smooth, 1 - MARKED_SHARE)).astype(np.float32)


def _hide(luma: np.ndarray, mask: np.ndarray) -> np.ndarray:
    soft, fog = gaussian_filter(mask, len(luma) * _SOFTENED), gaussian_filter(luma, len(luma) * _BLURRED)
    return luma * (1 - soft) + fog * soft


def _elsewhere(marked: np.ndarray, seed: int) -> list[np.ndarray]:
    """Move the marked shape to other places, wrapping around the edges of the photo."""
    random, size, found = np.random.default_rng(seed), len(marked), []
    for _ in range(50 * _ELSEWHERE):
        moved = np.roll(marked, random.integers(0, size, 2), (0, 1))
        if (moved * marked).sum() < _MOST_OVERLAP * marked.sum():
            found.append(moved)
        if len(found) == _ELSEWHERE:
            break
    return found
