"""Photos with more than 8 bits: 16-bit samples, samples without a fixed white, and raw photos of cameras.

They are processed a few rows at a time, so that only the result needs memory for a whole photo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np
from PIL import Image, ImageFile

from colorizer.photos.metadata import kept_tags

ROWS_AT_A_TIME = 128
_OVERSHOOT, _DARKEST_WHITE = 1.1, 16


def bands(image: Image.Image) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the pixels of a picture a few rows at a time, each band with the number of its first row."""
    for top in range(0, image.height, ROWS_AT_A_TIME):
        yield top, np.asarray(image.crop((0, top, image.width, min(top + ROWS_AT_A_TIME, image.height))))


def by_bands(image: Image.Image, kind: type[np.integer], convert: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Apply `convert` to a picture band by band.

    Args:
        image: The picture, with one channel.
        kind: The dtype of the result.
        convert: Maps the levels of one band, shape (rows, w), to new levels of the same shape.

    Returns:
        The converted levels, shape (h, w).
    """
    converted = np.empty((image.height, image.width), kind)
    for top, band in bands(image):
        converted[top : top + len(band)] = convert(band)
    return converted


def eight_bits(deep: np.ndarray) -> np.ndarray:
    """Convert levels from 0 to 65535, of any shape, to uint8 levels from 0 to 255."""
    return np.rint(deep * np.float32(255 / 65535)).astype(np.uint8)


def sixteen_bits(image: Image.Image) -> np.ndarray:
    """Scale a picture of mode "I" or "F", without a fixed white, to 16 bits by `white_level`: uint16, shape (h, w)."""

    def light(levels: np.ndarray) -> np.ndarray:
        return np.nan_to_num(levels.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0).clip(0)

    white = white_level(max((light(band).max(initial=0) for _, band in bands(image)), default=0))
    return by_bands(image, np.uint16, lambda levels: (light(levels) / white * 65535).clip(0, 65535).round())


def white_level(highest: float, full: float | None = None) -> float:
    """Choose the white level of samples that do not define one: 32-bit integers and floating-point numbers.

    White is the first of 1, 255, 65535 and `full` that the highest sample exceeds by less than a tenth, since
    sharpening overshoots. If the photo would be darker than a sixteenth of that white, its highest sample is white
    instead.

    Args:
        highest: The brightest sample.
        full: The highest level that the samples can have, if there is one.
    """
    usual = (1, 255, 65535, *([full] if full else ()))
    white = next((white for white in usual if highest <= _OVERSHOOT * white), highest)
    return white if white == 1 or highest >= white / _DARKEST_WHITE else highest


def reduced(deep: np.ndarray, across: int, down: int) -> Image.Image:
    """Shrink 16-bit RGB to an 8-bit RGB picture by averaging blocks of pixels.

    Args:
        deep: Levels from 0 to 65535, shape (h, w, 3).
        across: Width of each block in pixels.
        down: Height of each block in pixels.
    """
    height, width = deep.shape[:2]
    picture = Image.new("RGB", (-(-width // across), -(-height // down)), None)
    rows = down * max(1, ROWS_AT_A_TIME // down)
    for top in range(0, height, rows):
        band = Image.fromarray(eight_bits(deep[top : top + rows]))
        picture.paste(band.reduce((across, down)), (0, top // down))
    return picture


RAW = "RAW"
RAW_ENDINGS = (
    ".3fr", ".arw", ".cr2", ".cr3", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef", ".mos", ".mrw", ".nef",
    ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
)  # fmt: skip
_TIFF_STARTS = (b"II*\0", b"MM\0*")
_RAW_STARTS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")
"""Signatures of Fuji, Olympus, Panasonic, Sigma and Minolta; https://exiftool.org/TagNames/ and LibRaw's `identify`."""
_HEAD_BYTES = 16


class NoRawDecoder(Exception):
    """The package that develops raw photos is not installed."""


def is_raw(head: bytes, name: str) -> bool:
    """Return whether a file is a raw photo.

    The signature decides. A TIFF, whose signature raw photos may share, is recognized by the ending of its name.

    Args:
        head: The first 16 bytes of the file.
        name: The name of the file.
    """
    if head.startswith(_RAW_STARTS) or head[4:12] == b"ftypcrx ":
        return True
    return head.startswith(_TIFF_STARTS) and (head[8:10] == b"CR" or name.lower().endswith(RAW_ENDINGS))


class RawFile(ImageFile.ImageFile):
    """A raw photo for Pillow: opening it reads the size, loading it the pixels (RGB, sRGB, upright)."""

    format = RAW
    format_description = "camera raw"

    def _open(self) -> None:
        head = self.fp.read(_HEAD_BYTES)
        if not is_raw(head, str(self.filename or "")):
            raise SyntaxError("not a raw photo")  # tells Pillow to try the next decoder
        try:
            import rawpy
        except ImportError as error:
            raise NoRawDecoder from error
        if head.startswith(_TIFF_STARTS):
            self._keep_exif()
        self.fp.seek(0)
        self._raw = rawpy.imread(self.fp)
        sizes = self._raw.sizes
        lies_on_its_side = sizes.flip in (5, 6)
        self._size = (sizes.height, sizes.width) if lies_on_its_side else (sizes.width, sizes.height)
        self._mode = "RGB"

    def _keep_exif(self) -> None:
        """Keep the EXIF of a raw TIFF, without its orientation: the developed photo is upright."""
        exif = Image.Exif()
        with suppress(Exception):  # EXIF that cannot be parsed is dropped; the pixels are fine
            self.fp.seek(0)
            exif.load_from_fp(self.fp)
            self.info["exif"] = kept_tags(exif) or b""

    def load(self) -> Image.core.PixelAccess | None:
        if self._raw is not None:
            with self._raw as raw:
                self._raw = None
                developed = Image.fromarray(raw.postprocess(use_camera_wb=True))
            self._size, self.im = developed.size, developed.im
        return super().load()
