"""256 colours for a GIF, chosen so that the photo's luma holds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from colorizer.photos.color import CHROMA_TO_OFFSET, LUMA_WEIGHTS, luma
from colorizer.photos.deep import ROWS_AT_A_TIME

MAXIMUM_LUMA_ERROR = 1.5
"""Levels, of 255, by which luma may move in the mean; colours chosen in RGB alone move it by 1.1 to 3.6."""
_CHROMA_SHARES = (1 / 2, 1 / 4, 1 / 8, 1 / 16)
"""What a level of chroma counts beside one of luma; the first that holds luma is taken, since it has most colours."""


def with_palette(image: Image.Image, alpha: np.ndarray | None = None) -> Image.Image:
    """Return 8-bit RGB as mode "P", each colour the mean of those it stands for, with luma off by at most
    `MAXIMUM_LUMA_ERROR` levels in the mean wherever 256 colours suffice for that.

    `alpha`: uint8, shape (h, w); a pixel is transparent where it is below one half. The transparent index, if there is
    one, is in `info["transparency"]`.
    """
    colours = 256 if alpha is None else 255
    for share in _CHROMA_SHARES:
        # Nearest in luma and diminished chroma is what a colour is chosen by, both for the palette and for the pixel.
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
    """Return the matrix from RGB to luma, and chroma around 128 in the units of `share` of a level."""
    blue, red = np.eye(3, dtype=np.float32)[[2, 0]] - LUMA_WEIGHTS
    rows = LUMA_WEIGHTS, share * blue / CHROMA_TO_OFFSET[0, 2], share * red / CHROMA_TO_OFFSET[1, 0]
    return tuple(float(value) for row, shift in zip(rows, (0, 128, 128), strict=True) for value in (*row, shift))


def _parts(image: Image.Image, indexed: Image.Image) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pixels, shape (n, 3), and their indices, some rows at a time."""
    for top in range(0, image.height, ROWS_AT_A_TIME):
        box = (0, top, image.width, min(image.height, top + ROWS_AT_A_TIME))
        yield np.asarray(image.crop(box)).reshape(-1, 3), np.asarray(indexed.crop(box)).ravel()


def _means(image: Image.Image, indexed: Image.Image) -> np.ndarray:
    """Return the mean colour of each index's pixels: uint8, shape (256, 3)."""
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
