"""Contact sheets: one still of each scene of a film, with its time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from PIL import Image, ImageDraw

from colorizer.files import unused_path
from colorizer.pace import clock_time
from colorizer.pictures.sheets import CAPTION, GAP, INK, PAPER, font_of, save_jpeg

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
        save_jpeg(_sheet(sheet), path)
        paths.append(path)
    return tuple(paths)


def _sheet(stills: Sequence[tuple[float, Image.Image]]) -> Image.Image:
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
