"""Combine predicted colors with a photo's own luma as JPEG planes: luma at full size, chroma at half size.

JPEG luma weights the channels by ITU-R BT.601 (JFIF, https://www.itu.int/rec/T-REC-T.871), whereas this program uses
BT.709. docs/decisions/0008-luma-of-jpegs.md explains why BT.709 luma is preserved here too.
"""

from __future__ import annotations

import numpy as np

from colorizer.inference.full_size import added, padded_planes, resized_rows
from colorizer.photos.color import LUMA_WEIGHTS
from colorizer.photos.photo import JpegPlanes, Photo

_TILE_ROWS, _TILE_COLUMNS = 128, 2048
"""Size of the part of the photo that is cropped at a time, in pixels."""
_BAND_PIXELS = 131_072
"""Pixels of a tile that are computed together, so that intermediate results stay in the processor's cache."""
_MOST_STEP = 8
"""Maximum number of chroma rows between two resized ones, filled by interpolation."""
_WHITE = 255
_CENTRE = 128
_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
"""Weights of the channels in JFIF luma (BT.601)."""
_FROM_CB = np.array([0.0, -2 * (1 - _BLUE) * _BLUE / _GREEN, 2 * (1 - _BLUE)], np.float32)
_FROM_CR = np.array([2 * (1 - _RED), -2 * (1 - _RED) * _RED / _GREEN, 0.0], np.float32)
"""What one unit of Cb and of Cr adds to R, G and B on top of JFIF luma."""
_LIFT = -np.array([_FROM_CB @ LUMA_WEIGHTS, _FROM_CR @ LUMA_WEIGHTS], np.float32)
"""Amount by which JFIF luma must exceed BT.709 luma, for one unit of Cb and of Cr."""


