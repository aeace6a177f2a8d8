"""Regions of a photo on the network's grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from colorizer.errors import ColorizeError

REGION_SHARE = 1 / 8
"""Side of a region, as a fraction of the network's side: about a face in a group, or a window of a house."""
_LEAST_CHROMA = 0.04
"""Mean chroma below which a region looks gray: ten levels of 255."""


@dataclass(frozen=True)
class Region:
    """A rectangle on the network's grid: rows from `top` to `bottom`, columns from `left` to `right`, ends excluded."""

    left: int
    top: int
    right: int
    bottom: int

    def mask(self, size: int) -> np.ndarray:
        """Return the region as a mask: float32, 1 inside and 0 outside, shape (size, size)."""
        inside = np.zeros((size, size), np.float32)
        inside[self.top : self.bottom, self.left : self.right] = 1
        return inside


def region_around(x: float, y: float, width: int, height: int, size: int) -> Region:
    """Return the region around a point of a photo.

    Args:
        x: Column of the point, in pixels from the upper left corner.
        y: Row of the point, likewise.
        width: Width of the photo, in pixels.
        height: Height of the photo, in pixels.
        size: Side of the network's grid.

    Raises:
        ColorizeError: The point lies outside the photo.
    """
    if not (0 <= x < width and 0 <= y < height):
        raise ColorizeError(f"The point {x:g},{y:g} lies outside the photo, which has {width} x {height} pixels.")
    side = max(1, round(size * REGION_SHARE))
    left = min(max(0, round(x / width * size - side / 2)), size - side)
    top = min(max(0, round(y / height * size - side / 2)), size - side)
    return Region(left, top, left + side, top + side)


def colourful_regions(chroma: np.ndarray, count: int = 2) -> tuple[Region, ...]:
    """Return the most colorful regions of a photo, each of a different hue, most colorful first.

    Hues count as different if they are more than 45 degrees apart. There are fewer than `count` regions if the rest of
    the photo is gray or has the same hues.

    Args:
        chroma: Predicted Cb and Cr, float32, shape (size, size, 2).
        count: Maximum number of regions.
    """
    size = len(chroma)
    side = max(1, round(size * REGION_SHARE))
    candidates = []
    for top in range(0, size - side + 1, max(1, side // 2)):
        for left in range(0, size - side + 1, max(1, side // 2)):
            mean = chroma[top : top + side, left : left + side].mean(axis=(0, 1))
            candidates.append((float(np.hypot(*mean)), Region(left, top, left + side, top + side), mean))
    candidates = sorted((each for each in candidates if each[0] >= _LEAST_CHROMA), key=lambda each: -each[0])
    chosen: list[tuple[float, Region, np.ndarray]] = []
    for candidate in candidates:
        if len(chosen) < count and all(_cosine(candidate[2], each[2]) < np.cos(np.pi / 4) for each in chosen):
            chosen.append(candidate)
    return tuple(region for _, region, _ in chosen)


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / max(np.hypot(*one) * np.hypot(*other), 1e-9))
