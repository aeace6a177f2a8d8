"""Where a film's scenes begin: after a cut, or where a picture comes out of black or white again."""

from __future__ import annotations

import cv2
import numpy as np

from colorizer.film.flow import Motion, warped

_BLANK, _BLOCKS = 4.0, (16, 16)
"""Standard deviation of luma, in levels of 255, below which a frame shows nothing, and the blocks whose means count:
grain has none."""
_LEAST_AGREEMENT, _LEAST_LIKENESS = 0.1, 0.8
"""Between two frames of a scene that were moved along its flow: mean agreement of the flow, and correlation of luma."""
_BINS = 32
_LEAST_DIFFERENCE = 0.1
"""Share of pixels whose luma is in another of the bins."""


def begins_scene(before: np.ndarray, after: np.ndarray, motion: Motion) -> bool:
    """Say whether a scene begins between two frames' squares, uint8, shape (size, size).

    A cut is where the luma histogram changes, the flow between the frames agrees nowhere, and the earlier frame, moved
    along it, is not like the later one. A scene that fades out ends with it, and the next begins when something is seen
    again. docs/FILM.md has how often that errs.
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
    """Say whether a frame shows nothing, such as the black between two fades."""
    return float(cv2.resize(square.astype(np.float32), _BLOCKS, interpolation=cv2.INTER_AREA).std()) < _BLANK


def _histogram(square: np.ndarray) -> np.ndarray:
    return np.bincount(square.ravel() // (256 // _BINS), minlength=_BINS) / square.size


def _likeness(before: np.ndarray, after: np.ndarray, motion: Motion) -> float:
    """Return the correlation of the later frame's luma with the earlier one's, moved along the flow."""
    moved = warped(before.astype(np.float32), motion.places)
    if moved.std() < 1:  # a single tone, wherever the flow has led
        return 0.0
    return float(np.corrcoef(moved.ravel(), after.ravel())[0, 1])
