"""Strips of the same photos in rows, one row per epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from colorizer.errors import ColorizeError
from colorizer.pictures.sheets import CAPTION, GAP, INK, PAPER, font_of, save_jpeg

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
