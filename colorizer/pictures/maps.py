"""Maps of a photo: where something is much or little, towards or away, drawn on the photo's own grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from colorizer.inspection.regions import Region
from colorizer.inspection.viewing import ViewedPhoto
from colorizer.pictures.sheets import PAPER

TOWARDS, AWAY = (255, 120, 0), (40, 90, 255)
"""Colours of what pushes towards a hue, and of what pushes away from it."""
_STRONG = 99.0
"""Percentile of a map that is drawn at full strength: single pixels would make all others pale."""
_GAP = 6
_PATCH = 160
"""Side of a patch, in pixels."""


def heat_map(values: np.ndarray, like: Image.Image, most: float, colours: str = "inferno") -> Image.Image:
    """Return a map of values from 0 to `most`, shape (rows, columns), in the size of another picture.

    Every value stays the even patch it is: a coarse grid is to be seen as one. `colours` is a colour map of
    Matplotlib.
    """
    import matplotlib

    shares = np.clip(values / max(most, 1e-9), 0, 1)
    rgb = matplotlib.colormaps[colours](shares, bytes=True)[..., :3]
    return Image.fromarray(np.ascontiguousarray(rgb)).resize(like.size, Image.Resampling.NEAREST)


def heat_over(values: np.ndarray, like: Image.Image, most: float) -> Image.Image:
    """Return a heat map laid over a gray photo, which shines through."""
    return Image.blend(like.convert("RGB"), heat_map(values, like, most), 0.65)


def signed_over(values: np.ndarray, gray: Image.Image) -> Image.Image:
    """Return a gray photo with what pushes towards something in `TOWARDS` and what pushes away in `AWAY` laid over it,
    the more the stronger.

    `values`: above zero for towards, below for away, shape (rows, columns).
    """
    most = max(float(np.percentile(np.abs(values), _STRONG)), 1e-12)
    strength = Image.fromarray(np.clip(np.abs(values) / most, 0, 1).astype(np.float32) * np.float32(220))
    mask = strength.resize(gray.size, Image.Resampling.BICUBIC).convert("L")
    sign = np.where((values > 0)[..., None], TOWARDS, AWAY).astype(np.uint8)
    colour = Image.fromarray(sign).resize(gray.size, Image.Resampling.NEAREST)
    return Image.composite(colour, gray.convert("RGB"), mask)


def with_regions(picture: Image.Image, regions: Sequence[Region], size: int) -> Image.Image:
    """Return a picture with regions of the network's grid of `size` x `size` outlined."""
    drawn = picture.convert("RGB")
    pen = ImageDraw.Draw(drawn)
    across, down = drawn.width / size, drawn.height / size
    for region in regions:
        left, top = region.left * across, region.top * down
        right, bottom = region.right * across - 1, region.bottom * down - 1
        pen.rectangle((left, top, right, bottom), outline=(0, 0, 0), width=4)
        pen.rectangle((left + 1, top + 1, right - 1, bottom - 1), outline=(255, 255, 255), width=2)
    return drawn


def patch_of(photo: ViewedPhoto, left: int, top: int, side: int) -> Image.Image:
    """Return a part of a photo's gray picture, in pixels of the network's grid, as square as the network has it."""
    across, down = photo.gray.width / len(photo.luma), photo.gray.height / len(photo.luma)
    box = (left * across, top * down, (left + side) * across, (top + side) * down)
    return photo.gray.resize((_PATCH, _PATCH), Image.Resampling.BICUBIC, box)


def strip(pictures: Sequence[Image.Image], cell: int) -> Image.Image:
    """Return pictures beside one another, each as large as fits into a square of `cell` pixels."""
    return grid([pictures], cell)


def grid(rows: Sequence[Sequence[Image.Image]], cell: int) -> Image.Image:
    """Return rows of pictures below one another, each picture as large as fits into a square of `cell` pixels."""
    fitted = [[_fitted(picture, cell) for picture in row] for row in rows]
    width = max(sum(picture.width for picture in row) + _GAP * (len(row) - 1) for row in fitted)
    heights = [max(picture.height for picture in row) for row in fitted]
    sheet = Image.new("RGB", (width, sum(heights) + _GAP * (len(rows) - 1)), PAPER)
    top = 0
    for row, height in zip(fitted, heights, strict=True):
        left = 0
        for picture in row:
            sheet.paste(picture, (left, top))
            left += picture.width + _GAP
        top += height + _GAP
    return sheet


def _fitted(picture: Image.Image, cell: int) -> Image.Image:
    scale = cell / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    window = Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC
    return picture.convert("RGB").resize(size, window)
