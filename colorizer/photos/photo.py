"""What a decoded photo is, and what a colorized one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from colorizer.photos.color import luma
from colorizer.settings import PhotoLimits

DEFAULT_LIMITS = PhotoLimits()
ROWS_AT_A_TIME = 1024
"""So that what is computed of a deep scan takes no memory of its size."""


@dataclass(frozen=True)
class Photo:
    """A decoded photo, upright, at its own size."""

    image: Image.Image
    """Mode "L" or "I;16" for a grayscale photo of 8 or 16 bits, "RGB" for any other.

    It stays Pillow's, because a copy of a whole large photo takes longer than all that is computed from it.
    """
    alpha: np.ndarray | None = None
    """uint8 transparency, shape (h, w), or None for an opaque photo."""
    format: str = ""
    """Pillow's name of the file format, such as "JPEG"."""
    icc_profile: bytes | None = None
    """The colour profile of the pixels when it is one for RGB."""
    exif: bytes | None = None
    """EXIF metadata with the orientation tag made true for upright pixels."""
    resolution: tuple[float, float] | None = None
    """Horizontal and vertical dots per inch."""
    page: int = 0
    """Which page of its file it is."""

    @property
    def height(self) -> int:
        return self.image.height

    @property
    def width(self) -> int:
        return self.image.width

    def levels(self, box: tuple[int, int, int, int]) -> np.ndarray:
        """Return what lies in a box (left, top, right, bottom) on a scale of 0 to 255, shape (h, w, channels).

        That is uint8 with one channel or three, or float32 with one for a photo of 16 bits; black outside the photo.
        """
        levels = np.asarray(self.image.crop(box))
        if levels.dtype == np.uint16:
            levels = levels * np.float32(255 / 65535)
        return levels if levels.ndim == 3 else levels[..., None]

    def luma(self) -> np.ndarray:
        """Return the BT.709 luma: float32 in [0, 1], shape (h, w)."""
        levels = self.levels((0, 0, self.width, self.height))
        return (luma(levels) if levels.shape[2] == 3 else levels[..., 0].astype(np.float32)) / 255

    def eight_bits(self) -> Image.Image:
        """Return the photo as a picture of 8 bits: "L" for a grayscale photo, else "RGB"."""
        if self.image.mode != "I;16":
            return self.image
        deep = np.asarray(self.image)
        levels = np.empty(deep.shape, np.uint8)
        for top in range(0, len(deep), ROWS_AT_A_TIME):
            rows = slice(top, top + ROWS_AT_A_TIME)
            levels[rows] = np.rint(deep[rows] * np.float32(255 / 65535))
        return Image.fromarray(levels)

    def rgb(self) -> Image.Image:
        """Return the photo as an 8-bit RGB picture."""
        picture = self.eight_bits()
        return picture if picture.mode == "RGB" else picture.convert("RGB")

    def square(self, size: int) -> np.ndarray:
        """Return the luma squeezed to `size` x `size`: float32 in [0, 1]; what a network sees of the photo."""
        return self.scaled_luma((size, size))

    def scaled_luma(self, size: tuple[int, int]) -> np.ndarray:
        """Return the luma at another width and height: float32 in [0, 1], shape (height, width)."""
        if self.image.mode == "I;16":
            return np.asarray(self.image.resize(size, Image.Resampling.BILINEAR), np.float32) / 65535
        pixels = np.asarray(self.image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0), np.float32)
        return (pixels if pixels.ndim == 2 else luma(pixels)) / 255


@dataclass(frozen=True)
class Picture:
    """A photo in colour."""

    image: Image.Image
    """8-bit RGB."""
    deep: np.ndarray | None = None
    """The same with 16 bits: uint16, shape (h, w, 3), 0 to 65535; None where the original has 8."""


@dataclass(frozen=True)
class PhotoFacts:
    """What checking a file tells about it."""

    colour_format: str
    """Of the first page: "RGB" or "RGBA" for a colour photo, "gray" for one without colour, else Pillow's name of the
    mode."""
    most_pixels: int
    """Of its largest page."""
    in_colour: bool
    """Whether every page shows more colour than a black-and-white photo that was toned, has yellowed or is stained."""
    pages: int = 1
    """Pages of a TIFF, small previews not counted; of any other file, 1."""


def squeezed(image: Image.Image, size: int) -> Image.Image:
    return image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=2.0)
