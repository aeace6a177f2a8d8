"""File formats that can be read and written in color.

This is the only module that adds decoders to Pillow's process-wide list. It does so once, before the first photo.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import Image

from colorizer.errors import MissingPackage
from colorizer.photos.raw import RAW, RAW_ENDINGS, RawFile
from colorizer.photos.tiff import SCAN, ScanFile, accepts

_READ = (
    "AVIF", "BMP", "DIB", "GIF", "HEIF", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "PSD", "QOI", "SGI", "TGA", "WEBP",
)  # fmt: skip
"""Formats of photographs that can be opened. Pillow supports more, among them EPS, for which it would run a PostScript
interpreter on the content of the file.
"""
_IN_COLOUR = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF")
_SAME = {"MPO": "JPEG"}
"""Formats that are written as another. An MPO, which phones use for several pictures in one file, consists of JPEGs."""


@cache
def read_formats() -> tuple[str, ...]:
    """Return Pillow's names of the formats that can be read here, in the order they are tried.

    Raises:
        MissingPackage: The decoder of HEIC is not installed.
    """
    try:
        import pillow_heif
    except ImportError as error:
        raise MissingPackage("pillow-heif") from error

    Image.init()
    pillow_heif.register_heif_opener()
    Image.register_open(RAW, RawFile)
    Image.register_extensions(RAW, list(RAW_ENDINGS))
    Image.register_open(SCAN, ScanFile, accepts)
    # Raw photos come first: many of them are also TIFFs of a small preview.
    return (RAW, SCAN, *(name for name in _READ if name in Image.OPEN))


def named_format(name: str) -> str | None:
    """Return the format of a file name's ending, or None for an unknown ending."""
    read_formats()
    return Image.registered_extensions().get(Path(name).suffix.lower())


def writing_format(name: str, form: str) -> str | None:
    """Return the format in which a photo is written, or None if its format cannot be written in color.

    Args:
        name: The name of the photo.
        form: The format of the photo, Pillow's name, for a name without a known ending.
    """
    asked = named_format(name) or form
    asked = _SAME.get(asked, asked)
    return asked if asked in _IN_COLOUR or (asked == "HEIF" and _heif_can_be_written()) else None


def other_ending(name: str, form: str) -> str:
    """Return the ending to append to a name for which `writing_format` returns None.

    A phone's HEIC becomes JPEG; all others become PNG, which is lossless.
    """
    return ".jpg" if (named_format(name) or form) == "HEIF" else ".png"


@cache
def _heif_can_be_written() -> bool:
    import pillow_heif

    return bool(pillow_heif.libheif_info()["HEIF"])
