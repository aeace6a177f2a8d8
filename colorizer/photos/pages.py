"""Pages of a file: those of a TIFF, which scanners write; of any other photo there is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from colorizer.files import is_file
from colorizer.photos.formats import read_formats, writing_format

MAXIMUM_PAGES = 10_000
_SUBFILE_TAG, _SMALLER_COPY = 254, 1
"""NewSubfileType and its first bit: TIFF 6.0, page 36, https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf"""


class TooManyPages(Exception):
    """A file has more than `MAXIMUM_PAGES` pages."""


def pages(image: Image.Image) -> Iterator[int]:
    """Turn an open photo to one of its pages after the other, and yield the number of each, from 0 on.

    Pictures of a TIFF that are smaller copies of others are no pages. Raises TooManyPages, and whatever Pillow raises
    for a page that is damaged.
    """
    if image.format != "TIFF" or not image.is_animated:
        yield 0
        return
    number = 0
    for frame in range(MAXIMUM_PAGES + 1):
        if not _turned(image, frame):
            break
        if frame == MAXIMUM_PAGES:
            raise TooManyPages
        if not image.tag_v2.get(_SUBFILE_TAG, 0) & _SMALLER_COPY:
            yield number
            number += 1
    if number == 0:
        _turned(image, 0)
        yield 0


def page_count(path: Path) -> int:
    """Return how many pages of a file are to be written in colour, into one file: those of a TIFF that keeps its kind.

    A damaged page is counted and ends the count, so that who reads it is told; 1 for a file that cannot be read.
    """
    count = 0
    try:
        if is_written_whole(path) and is_file(path):
            with Image.open(path, formats=read_formats()) as image:
                for number in pages(image):
                    count = number + 1
    except Exception:  # reading it will say what is wrong
        count += 1
    return max(1, count)


def is_written_whole(path: Path) -> bool:
    """Say whether a TIFF of this name is written as a TIFF, which alone holds several pages."""
    return writing_format(path.name, "TIFF") == "TIFF"


def _turned(image: Image.Image, frame: int) -> bool:
    """Turn to a picture of a TIFF, if there is one."""
    if image.tell() != frame:
        image.info.clear()  # or Pillow keeps the profile and the resolution of the one before
    try:
        image.seek(frame)
    except EOFError:
        return False
    return True
