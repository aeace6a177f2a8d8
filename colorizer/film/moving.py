"""Frames squeezed to a network's size, each with what moved since the one before it."""

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
    """A frame, and what moved since the one before it."""

    frame: Frame
    square: np.ndarray
    """The frame's luma at the network's size: uint8, 0 to 255, shape (size, size)."""
    motion: Motion | None
    """None where a scene begins."""


def moving(frames: Iterable[Frame], facts: FilmFacts, size: int, before: np.ndarray | None = None) -> Iterator[Moved]:
    """Pass frames on with their motion; `before` is the square of the frame that precedes them, if there is one."""
    for frame in frames:
        square = gray_levels(_squeezed(frame.luma, size), facts)
        motion = None if before is None else find_motion(before, square)
        if motion is not None and begins_scene(before, square, motion):
            motion = None
        yield Moved(frame, square, motion)
        before = square


def _squeezed(luma: np.ndarray, size: int) -> np.ndarray:
    """Return luma at the network's size, each pixel the mean of those it covers."""
    while min(luma.shape) >= 3 * size:  # means of four are much faster than those of shares of pixels
        luma = cv2.resize(luma, (luma.shape[1] // 2, luma.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return cv2.resize(luma, (size, size), interpolation=cv2.INTER_AREA)
