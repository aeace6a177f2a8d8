"""Small films of photographs that ship with scikit-image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.made_films import Camera, Shot, filmed, gray, shoot, write_film
from tests.conftest import SHIPPED

ASTRONAUT, CAT, COFFEE = "astronaut.png", "chelsea.png", "coffee.png"


def photograph(name: str, width: int = 240) -> np.ndarray:
    """Return a photograph of scikit-image's at a size that a camera of 160 x 120 pixels has room in."""
    return filmed(np.asarray(Image.open(SHIPPED / name)), width)


def pan(name: str, count: int = 12, **size: int) -> Shot:
    """Film a photograph from its left to its right."""
    return shoot(photograph(name), Camera(0.1, 0.3), Camera(0.6, 0.5), count, **size)


def two_scenes(path: Path, count: int = 12, **how) -> np.ndarray:
    """Write a film of two scenes, and return its luma."""
    frames = gray(np.concatenate([pan(ASTRONAUT, count).frames, pan(CAT, count).frames]))
    write_film(path, frames, **how)
    return frames


def on_its_side(path: Path, turned: int, count: int = 6, **how) -> np.ndarray:
    """Write a film of 120 x 160 pixels that is stored on its side, 160 x 120, to be shown turned by so many degrees
    against the clock, and return its luma as it is seen.
    """
    seen = gray(pan(ASTRONAUT, count, width=120, height=160).frames)
    write_film(path, np.ascontiguousarray(np.rot90(seen, -turned // 90, axes=(1, 2))), turned=turned, **how)
    return seen
