"""Where each place of a frame was in the frame before, and how far that can be relied on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

_SHARE, _SLACK = 0.01, 1.0
"""Forward and backward flow agree while the square of their sum is below 0.01 times their own squares plus a slack:
Sundaram, Brox and Keutzer 2010, "Dense point trajectories by GPU-accelerated large displacement optical flow",
https://doi.org/10.1007/978-3-642-15549-9_32, equation 5. The slack is half a pixel
there, and one here, where flow is found in fewer steps."""
_SAME_LUMA = 0.1
"""Change of luma, of 1, at which a place is hardly the same one."""
_PATCH_STRIDE, _DESCENT_STEPS, _REFINEMENTS = 4, 8, 0
"""Fewer than OpenCV's preset has (3, 25 and 5), which takes nearly twice the time; docs/FILM.md has what they cost."""


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
    search.setPatchStride(_PATCH_STRIDE)
    search.setGradientDescentIterations(_DESCENT_STEPS)
    search.setVariationalRefinementIterations(_REFINEMENTS)
    back, onward = search.calc(after, before, None), search.calc(before, after, None)
    places = _grid(len(before)) + back
    change = cv2.subtract(warped(before, places), after, dtype=cv2.CV_32F) * np.float32(1 / (255 * _SAME_LUMA))
    agreement = cv2.exp(-_disagreement(back, warped(onward, places)) - change * change)
    agreement[cv2.inRange(places, (0, 0), (len(before) - 1, len(before) - 1)) == 0] = 0
    return Motion(places, agreement, onward)


def _disagreement(back: np.ndarray, onward: np.ndarray) -> np.ndarray:
    """Return how far two flows are from undoing each other, 1 at the bound: float32, shape (size, size)."""
    (x, y), (onward_x, onward_y) = cv2.split(back), cv2.split(onward)  # whole planes are several times as fast
    apart = np.square(x + onward_x) + np.square(y + onward_y)
    lengths = np.square(x) + np.square(y) + np.square(onward_x) + np.square(onward_y)
    return apart / (np.float32(_SHARE) * lengths + np.float32(_SLACK))


def warped(values: np.ndarray, places: np.ndarray, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Return what values, float32 or uint8, shape (size, size) or (size, size, 2), are at some places: the same kind
    and shape.
    """
    return cv2.remap(values, places, None, interpolation, borderMode=cv2.BORDER_REPLICATE)


@cache
def _grid(size: int) -> np.ndarray:
    """Return the place of each pixel, (x, y): float32, shape (size, size, 2)."""
    side = np.arange(size, dtype=np.float32)
    return np.stack(np.meshgrid(side, side), axis=-1)


def standing(size: int) -> np.ndarray:
    """Return the places of a frame in which nothing has moved: float32, shape (size, size, 2)."""
    return _grid(size).copy()
