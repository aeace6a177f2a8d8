"""Resize frames to the network's square and estimate the motion between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from colorizer.film.chroma_planes import gray_levels
from colorizer.film.cuts import begins_scene
from colorizer.film.flow import Motion, find_motion
from colorizer.film.reading import FilmFacts, Frame


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
        motion = None if before is None else find_motion(before, square)
        if motion is not None and begins_scene(before, square, motion):
            motion = None
        yield Moved(frame, square, motion)
        before = square


def _squeezed(luma: np.ndarray, size: int) -> np.ndarray:
    """Resize luma to the network's size by averaging areas."""
    while min(luma.shape) >= 3 * size:  # averaging four pixels is much faster than averaging fractions of pixels
        luma = cv2.resize(luma, (luma.shape[1] // 2, luma.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return cv2.resize(luma, (size, size), interpolation=cv2.INTER_AREA)
