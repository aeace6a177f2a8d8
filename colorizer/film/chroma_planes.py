"""A film's chroma planes, from the chroma a network proposes: its matrix, its range, its gamut.

Y' of a film is luma of the film's own matrix; ITU-T H.273 (https://www.itu.int/rec/T-REC-H.273), 8.3, numbers the
matrices and says how Y', Cb and Cr become levels of either range.
"""

from __future__ import annotations

import cv2
import numpy as np

from colorizer.film.reading import FULL_RANGE, FilmFacts
from colorizer.photos.color import CHROMA_TO_OFFSET, share_in_gamut

_LUMA_SHARES = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087)}
_LUMA_SHARES |= {9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
"""Kr and Kb of each matrix, H.273 table 4."""
_HIGH_DEFINITION = 720
"""Rows from which on an untagged film is taken for BT.709, and below for BT.601, as players take it."""


def chroma_planes(luma: np.ndarray, chroma: np.ndarray, facts: FilmFacts, halved: bool) -> tuple[np.ndarray, ...]:
    """Return Cb and Cr of a frame as the film has them: uint8, or uint16 from 0 to 1023, at half the frame's sides if
    they are to be `halved`.

    `luma`: the frame's own levels, shape (h, w), which stay what they are. `chroma`: of BT.709, float32 in [-0.5, 0.5],
    shape (rows, columns, 2), of any grid that covers the frame. Colours outside RGB lose chroma, as `color.merge` says.
    """
    height, width = luma.shape
    size = (width // 2, height // 2) if halved else (width, height)
    black, unit, unit_of_chroma, middle = _levels(facts)
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA) if halved else luma
    gray = np.clip((small.astype(np.float32) - np.float32(black)) / np.float32(unit), 0, 1)
    # Plane by plane: OpenCV and NumPy are several times as fast with each as with both in one array.
    fine = [cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC) for plane in cv2.split(chroma)]
    red, green, blue = (fine[0] * of_blue + fine[1] * of_red for of_blue, of_red in CHROMA_TO_OFFSET.T)
    levels = share_in_gamut(gray, (red, green, blue)) * np.float32(unit_of_chroma / 2)
    most = (1 << facts.bits) - 1
    red_share, blue_share = shares(facts)
    return tuple(
        np.clip(np.rint(levels * (offset / np.float32(1 - share)) + np.float32(middle)), 0, most).astype(luma.dtype)
        for offset, share in ((blue, blue_share), (red, red_share))
    )


def gray_levels(luma: np.ndarray, facts: FilmFacts) -> np.ndarray:
    """Return luma levels of a film's range as levels of 0 to 255: uint8, shape (h, w); what a network sees."""
    if facts.bits == 8 and facts.colour_range == FULL_RANGE:
        return luma
    black, unit, _, _ = _levels(facts)
    table = np.clip((np.arange(1 << facts.bits, dtype=np.float32) - black) * (255 / unit), 0, 255)
    return np.rint(table).astype(np.uint8)[luma]


def neutral(facts: FilmFacts) -> int:
    """Return the level of chroma that is gray."""
    return 128 << (facts.bits - 8)


def shares(facts: FilmFacts) -> tuple[float, float]:
    """Return the shares of red and blue in a film's luma."""
    untagged = 1 if facts.height >= _HIGH_DEFINITION else 5
    return _LUMA_SHARES.get(facts.matrix, _LUMA_SHARES[untagged])


def _levels(facts: FilmFacts) -> tuple[float, float, float, float]:
    """Return the level of black, the levels from it to white, those of a unit of chroma, and that of no chroma."""
    scale = 1 << (facts.bits - 8)
    if facts.colour_range == FULL_RANGE:
        most = (1 << facts.bits) - 1
        return 0.0, float(most), float(most), 128.0 * scale
    return 16.0 * scale, 219.0 * scale, 224.0 * scale, 128.0 * scale
