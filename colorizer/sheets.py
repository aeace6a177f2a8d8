"""Sheets of pictures: originals beside what became of them, and the epochs of a training below one another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from colorizer.color import luma
from colorizer.files import complete_file, unused_path
from colorizer.photo import Photo, Picture
from colorizer.settings import SHEET_ROWS, STRIP_EPOCHS, ColorizeError

COMPARED = ("original colour", "predicted colour", "grayscale")
"""Columns of a comparison sheet; where there is no colour truth, the last two."""

_CELL = 320
_GAP = 12
_CAPTION = 26
_INK, _PAPER = (40, 40, 40), (255, 255, 255)


def comparison(columns: Sequence[str], photo: Path, original: Photo, picture: Picture) -> list[Image.Image]:
    """Return a row of a comparison sheet: a thumbnail of the photo for each of `columns`."""
    truth = thumbnail(original.eight_bits())
    row = {"original colour": truth, "predicted colour": thumbnail(picture.image), "grayscale": gray(truth)}
    return [row[column].convert("RGB") for column in columns]


class SheetWriter:
    """Collects rows of pictures and writes a comparison sheet each time enough have come; memory stays small."""

    def __init__(self, folder: Path, columns: Sequence[str]):
        self.folder, self.columns = folder, tuple(columns)
        self.paths: list[Path] = []
        self._rows: list[tuple[str, Sequence[Image.Image]]] = []

    def add(self, name: str, thumbnails: Sequence[Image.Image]) -> None:
        """Add one photo: its name and one thumbnail for each column."""
        self._rows.append((name, thumbnails))
        if len(self._rows) == SHEET_ROWS:
            self.finish()

    def finish(self) -> tuple[Path, ...]:
        """Write the rows that are left and return the paths of all sheets; raise ColorizeError."""
        if self._rows:
            path = unused_path(self.folder / f"sheet-{len(self.paths) + 1:03}.jpg")
            _save_jpeg(_sheet(self.columns, self._rows), path)
            self.paths.append(path)
            self._rows = []
        return tuple(self.paths)


def thumbnail(image: Image.Image, side: int = _CELL) -> Image.Image:
    """Return a picture at most `side` pixels wide and high."""
    scale = min(side / image.width, side / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    # Hamming's window makes small pictures as sharp as Lanczos' in less than half the time, but no enlarged ones.
    window = Image.Resampling.HAMMING if scale < 1 else Image.Resampling.BICUBIC
    return image.resize(size, window, reducing_gap=2.0)


def save_row(path: Path, title: str, pictures: Sequence[Image.Image]) -> None:
    """Write thumbnails of one size limit beside one another under a title; raise ColorizeError."""
    cell = max(max(picture.size) for picture in pictures)
    row = Image.new("RGB", (_GAP + len(pictures) * (cell + _GAP), _CAPTION + cell + _GAP), _PAPER)
    ImageDraw.Draw(row).text((_GAP, 2), title, fill=_INK, font=_font(16))
    for number, picture in enumerate(pictures):
        left = _GAP + number * (cell + _GAP) + (cell - picture.width) // 2
        row.paste(picture.convert("RGB"), (left, _CAPTION + (cell - picture.height) // 2))
    _save_jpeg(row, path)


def save_strip(path: Path, rows: Sequence[Path]) -> Path:
    """Join pictures of `save_row` below one another, the first two always and `STRIP_EPOCHS` evenly chosen others, and
    return where; raise ColorizeError."""
    first, rest = rows[:2], rows[2:]
    if len(rest) > STRIP_EPOCHS:
        rest = [rest[round(place)] for place in np.linspace(0, len(rest) - 1, STRIP_EPOCHS)]
    pictures = []
    for row in (*first, *rest):
        try:
            with Image.open(row) as opened:
                pictures.append(opened.convert("RGB"))
        except OSError as error:
            raise ColorizeError(f"Cannot read {row} to join it with the others; remove it and go on.") from error
    size = max(picture.width for picture in pictures), sum(picture.height for picture in pictures)
    strip, top = Image.new("RGB", size, _PAPER), 0
    for picture in pictures:
        strip.paste(picture, (0, top))
        top += picture.height
    _save_jpeg(strip, path)
    return path


def gray(picture: Image.Image) -> Image.Image:
    """Return the luma of a picture."""
    if picture.mode == "L":
        return picture
    return Image.fromarray(np.rint(luma(np.asarray(picture))).astype(np.uint8))


def _save_jpeg(picture: Image.Image, path: Path) -> None:
    with complete_file(path) as temporary:
        picture.save(temporary, format="JPEG", quality=92, subsampling=0)


def _sheet(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Image.Image]]]) -> Image.Image:
    width = _GAP + len(columns) * (_CELL + _GAP)
    heights = [_CAPTION + max(picture.height for picture in pictures) + _GAP for _, pictures in rows]
    sheet = Image.new("RGB", (width, _GAP + _CAPTION + sum(heights)), _PAPER)
    pen, font = ImageDraw.Draw(sheet), _font(16)
    for number, title in enumerate(columns):
        pen.text((_GAP + number * (_CELL + _GAP), _GAP), title, fill=_INK, font=_font(18))
    top = _GAP + _CAPTION
    for (name, pictures), height in zip(rows, heights, strict=True):
        pen.text((_GAP, top + 2), _fitting(name, pen, font, width - 2 * _GAP), fill=_INK, font=font)
        for number, picture in enumerate(pictures):
            left = _GAP + number * (_CELL + _GAP) + (_CELL - picture.width) // 2
            sheet.paste(picture, (left, top + _CAPTION))
        top += height
    return sheet


def _fitting(name: str, pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, width: int) -> str:
    """Shorten a name in its middle until it fits; undecodable bytes of a file name are shown as question marks."""
    name = name.encode("utf-8", "replace").decode("utf-8")
    shown, kept = name, len(name)
    while pen.textlength(shown, font=font) > width and kept > 2:
        kept = math.floor(kept * 0.95)
        shown = f"{name[: kept // 2]}…{name[-(kept // 2) :]}"
    return shown


def _font(size: int) -> ImageFont.FreeTypeFont:
    # Matplotlib ships DejaVu Sans, whose letters reach from Latin to Hebrew; Pillow's own font knows Latin only.
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")), size)
