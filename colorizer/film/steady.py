"""Stabilize colors over time by blending those of the previous frame with the new prediction.

As in Lai et al. 2018, "Learning blind video temporal consistency", https://arxiv.org/abs/1808.00449, previous colors
count where the flow agrees. There, a place gets the mean of all predictions for it in the scene, with older ones fading
out. Places that have just come into view start with their own prediction.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from colorizer.film.flow import Motion, warped

_MOST_KEPT = 0.95
"""Weight of the previous colors once a place has been visible for twenty frames."""


@dataclass(frozen=True)
class Steadied:
    """The colors of a frame, and how long each place has been visible."""

    chroma: np.ndarray
    """BT.709 (Cb, Cr), float32 in [-0.5, 0.5], shape (size, size, 2)."""
    age: np.ndarray
    """Approximate number of frames for which each place has been visible: float32, shape (size, size)."""


def first_of_scene(proposed: np.ndarray) -> Steadied:
    """Return the colors of a scene's first frame from the prediction, BT.709, float32, shape (size, size, 2)."""
    return Steadied(proposed, np.ones(proposed.shape[:2], np.float32))


def steadied(before: Steadied, motion: Motion, proposed: np.ndarray) -> Steadied:
    """Return the colors of a frame from those of the previous frame and the prediction."""
    age = warped(before.age, motion.places) * motion.agreement
    new = np.maximum(1 / (age + 1), np.float32(1 - _MOST_KEPT))
    moved = warped(before.chroma, motion.places, cv2.INTER_CUBIC)
    return Steadied(moved + cv2.merge((new, new)) * (proposed - moved), age + 1)
