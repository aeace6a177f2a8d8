"""The file formats there are: which are read, which are written in colour, and their decoders handed to Pillow.

Pillow's list of decoders is a state of the whole process: it is added to here alone, once, before the first photo.
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
"""What is opened at all: formats of photographs. Pillow knows more, among them EPS, for which it would start a
PostScript interpreter on what the file says."""
_IN_COLOUR = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF")
_SAME = {"MPO": "JPEG"}
"""Formats that are written as another; a phone's several pictures in one file are JPEGs."""


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
    """Return the format the ending of a file's name stands for; None for an ending that stands for none."""
    read_formats()
    return Image.registered_extensions().get(Path(name).suffix.lower())


def writing_format(name: str, form: str) -> str | None:
    """Return the format a photo called `name` is written in, or None where no file of that kind can be written in
    colour; a name without a known ending gets `form`, the format its photo had.
    """
    asked = named_format(name) or form
    asked = _SAME.get(asked, asked)
    return asked if asked in _IN_COLOUR or (asked == "HEIF" and _heif_can_be_written()) else None


def other_ending(name: str, form: str) -> str:
    """Return the ending that is added to a name where `writing_format` has none: phones' HEIC becomes JPEG, the rest
    PNG, which loses nothing."""
    return ".jpg" if (named_format(name) or form) == "HEIF" else ".png"


@cache
def _heif_can_be_written() -> bool:
    import pillow_heif

    return bool(pillow_heif.libheif_info()["HEIF"])
