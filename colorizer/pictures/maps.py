"""Heat maps and signed maps of a photo, drawn on the photo's own grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from colorizer.inspection.regions import Region
from colorizer.inspection.viewing import ViewedPhoto
from colorizer.pictures.sheets import PAPER

TOWARDS, AWAY = (255, 120, 0), (40, 90, 255)
"""Colors for what pushes towards a hue, and for what pushes away from it."""
_STRONG = 99.0
"""Percentile of a map that is drawn at full strength, so that single pixels do not make all others pale."""
_GAP = 6
_PATCH = 160
"""Side of a patch, in pixels."""


def heat_map(values: np.ndarray, like: Image.Image, most: float, colours: str = "inferno") -> Image.Image:
    """Draw values from 0 to `most`, shape (rows, columns), as a picture with the size of another one.

    Values are not interpolated, so a coarse grid remains visible as one.

    Args:
        values: The values.
        like: The picture with the wanted size.
        most: The value that is drawn brightest.
        colours: Name of a Matplotlib colormap.
    """
    import matplotlib

    shares = np.clip(values / max(most, 1e-9), 0, 1)
    rgb = matplotlib.colormaps[colours](shares, bytes=True)[..., :3]
    return Image.fromarray(np.ascontiguousarray(rgb)).resize(like.size, Image.Resampling.NEAREST)


def heat_over(values: np.ndarray, like: Image.Image, most: float) -> Image.Image:
    """Blend a heat map with a gray photo."""
    return Image.blend(like.convert("RGB"), heat_map(values, like, most), 0.65)


def signed_over(values: np.ndarray, gray: Image.Image) -> Image.Image:
    """Tint a gray photo: `TOWARDS` for positive and `AWAY` for negative values, with strength by magnitude.

    `values` has shape (rows, columns).
    """
    most = max(float(np.percentile(np.abs(values), _STRONG)), 1e-12)
    strength = Image.fromarray(np.clip(np.abs(values) / most, 0, 1).astype(np.float32) * np.float32(220))
    mask = strength.resize(gray.size, Image.Resampling.BICUBIC).convert("L")
    sign = np.where((values > 0)[..., None], TOWARDS, AWAY).astype(np.uint8)
    colour = Image.fromarray(sign).resize(gray.size, Image.Resampling.NEAREST)
    return Image.composite(colour, gray.convert("RGB"), mask)


def with_regions(picture: Image.Image, regions: Sequence[Region], size: int) -> Image.Image:
    """Outline regions of the network's grid of `size` x `size` on a picture."""
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
    """Crop a part of a photo's gray picture, in pixels of the network's grid, keeping the grid's square shape."""
    across, down = photo.gray.width / len(photo.luma), photo.gray.height / len(photo.luma)
    box = (left * across, top * down, (left + side) * across, (top + side) * down)
    return photo.gray.resize((_PATCH, _PATCH), Image.Resampling.BICUBIC, box)


def strip(pictures: Sequence[Image.Image], cell: int) -> Image.Image:
    """Arrange pictures next to each other, each scaled to fit a square of `cell` pixels."""
    return grid([pictures], cell)


def grid(rows: Sequence[Sequence[Image.Image]], cell: int) -> Image.Image:
    """Arrange rows of pictures below each other, each picture scaled to fit a square of `cell` pixels."""
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
