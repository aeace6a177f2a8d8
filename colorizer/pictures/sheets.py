"""Comparison sheets: originals next to their results."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from colorizer.files import Move, move_to_unused, write_bytes
from colorizer.photos.color import luma
from colorizer.photos.photo import Photo, Picture
from colorizer.shown import shown

COMPARED = ("grayscale", "predicted colour", "original colour")
"""Columns of a comparison sheet: before, after and, if known, the true colors."""
SHEET_ROWS = 6
"""Photos per comparison sheet."""
_CELL = 320
GAP = 12
CAPTION = 26
_MISSING = "not known"
INK, PAPER = (40, 40, 40), (255, 255, 255)


def comparison(original: Photo, picture: Picture, truth: Photo | None = None) -> list[Image.Image]:
    """Build a row of a comparison sheet: a thumbnail for each of `COMPARED`, without the last if no truth is known.

    `truth` may be the original itself.
    """
    before = thumbnail(original.eight_bits())
    row = [gray(before), picture.resized(*_fitted(*picture.size, _CELL))]
    if truth is not None:
        row.append(before if truth is original else thumbnail(truth.eight_bits()))
    return [each.convert("RGB") for each in row]


class SheetWriter:
    """Collect rows of pictures and write a comparison sheet whenever it is full, to limit memory."""

    def __init__(self, folder: Path, columns: Sequence[str]):
        self.folder, self.columns = folder, tuple(columns)
        self.paths: list[Path] = []
        self._rows: list[tuple[str, Sequence[Image.Image]]] = []

    def add(self, name: str, thumbnails: Sequence[Image.Image]) -> None:
        """Add one photo: its name and one thumbnail per column; the last ones may be missing."""
        self._rows.append((name, thumbnails))
        if len(self._rows) == SHEET_ROWS:
            self.finish()

    def finish(self) -> tuple[Path, ...]:
        """Write the remaining rows and return the paths of all sheets; raise ColorizeError."""
        if self._rows:
            path = self.folder / f"sheet-{len(self.paths) + 1:03}.jpg"
            save_jpeg(_sheet(self.columns, self._rows), path, self._move)
            self._rows = []
        return tuple(self.paths)

    def _move(self, temporary: Path, wanted: Path) -> Path:
        self.paths.append(move_to_unused(temporary, wanted))
        return self.paths[-1]


def thumbnail(image: Image.Image, side: int = _CELL) -> Image.Image:
    """Reduce or enlarge a picture to fit a square of `side` pixels."""
    size, window = _fitted(image.width, image.height, side)
    return image.resize(size, window, reducing_gap=2.0)


def _fitted(width: int, height: int, side: int) -> tuple[tuple[int, int], Image.Resampling]:
    """Return the size of a picture scaled to fit a square, and the filter for resizing it."""
    scale = min(side / width, side / height)
    # When reducing, Hamming is as sharp as Lanczos in less than half the time; it is unsuitable for enlarging.
    window = Image.Resampling.HAMMING if scale < 1 else Image.Resampling.BICUBIC
    return (max(1, round(width * scale)), max(1, round(height * scale))), window


def gray(picture: Image.Image) -> Image.Image:
    """Return the luma of a picture."""
    if picture.mode == "L":
        return picture
    return Image.fromarray(np.rint(luma(np.asarray(picture))).astype(np.uint8))


def save_jpeg(picture: Image.Image, path: Path, move: Move = Path.replace) -> None:
    encoded = io.BytesIO()
    picture.save(encoded, format="JPEG", quality=92, subsampling=0)
    write_bytes(path, encoded.getvalue(), move)


def _sheet(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Image.Image]]]) -> Image.Image:
    width = GAP + len(columns) * (_CELL + GAP)
    heights = [CAPTION + max(picture.height for picture in pictures) + GAP for _, pictures in rows]
    sheet = Image.new("RGB", (width, GAP + CAPTION + sum(heights)), PAPER)
    pen, font = ImageDraw.Draw(sheet), font_of(16)
    for number, title in enumerate(columns):
        pen.text((GAP + number * (_CELL + GAP), GAP), title, fill=INK, font=font_of(18))
    top = GAP + CAPTION
    for (name, pictures), height in zip(rows, heights, strict=True):
        pen.text((GAP, top + 2), _fitting(name, pen, font, width - 2 * GAP), fill=INK, font=font)
        for number, picture in enumerate(pictures):
            left = GAP + number * (_CELL + GAP) + (_CELL - picture.width) // 2
            sheet.paste(picture, (left, top + CAPTION))
        for number in range(len(pictures), len(columns)):
            pen.text((GAP + number * (_CELL + GAP), top + CAPTION), _MISSING, fill=INK, font=font)
        top += height
    return sheet


def _fitting(name: str, pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, width: int) -> str:
    """Shorten a name in the middle until it fits on one line."""
    name = shown(name)
    fitting, kept = name, len(name)
    while pen.textlength(fitting, font=font) > width and kept > 2:
        kept = math.floor(kept * 0.95)
        fitting = f"{name[: kept // 2]}…{name[-(kept // 2) :]}"
    return fitting


def font_of(size: int) -> ImageFont.FreeTypeFont:
    # Matplotlib ships DejaVu Sans, which covers Latin to Hebrew; Pillow's own font covers only Latin. The file is found
    # without importing matplotlib, which takes longer than colorizing a photo.
    fonts = Path(find_spec("matplotlib").origin).parent / "mpl-data" / "fonts" / "ttf"
    return ImageFont.truetype(str(fonts / "DejaVuSans.ttf"), size)
