"""Hints with the true colors, to measure how much hints help."""

from __future__ import annotations

import zlib
from functools import partial
from pathlib import Path

import numpy as np

from colorizer.inference.colorize import HintsOf, no_hints
from colorizer.inference.hints import Hint
from colorizer.photos.photo import Photo

_REACH = 3
"""Radius of the patch whose mean is the true color: 7 x 7 pixels, because a single pixel may be noise. Zhang et al.
2017, "Real-time user-guided image colorization", https://doi.org/10.1145/3072959.3073703, use such patches too."""


def hints_of_truth(count: int, seed: int) -> HintsOf:
    """Return a function that gives hints with the true colors of random places in a photo.

    The places depend only on the seed and the photo's file name.

    Args:
        count: Number of places per photo.
        seed: Seed for choosing the places.
    """
    return partial(_true_hints, count, seed) if count else no_hints


def _true_hints(count: int, seed: int, path: Path, photo: Photo) -> list[Hint]:
    places = np.random.default_rng([seed, zlib.crc32(path.name.encode(errors="surrogateescape"))])
    hints = []
    for across, down in places.random((count, 2)):
        x, y = int(across * photo.width), int(down * photo.height)
        box = (
            max(x - _REACH, 0),
            max(y - _REACH, 0),
            min(x + _REACH + 1, photo.width),
            min(y + _REACH + 1, photo.height),
        )
        levels = np.rint(photo.levels(box).mean(axis=(0, 1))).astype(int)
        red, green, blue = np.broadcast_to(levels, 3)
        hints.append(Hint(x, y, f"#{red:02x}{green:02x}{blue:02x}"))
    return hints
