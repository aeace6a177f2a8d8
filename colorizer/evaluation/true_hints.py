"""Hints whose colours are the true ones, to measure what hints are worth."""

from __future__ import annotations

import zlib
from functools import partial
from pathlib import Path

import numpy as np

from colorizer.inference.colorize import HintsOf, no_hints
from colorizer.inference.hints import Hint
from colorizer.photos.photo import Photo

_REACH = 3
"""A true colour is the mean of 7 x 7 pixels, as in Zhang et al. 2017, "Real-time user-guided image colorization",
https://doi.org/10.1145/3072959.3073703, whose hints are such patches too: one pixel may be noise."""


def hints_of_truth(count: int, seed: int) -> HintsOf:
    """Return what reveals the true colours of `count` random places of every photo: the same ones for the same seed and
    the same name of the photo's file.
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
