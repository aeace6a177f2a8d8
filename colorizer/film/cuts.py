"""Detect where a film's scenes begin: after a cut, or when the picture returns from black or white."""

from __future__ import annotations

import cv2
import numpy as np

from colorizer.film.flow import Motion, warped

_BLANK, _BLOCKS = 4.0, (16, 16)
"""Standard deviation of luma, in levels of 255, below which a frame is blank, and the grid of blocks whose means are
compared. Averaging removes grain."""
_LEAST_AGREEMENT, _LEAST_LIKENESS = 0.1, 0.8
"""Minimum mean agreement of the flow, and minimum correlation of luma after motion compensation, between two frames of
one scene."""
_BINS = 32
_LEAST_DIFFERENCE = 0.1
"""Minimum fraction of pixels whose luma moves to a different histogram bin at a cut."""


def begins_scene(before: np.ndarray, after: np.ndarray, motion: Motion) -> bool:
    """Return whether a scene begins between two frames.

    A cut is detected where the luma histogram changes, the flow between the frames agrees nowhere, and the
    motion-compensated earlier frame does not resemble the later one. A scene that fades out ends when the frame is
    blank, and the next one begins when the picture returns. docs/FILM.md lists the error rates.

    Args:
        before: The earlier frame at the network's size, uint8, shape (size, size).
        after: The later frame, likewise.
        motion: Motion between the two.
    """
    if is_blank(after):
        return False
    if is_blank(before):
        return True
    if motion.agreement.mean() >= _LEAST_AGREEMENT:
        return False
    is_other = np.abs(_histogram(before) - _histogram(after)).sum() / 2 > _LEAST_DIFFERENCE
    return bool(is_other) and _likeness(before, after, motion) < _LEAST_LIKENESS


def is_blank(square: np.ndarray) -> bool:
    """Return whether a frame is blank, such as the black between two fades."""
    return float(cv2.resize(square.astype(np.float32), _BLOCKS, interpolation=cv2.INTER_AREA).std()) < _BLANK


def _histogram(square: np.ndarray) -> np.ndarray:
    return np.bincount(square.ravel() // (256 // _BINS), minlength=_BINS) / square.size


def _likeness(before: np.ndarray, after: np.ndarray, motion: Motion) -> float:
    """Return the correlation of the later frame's luma with the motion-compensated earlier one."""
    moved = warped(before.astype(np.float32), motion.places)
    if moved.std() < 1:  # a uniform frame has no correlation
        return 0.0
    return float(np.corrcoef(moved.ravel(), after.ravel())[0, 1])
