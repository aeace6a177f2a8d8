"""Choose 256 colors for a GIF that preserve the photo's luma."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from colorizer.photos.color import CHROMA_TO_OFFSET, LUMA_WEIGHTS, luma
from colorizer.photos.deep import ROWS_AT_A_TIME

MAXIMUM_LUMA_ERROR = 1.5
"""Largest mean change of luma, in levels of 255. Colors chosen in RGB alone change it by 1.1 to 3.6."""
_CHROMA_SHARES = (1 / 2, 1 / 4, 1 / 8, 1 / 16)
"""Weights of a level of chroma relative to a level of luma. The first that preserves luma is used, as it keeps most
colors.
"""


def with_palette(image: Image.Image, alpha: np.ndarray | None = None) -> Image.Image:
    """Convert 8-bit RGB to mode "P".

    Each color of the palette is the mean of the pixels it replaces. Luma changes by at most `MAXIMUM_LUMA_ERROR` levels
    on average wherever 256 colors allow it.

    Args:
        image: 8-bit RGB.
        alpha: Transparency, uint8, shape (h, w). A pixel is transparent where it is below 128.

    Returns:
        The picture. With `alpha`, the transparent index is in `info["transparency"]`.
    """
    colours = 256 if alpha is None else 255
    for share in _CHROMA_SHARES:
        # Both the palette and each pixel's color are chosen by distance in luma and reduced chroma.
        weighed = image.convert("RGB", _luma_and_chroma(share))
        indexed = weighed.quantize(colours, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
        palette = _means(image, indexed)
        if _luma_error(image, indexed, palette) <= MAXIMUM_LUMA_ERROR:
            break
    if alpha is not None:
        indexed.paste(colours, mask=Image.fromarray(np.where(alpha < 128, 255, 0).astype(np.uint8)))
        indexed.info["transparency"] = colours
    indexed.putpalette(palette.tobytes())
    return indexed


def _luma_and_chroma(share: float) -> tuple[float, ...]:
    """Return the matrix from RGB to luma and to chroma around 128, with chroma scaled by `share`."""
    blue, red = np.eye(3, dtype=np.float32)[[2, 0]] - LUMA_WEIGHTS
    rows = LUMA_WEIGHTS, share * blue / CHROMA_TO_OFFSET[0, 2], share * red / CHROMA_TO_OFFSET[1, 0]
    return tuple(float(value) for row, shift in zip(rows, (0, 128, 128), strict=True) for value in (*row, shift))


def _parts(image: Image.Image, indexed: Image.Image) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pixels, shape (n, 3), and their indices, a few rows at a time."""
    for top in range(0, image.height, ROWS_AT_A_TIME):
        box = (0, top, image.width, min(image.height, top + ROWS_AT_A_TIME))
        yield np.asarray(image.crop(box)).reshape(-1, 3), np.asarray(indexed.crop(box)).ravel()


def _means(image: Image.Image, indexed: Image.Image) -> np.ndarray:
    """Return the mean color of the pixels of each index: uint8, shape (256, 3)."""
    sums = np.zeros((256, 4))
    for pixels, numbers in _parts(image, indexed):
        sums[:, 0] += np.bincount(numbers, minlength=256)
        for channel in range(3):
            sums[:, 1 + channel] += np.bincount(numbers, pixels[:, channel], minlength=256)
    return np.rint(sums[:, 1:] / np.maximum(sums[:, :1], 1)).astype(np.uint8)


def _luma_error(image: Image.Image, indexed: Image.Image, palette: np.ndarray) -> float:
    levels = luma(palette)
    total = sum(float(np.abs(levels[numbers] - luma(pixels)).sum()) for pixels, numbers in _parts(image, indexed))
    return total / (image.width * image.height)
