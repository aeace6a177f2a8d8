"""Pages of a file: a TIFF, which scanners write, may have several; any other photo has one."""

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
    """Seek an open photo to each of its pages in turn, and yield their numbers, counted from 0.

    Smaller copies of other pictures in a TIFF do not count as pages.

    Raises:
        TooManyPages: The file has more than `MAXIMUM_PAGES` pages.
        Exception: Whatever Pillow raises for a damaged page.
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
    """Count the pages of a file that are written in color into one file.

    Only a TIFF that is written as a TIFF can have several. A damaged page is counted and ends the count, so that
    reading it reports the error. The count is 1 for a file that cannot be read.
    """
    count = 0
    try:
        if is_written_whole(path) and is_file(path):
            with Image.open(path, formats=read_formats()) as image:
                for number in pages(image):
                    count = number + 1
    except Exception:  # reading the file reports what is wrong
        count += 1
    return max(1, count)


def is_written_whole(path: Path) -> bool:
    """Return whether a TIFF of this name is written as a TIFF, the only format that holds several pages."""
    return writing_format(path.name, "TIFF") == "TIFF"


def _turned(image: Image.Image, frame: int) -> bool:
    """Seek a TIFF to a picture; return False if there is none."""
    if image.tell() != frame:
        image.info.clear()  # otherwise Pillow keeps the profile and the resolution of the previous page
    try:
        image.seek(frame)
    except EOFError:
        return False
    return True
