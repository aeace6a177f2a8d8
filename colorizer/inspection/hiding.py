"""The check of an explanation: hide what it marks, and see whether the colour changes more than it does otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from colorizer.inspection.attribution import Attribution
from colorizer.network.network import Network
from colorizer.photos.color import chroma

MARKED_SHARE = 0.1
"""Share of the photo that counts as marked: its places of most weight."""
_ELSEWHERE = 4
"""Other places of the same shape and area that are hidden in turn."""
_MOST_OVERLAP = 0.1
"""Share of the marked area that such a place may cover."""
_SOFTENED, _BLURRED = 1 / 64, 1 / 10
"""Of the network's size: how wide the edge of what is hidden is, and how far what hides it was blurred (standard
deviations). A patch of even gray would be a thing of its own, with edges; fog is not."""


@dataclass(frozen=True)
class Hiding:
    """What hiding parts of a photo does to the colour of one region, as shares of that colour."""

    marked: float
    """Change when the places of most weight are hidden."""
    elsewhere: float
    """Change when equal areas elsewhere are, on average; NaN where there is no room for any."""


def hide_marked(network: Network, luma: np.ndarray, attribution: Attribution, seed: int = 0) -> Hiding:
    """Hide the tenth of a photo that an explanation marks most, then equal areas elsewhere, and compare.

    `luma`: what the network sees, float32 in [0, 1], shape (size, size). Occlusion after Zeiler and Fergus 2014,
    https://arxiv.org/abs/1311.2901, section 4.2, with blur in the place of a gray square. The change is the distance
    that the region's mean chroma moves, as a share of its chroma.
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
    """Return the tenth of a map's places that have most weight: float32, 1 there and 0 elsewhere."""
    smooth = gaussian_filter(signed, len(signed) / 64)
    return (smooth >= np.quantile(smooth, 1 - MARKED_SHARE)).astype(np.float32)


def _hide(luma: np.ndarray, mask: np.ndarray) -> np.ndarray:
    soft, fog = gaussian_filter(mask, len(luma) * _SOFTENED), gaussian_filter(luma, len(luma) * _BLURRED)
    return luma * (1 - soft) + fog * soft


def _elsewhere(marked: np.ndarray, seed: int) -> list[np.ndarray]:
    """Return the marked shape moved to other places, around the edges of the photo where it must."""
    random, size, found = np.random.default_rng(seed), len(marked), []
    for _ in range(50 * _ELSEWHERE):
        moved = np.roll(marked, random.integers(0, size, 2), (0, 1))
        if (moved * marked).sum() < _MOST_OVERLAP * marked.sum():
            found.append(moved)
        if len(found) == _ELSEWHERE:
            break
    return found
