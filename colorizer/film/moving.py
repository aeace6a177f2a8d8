"""Frames squeezed to a network's size, each with what moved since the one before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from colorizer.film.chroma_planes import gray_levels
from colorizer.film.cuts import begins_scene
from colorizer.film.flow import Motion, find_motion
from colorizer.film.reading import FilmFacts, Frame
from colorizer.photos.photo import squeezed


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
        square = np.asarray(squeezed(Image.fromarray(gray_levels(frame.luma, facts)), size))
        motion = None if before is None else find_motion(before, square)
        if motion is not None and begins_scene(before, square, motion):
            motion = None
        yield Moved(frame, square, motion)
        before = square
