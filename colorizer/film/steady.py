"""Colours that keep from frame to frame: what a place had a moment ago, blended with what is proposed for it now.

As in Lai et al. 2018, "Learning blind video temporal consistency", https://arxiv.org/abs/1808.00449, colours of before
count where the flow agrees; there a place has the mean of all that was proposed for it in the scene, of which the older
part fades. What has just come into view begins with its own proposal.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from colorizer.film.flow import Motion, warped

_MOST_KEPT = 0.95
"""Share of what was there before, once a place has been seen for twenty frames."""


@dataclass(frozen=True)
class Steadied:
    """The colours of a frame, and how long each has been there."""

    chroma: np.ndarray
    """BT.709 (Cb, Cr), float32 in [-0.5, 0.5], shape (size, size, 2)."""
    age: np.ndarray
    """For how many frames, about, each place has been in view: float32, shape (size, size)."""


def first_of_scene(proposed: np.ndarray) -> Steadied:
    """Return the colours of a scene's first frame: what is proposed, BT.709, float32, shape (size, size, 2)."""
    return Steadied(proposed, np.ones(proposed.shape[:2], np.float32))


def steadied(before: Steadied, motion: Motion, proposed: np.ndarray) -> Steadied:
    """Return the colours of a frame that follows another one of its scene."""
    age = warped(before.age, motion.places) * motion.agreement
    new = np.maximum(1 / (age + 1), np.float32(1 - _MOST_KEPT))
    moved = warped(before.chroma, motion.places, cv2.INTER_CUBIC)
    return Steadied(moved + cv2.merge((new, new)) * (proposed - moved), age + 1)
