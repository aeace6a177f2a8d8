"""Sheets: originals next to their results, stills of a film, and the same photos after every epoch."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from colorizer.errors import ColorizeError, shown
from colorizer.files import Move, exists, matching, move_to_unused, unused_path, write_bytes
from colorizer.inference.colorize import AS_MEANT, PhotoTask, colorize_all
from colorizer.network.network import Network
from colorizer.photos.color import luma
from colorizer.photos.photo import Photo, Picture
from colorizer.progress import clock_time
from colorizer.settings import DEFAULT_READING, Reading

if TYPE_CHECKING:
    from colorizer.training.callbacks import EpochReport

COMPARED = ("grayscale", "predicted color", "original color")
"""Columns of a comparison sheet: before, after and, if known, the true colors."""
SHEET_ROWS = 6
"""Photos per comparison sheet."""
LEAST_ON_SHEETS = 64
"""Pictures smaller than this along both sides get no row of a sheet: enlarged, they show nothing. In pixels."""
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
    row = [gray(before), picture.resized(*scaled_size(*picture.size, _CELL))]
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
    size, window = scaled_size(image.width, image.height, side)
    return image.resize(size, window, reducing_gap=2.0)


def scaled_size(width: int, height: int, side: int) -> tuple[tuple[int, int], Image.Resampling]:
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
    # DejaVu Sans covers Latin to Hebrew; Pillow's own font covers only Latin.
    return ImageFont.truetype(str(Path(__file__).parent / "font" / "DejaVuSans.ttf"), size)


STILL_SIDE = 240
"""Longest side of a still, in pixels."""
_COLUMNS, _STILLS = 5, 60
"""Stills per row, and per sheet."""


def save_contact_sheets(folder: Path, stills: Iterable[tuple[float, Image.Image]]) -> tuple[Path, ...]:
    """Save stills on contact sheets named "scenes-1.jpg" and so on; raise ColorizeError.

    Only the stills of one sheet are in memory at a time.

    Args:
        folder: The output folder.
        stills: Times in seconds, and pictures.

    Returns:
        The paths of the sheets.
    """
    coming, paths = iter(stills), []
    while sheet := list(islice(coming, _STILLS)):
        path = unused_path(folder / f"scenes-{len(paths) + 1}.jpg")
        save_jpeg(_stills(sheet), path)
        paths.append(path)
    return tuple(paths)


def _stills(stills: Sequence[tuple[float, Image.Image]]) -> Image.Image:
    across = min(_COLUMNS, len(stills))
    cell = max(still.height for _, still in stills) + CAPTION + GAP
    width = max(still.width for _, still in stills) + GAP
    sheet = Image.new("RGB", (GAP + across * width, GAP + math.ceil(len(stills) / across) * cell), PAPER)
    pen, font = ImageDraw.Draw(sheet), font_of(16)
    for number, (time, still) in enumerate(stills):
        left, top = GAP + number % across * width, GAP + number // across * cell
        sheet.paste(still, (left, top))
        pen.text((left, top + still.height + 4), clock_time(time), fill=INK, font=font)
    return sheet


STRIP_EPOCHS = 60
"""Maximum number of epochs in a strip; a longer training is sampled evenly."""


def save_row(path: Path, title: str, pictures: Sequence[Image.Image]) -> None:
    """Save thumbnails next to each other under a title; raise ColorizeError."""
    cell = max(max(picture.size) for picture in pictures)
    row = Image.new("RGB", (GAP + len(pictures) * (cell + GAP), CAPTION + cell + GAP), PAPER)
    ImageDraw.Draw(row).text((GAP, 2), title, fill=INK, font=font_of(16))
    for number, picture in enumerate(pictures):
        left = GAP + number * (cell + GAP) + (cell - picture.width) // 2
        row.paste(picture.convert("RGB"), (left, CAPTION + (cell - picture.height) // 2))
    save_jpeg(row, path)


def save_strip(path: Path, rows: Sequence[Path]) -> Path:
    """Join pictures of `save_row` below each other and return the path; raise ColorizeError.

    The strip contains the first two rows and up to `STRIP_EPOCHS` evenly chosen others.
    """
    first, rest = rows[:2], rows[2:]
    if len(rest) > STRIP_EPOCHS:
        rest = [rest[round(place)] for place in np.linspace(0, len(rest) - 1, STRIP_EPOCHS)]
    pictures = []
    for row in (*first, *rest):
        try:
            with Image.open(row) as opened:
                pictures.append(opened.convert("RGB"))
        except OSError as error:
            raise ColorizeError(
                f"Cannot read {row} to combine it with the others. Remove it, then try again."
            ) from error
    size = max(picture.width for picture in pictures), sum(picture.height for picture in pictures)
    strip, top = Image.new("RGB", size, PAPER), 0
    for picture in pictures:
        strip.paste(picture, (0, top))
        top += picture.height
    save_jpeg(strip, path)
    return path


SNAPSHOT_PHOTOS = 6
"""Number of test photos that show the progress of a training."""
_SIDE = 200


class Snapshots:
    """Callback that saves a picture of every epoch of a training into `folder`; `finish` joins them into one."""

    def __init__(self, photos: Sequence[Path], folder: Path, reading: Reading = DEFAULT_READING):
        self.photos, self.folder, self.reading = photos[:SNAPSHOT_PHOTOS], folder, reading

    def __call__(self, epoch: EpochReport, network: Network) -> None:
        """Save the photos as colorized by `network`; raise ColorizeError if one cannot be read."""
        truths, pictures = [], []
        for outcome in colorize_all(network, self.photos, _pair, AS_MEANT, self.reading):
            truths.append(outcome.delivered[0])
            pictures.append(outcome.delivered[1])
        save_row(self.folder / "true.jpg", "true photos", truths)
        save_row(self.folder / "gray.jpg", "input of the network", [gray(truth) for truth in truths])
        save_row(self.folder / f"epoch-{epoch.epoch:05}.jpg", f"epoch {epoch.epoch}, {epoch.phase}", pictures)

    def finish(self) -> Path | None:
        """Join the pictures of all epochs, including those before an interruption, into one.

        Returns its path, or None if all of them were deleted.
        """
        rows = [self.folder / "true.jpg", self.folder / "gray.jpg", *matching(self.folder, "epoch-*.jpg")]
        rows = [row for row in rows if exists(row)]
        return save_strip(self.folder.with_suffix(".jpg"), rows) if rows else None


def _pair(task: PhotoTask, original: Photo, picture: Picture) -> tuple[Image.Image, Image.Image]:
    return thumbnail(original.eight_bits(), _SIDE), thumbnail(picture.image, _SIDE)
