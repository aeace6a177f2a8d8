"""Motion between the frames of a film, and the scenes that it divides the film into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from colorizer.film.decode import FilmFacts, Frame
from colorizer.film.encode import gray_levels

_SHARE, _SLACK = 0.01, 1.0
"""Forward and backward flow agree if the square of their sum is below 0.01 times the sum of their squares plus a slack:
Sundaram, Brox and Keutzer 2010, "Dense point trajectories by GPU-accelerated large displacement optical flow",
https://doi.org/10.1007/978-3-642-15549-9_32, equation 5. The slack is 0.5 there and 1 here, because this flow is
computed in fewer steps."""
_SAME_LUMA = 0.1
"""Change in luma, on a scale of 1, from which a place is unlikely to be the same one."""
_PATCH_STRIDE, _DESCENT_STEPS, _REFINEMENTS = 4, 8, 0
"""Settings coarser than OpenCV's preset (3, 25 and 5), which takes nearly twice as long. docs/BENCHMARKS.md has the
quality."""


@dataclass(frozen=True)
class Motion:
    """Motion between two frames, both resized to the network's square."""

    places: np.ndarray
    """Position in the earlier frame of each place of the later one, (x, y) in pixels: float32, (size, size, 2)."""
    agreement: np.ndarray
    """Reliability of the motion: float32 in [0, 1], shape (size, size); 0 where a place has just come into view."""
    onward: np.ndarray
    """Flow from the earlier frame to the later one, in pixels: float32, shape (size, size, 2)."""


def find_motion(before: np.ndarray, after: np.ndarray) -> Motion:
    """Estimate the motion between two squares, uint8, shape (size, size).

    Uses OpenCV's implementation of dense inverse search: Kroeger, Timofte, Dai and Van Gool 2016, "Fast optical flow
    using dense inverse search", https://arxiv.org/abs/1603.03590.
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
    """Return how far two flows are from being inverse, with 1 at the limit: float32, shape (size, size)."""
    (x, y), (onward_x, onward_y) = cv2.split(back), cv2.split(onward)  # contiguous planes are several times faster
    apart = np.square(x + onward_x) + np.square(y + onward_y)
    lengths = np.square(x) + np.square(y) + np.square(onward_x) + np.square(onward_y)
    return apart / (np.float32(_SHARE) * lengths + np.float32(_SLACK))


def warped(values: np.ndarray, places: np.ndarray, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Sample values at positions.

    Args:
        values: float32 or uint8, shape (size, size) or (size, size, 2).
        places: Positions (x, y) in pixels, float32, shape (size, size, 2).
        interpolation: OpenCV's interpolation mode.

    Returns:
        The samples, with the dtype and shape of `values`.
    """
    return cv2.remap(values, places, None, interpolation, borderMode=cv2.BORDER_REPLICATE)


@cache
def _grid(size: int) -> np.ndarray:
    """Return the coordinates (x, y) of each pixel: float32, shape (size, size, 2)."""
    side = np.arange(size, dtype=np.float32)
    return np.stack(np.meshgrid(side, side), axis=-1)


def standing(size: int) -> np.ndarray:
    """Return the positions for a frame without motion: float32, shape (size, size, 2)."""
    return _grid(size).copy()


@dataclass(frozen=True)
class Moved:
    """A frame, and the motion since the previous one."""

    frame: Frame
    square: np.ndarray
    """The frame's luma at the network's size: uint8, 0 to 255, shape (size, size)."""
    motion: Motion | None
    """None where a scene begins."""


def moving(frames: Iterable[Frame], facts: FilmFacts, size: int, before: np.ndarray | None = None) -> Iterator[Moved]:
    """Yield frames with their motion; `before` is the square of the preceding frame, if there is one."""
    for frame in frames:
        square = gray_levels(_squeezed(frame.luma, size), facts)
        motion = None
        if before is not None:
            found = find_motion(before, square)
            motion = None if begins_scene(before, square, found) else found
        yield Moved(frame, square, motion)
        before = square


def _squeezed(luma: np.ndarray, size: int) -> np.ndarray:
    """Resize luma to the network's size by averaging areas."""
    while min(luma.shape) >= 3 * size:  # averaging four pixels is much faster than averaging fractions of pixels
        luma = cv2.resize(luma, (luma.shape[1] // 2, luma.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return cv2.resize(luma, (size, size), interpolation=cv2.INTER_AREA)


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
    blank, and the next one begins when the picture returns. docs/BENCHMARKS.md lists the error rates.

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
