"""Where each place of a frame was in the frame before, and how far that can be relied on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

_SHARE, _SLACK = 0.01, 0.5
"""Forward and backward flow agree while the square of their sum is below 0.01 times their own squares plus 0.5 pixels:
Sundaram, Brox and Keutzer 2010, "Dense point trajectories by GPU-accelerated large displacement optical flow",
https://doi.org/10.1007/978-3-642-15549-9_32, equation 5."""
_SAME_LUMA = 0.1
"""Change of luma, of 1, at which a place is hardly the same one."""


@dataclass(frozen=True)
class Motion:
    """What moved between two frames, both squeezed to the network's size."""

    places: np.ndarray
    """Where each place of the later frame is in the earlier one, (x, y), in pixels: float32, shape (size, size, 2)."""
    agreement: np.ndarray
    """How far to rely on that: float32 in [0, 1], shape (size, size); 0 where the place has just come into view."""
    onward: np.ndarray
    """Flow from the earlier frame to the later one, in pixels: float32, shape (size, size, 2)."""


def find_motion(before: np.ndarray, after: np.ndarray) -> Motion:
    """Return what moved between two squares, uint8, shape (size, size).

    Dense inverse search: Kroeger, Timofte, Dai and Van Gool 2016, "Fast optical flow using dense inverse search",
    https://arxiv.org/abs/1603.03590, as OpenCV has it.
    """
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    back, onward = search.calc(after, before, None), search.calc(before, after, None)
    size = before.shape[0]
    places = _grid(size) + back
    onward_there = warped(onward, places)
    apart = np.square(back + onward_there).sum(axis=-1)
    bound = _SHARE * (np.square(back) + np.square(onward_there)).sum(axis=-1) + _SLACK
    is_inside = ((places >= 0) & (places <= size - 1)).all(axis=-1)
    change = (warped(before.astype(np.float32), places) - after) / 255
    agreement = np.exp(-apart / bound - np.square(change / _SAME_LUMA)) * is_inside
    return Motion(places, agreement.astype(np.float32), onward)


def warped(values: np.ndarray, places: np.ndarray, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Return what float32 values, shape (size, size) or (size, size, 2), are at some places: their own shape."""
    return cv2.remap(values, places, None, interpolation, borderMode=cv2.BORDER_REPLICATE)


@cache
def _grid(size: int) -> np.ndarray:
    """Return the place of each pixel, (x, y): float32, shape (size, size, 2)."""
    side = np.arange(size, dtype=np.float32)
    return np.stack(np.meshgrid(side, side), axis=-1)


def standing(size: int) -> np.ndarray:
    """Return the places of a frame in which nothing has moved: float32, shape (size, size, 2)."""
    return _grid(size).copy()
