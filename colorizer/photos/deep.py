"""Photos of 16 bits, and of samples without a fixed white: some rows at a time, so that nothing but the result takes
memory of a photo's size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

ROWS_AT_A_TIME = 128
_OVERSHOOT, _DARKEST_WHITE = 1.1, 16


def bands(image: Image.Image) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the pixels of a picture, some rows after the others, each with the number of its first row."""
    for top in range(0, image.height, ROWS_AT_A_TIME):
        yield top, np.asarray(image.crop((0, top, image.width, min(top + ROWS_AT_A_TIME, image.height))))


def by_bands(image: Image.Image, kind: type[np.integer], convert: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return what `convert` makes of a picture's levels, of a kind, shape (h, w)."""
    converted = np.empty((image.height, image.width), kind)
    for top, band in bands(image):
        converted[top : top + len(band)] = convert(band)
    return converted


def eight_bits(deep: np.ndarray) -> np.ndarray:
    """Return levels from 0 to 65535, any shape, as levels from 0 to 255, uint8."""
    return np.rint(deep * np.float32(255 / 65535)).astype(np.uint8)


def sixteen_bits(image: Image.Image) -> np.ndarray:
    """Bring samples without a fixed white, mode "I" or "F", to 16 bits by `white_level`: uint16, shape (h, w)."""

    def light(levels: np.ndarray) -> np.ndarray:
        return np.nan_to_num(levels.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0).clip(0)

    white = white_level(max((light(band).max(initial=0) for _, band in bands(image)), default=0))
    return by_bands(image, np.uint16, lambda levels: (light(levels) / white * 65535).clip(0, 65535).round())


def white_level(highest: float, full: float | None = None) -> float:
    """Choose the level that is white among samples that do not say it: 32-bit and floating-point ones.

    It is the first of 1, 255, 65535 and `full` that the highest sample exceeds by less than a tenth, since sharpening
    overshoots. If the photo would be darker than a sixteenth of that white, its highest sample is white instead.

    Args:
        highest: The brightest sample.
        full: The highest level that the samples can have, if there is one.
    """
    usual = (1, 255, 65535, *([full] if full else ()))
    white = next((white for white in usual if highest <= _OVERSHOOT * white), highest)
    return white if white == 1 or highest >= white / _DARKEST_WHITE else highest


def reduced(deep: np.ndarray, across: int, down: int) -> Image.Image:
    """Return levels of 16 bits, shape (h, w, 3), as RGB of 8 whose pixels are means of so many across and down."""
    height, width = deep.shape[:2]
    picture = Image.new("RGB", (-(-width // across), -(-height // down)), None)
    rows = down * max(1, ROWS_AT_A_TIME // down)
    for top in range(0, height, rows):
        band = Image.fromarray(eight_bits(deep[top : top + rows]))
        picture.paste(band.reduce((across, down)), (0, top // down))
    return picture