def join_planes(
    photo: Photo, offset: np.ndarray, tones: tuple[float, float] = (0.0, 1.0), change: np.ndarray | None = None
) -> JpegPlanes:
    """Resize color offsets smoothly to the photo's size and combine them with its own luma, as JPEG planes.

    Luma is computed for the stored chroma, so that decoding the planes yields the photo's own BT.709 luma. Colors
    outside the gamut lose chroma: each block of 2 x 2 pixels by the average of what its four pixels need.

    Args:
        photo: The photo.
        offset: Color offsets, as in `full_size.join`.
        tones: Luma values that become black and white, as in `full_size.join`.
        change: Further offsets, as in `full_size.join`.
    """
    width, height = photo.image.size
    across, down = (width + 1) // 2, (height + 1) // 2
    if change is not None:
        offset = added(offset, change)
    planes = padded_planes(_chroma(offset) * np.float32(_WHITE))
    step = _rows_per_node(down, len(offset))
    luma = np.empty((height, width), np.uint8)
    chroma = np.empty((2, down, across), np.uint8)
    band = _rows_per_band(min(width, _TILE_COLUMNS))
    for top in range(0, height, _TILE_ROWS):
        rows = min(_TILE_ROWS, -(-(height - top) // band) * band)
        nodes = resized_rows(planes, (across, down), top // 2, step, rows // 2 // step + 1)
        for left in range(0, 2 * across, _TILE_COLUMNS):
            right = min(left + _TILE_COLUMNS, 2 * across)
            levels = _levels(photo, (left, top, right, top + rows))
            for first in range(0, rows, band):
                part = slice(first // 2 // step, (first + band) // 2 // step + 1)
                lit, tinted = _band(_gray(levels[first : first + band], tones), nodes[:, part, left // 2 : right // 2])
                place = luma[top + first : top + first + band, left:right]
                np.copyto(place, lit[: place.shape[0], : place.shape[1]], casting="unsafe")
                place = chroma[:, (top + first) // 2 : (top + first + band) // 2, left // 2 : right // 2]
                np.copyto(place, tinted[:, : place.shape[1]], casting="unsafe")
    return JpegPlanes(luma, chroma[0], chroma[1])


def paint(
    planes: JpegPlanes,
    photo: Photo,
    place: tuple[int, int],
    mask: np.ndarray,
    offset: np.ndarray,
    tones: tuple[float, float] = (0.0, 1.0),
) -> None:
    """Give some pixels of new planes one color offset, as far as it is in gamut, on the photo's luma.

    A block of 2 x 2 pixels that contains a marked pixel gets this chroma as a whole, because a JPEG stores one chroma
    value per block.

    Args:
        planes: The planes to change.
        photo: The photo.
        place: Column and row of the mask's upper left corner.
        mask: The pixels to change, bool, shape (h, w).
        offset: RGB minus luma, shape (3,).
        tones: Luma values that become black and white.
    """
    (left, top), (rows, columns) = place, mask.shape
    before = (top % 2, left % 2)
    after = ((top + rows) % 2, (left + columns) % 2)
    mask = np.pad(mask, tuple(zip(before, after, strict=True)))
    left, top, (rows, columns) = left - before[1], top - before[0], mask.shape
    pairs = mask[0::2, 0::2] | mask[0::2, 1::2] | mask[1::2, 0::2] | mask[1::2, 1::2]
    nodes = (_chroma(offset) * np.float32(_WHITE))[:, None, None]
    gray = _gray(_levels(photo, (left, top, left + columns, top + rows)), tones)
    lit, tinted = _band(gray, np.broadcast_to(nodes, (2, 2, columns // 2)))
    own = planes.luma[top : top + rows, left : left + columns]
    four = pairs.repeat(2, axis=0).repeat(2, axis=1)
    np.copyto(own, lit[: own.shape[0], : own.shape[1]], "unsafe", four[: own.shape[0], : own.shape[1]])
    for plane, tint in ((planes.blue, tinted[0]), (planes.red, tinted[1])):
        np.copyto(plane[top // 2 : (top + rows) // 2, left // 2 : (left + columns) // 2], tint, "unsafe", pairs)


def _levels(photo: Photo, box: tuple[int, int, int, int]) -> np.ndarray:
    """Crop the photo's values to a box (left, top, right, bottom), repeating the last row and column beyond it."""
    left, top, right, bottom = box
    levels = photo.levels((left, top, min(right, photo.width), min(bottom, photo.height)))
    beyond = (bottom - top - levels.shape[0], right - left - levels.shape[1])
    return np.pad(levels, ((0, beyond[0]), (0, beyond[1]), (0, 0)), mode="edge") if any(beyond) else levels


def _chroma(offset: np.ndarray) -> np.ndarray:
    """Convert RGB offsets from BT.709 luma to JFIF Cb and Cr, shape (rows, columns, 2)."""
    lift = offset @ np.array([_RED, _GREEN, _BLUE], np.float32)
    return np.stack([(offset[..., 2] - lift) / _FROM_CB[2], (offset[..., 0] - lift) / _FROM_CR[0]], axis=-1)


def _rows_per_node(down: int, cells: int) -> int:
    step = 1
    while step < _MOST_STEP and 2 * step * cells <= down:
        step *= 2
    return step


def _rows_per_band(columns: int) -> int:
    """Return the number of rows per band.

    The value is `2 * _MOST_STEP` times a power of two, so that it divides tiles evenly.
    """
    rows = 2 * _MOST_STEP
    while 2 * rows <= _TILE_ROWS and 2 * rows * columns <= _BAND_PIXELS:
        rows *= 2
    return rows


def _gray(levels: np.ndarray, tones: tuple[float, float]) -> np.ndarray:
    """Return luma from 0 to 255, float32, shape (h, w), stretched so that `tones` become black and white."""
    gray = levels.astype(np.float32)
    gray = gray @ LUMA_WEIGHTS if levels.shape[2] == 3 else gray[..., 0]
    black, white = tones
    if (black, white) != (0.0, 1.0):
        gray = np.clip((gray - np.float32(_WHITE * black)) / np.float32(white - black), 0, _WHITE)
    return gray


def _band(gray: np.ndarray, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute luma, shape (h, w), and chroma, shape (2, h / 2, w / 2), each plus 0.5 for rounding by truncation.

    `gray` is the photo's luma and is overwritten. `nodes` holds Cb and Cr of every few rows, shape (2, n + 1, w / 2).
    """
    rows, columns = gray.shape[0] // 2, gray.shape[1] // 2
    cells = nodes.shape[1] - 1
    between = (np.arange(rows // cells, dtype=np.float32) * np.float32(cells / rows))[:, None]
    upper, lower = nodes[:, :-1, None], nodes[:, 1:, None]
    chroma = (lower - upper) * between
    chroma += upper
    chroma = chroma.reshape(2, rows, columns)
    _bring_into_gamut(chroma, gray, nodes)
    own = chroma[0] * _LIFT[0]
    own += chroma[1] * _LIFT[1]
    own += np.float32(0.5)
    lift = np.empty((rows, columns, 2), np.float32)
    lift[..., 0] = own
    lift[..., 1] = own
    pairs = gray.reshape(rows, 2, 2 * columns)
    pairs += lift.reshape(rows, 1, 2 * columns)
    np.clip(gray, 0, _WHITE, out=gray)
    chroma += np.float32(_CENTRE + 0.5)
    np.clip(chroma, 0, _WHITE, out=chroma)
    return gray, chroma


def _extremes(chroma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the differences of the lowest and highest channel from BT.709 luma, for Cb and Cr of shape (2, ...)."""
    lift = chroma[0] * _LIFT[0] + chroma[1] * _LIFT[1]
    red, blue = chroma[1] * _FROM_CR[0], chroma[0] * _FROM_CB[2]
    green = chroma[0] * _FROM_CB[1] + chroma[1] * _FROM_CR[1]
    lowest = np.minimum(np.minimum(red, green), blue)
    return lowest + lift, np.maximum(np.maximum(red, green), blue) + lift


def _bring_into_gamut(chroma: np.ndarray, gray: np.ndarray, nodes: np.ndarray) -> None:
    """Reduce the chroma of 2 x 2 blocks that contain an out-of-gamut pixel, as `color.merge` does.

    `chroma` has shape (2, h / 2, w / 2), `gray` (h, w). `nodes` are the values between which chroma is interpolated; no
    interpolated channel is farther from luma than at one of them.
    """
    below, above = _extremes(nodes)
    darkest = np.repeat(-np.minimum(below[:-1], below[1:]), 2, axis=1)[:, None]
    brightest = np.repeat(_WHITE - np.maximum(above[:-1], above[1:]), 2, axis=1)[:, None]
    cells = gray.reshape(len(darkest), -1, gray.shape[1])
    suspect = ((cells < darkest) | (cells > brightest)).reshape(gray.shape)
    # View two adjacent flags as one number, because NumPy is about twenty times slower over an axis of length two.
    suspect = (suspect[0::2] | suspect[1::2]).view(np.uint16) != 0
    places = np.flatnonzero(suspect)
    if not places.size:
        return
    columns = suspect.shape[1]
    first = places + places // columns * columns  # of two pixels viewed as one number, to halve the number of lookups
    pairs = gray.view(np.uint64).ravel()
    planes = chroma.reshape(2, -1)
    tinted = np.stack([plane[places] for plane in planes])
    below, above = _extremes(tinted)
    to_black, to_white = np.maximum(-below, np.float32(1e-9)), np.maximum(above, np.float32(1e-9))
    share = np.zeros(places.size, np.float32)
    for there in (pairs[first], pairs[first + columns]):
        for pixel in (there.view(np.float32)[0::2], there.view(np.float32)[1::2]):
            share += np.minimum(np.minimum(pixel / to_black, (_WHITE - pixel) / to_white), 1)
    for plane, values in zip(planes, tinted * (share / 4), strict=True):
        plane[places] = values
