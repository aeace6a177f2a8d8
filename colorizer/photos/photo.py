"""Decoded and colorized photos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from colorizer.photos.color import luma
from colorizer.photos.deep import by_bands, eight_bits, reduced
from colorizer.photos.metadata import NO_METADATA, Metadata
from colorizer.settings import PhotoLimits

DEFAULT_LIMITS = PhotoLimits()
_REDUCING_GAP = 2.0
"""Pillow's `reducing_gap`: a picture reduced by whole pixels stays at least this many times as large as the final size.
"""


@dataclass(frozen=True)
class Photo:
    """A decoded photo, upright, at its own size."""

    image: Image.Image
    """Mode "L" or "I;16" for a grayscale photo of 8 or 16 bits, "RGB" for any other.

    It stays a Pillow image, because copying a whole large photo takes longer than everything that is computed from it.
    """
    alpha: np.ndarray | None = None
    """Transparency, uint8, shape (h, w), or None for an opaque photo."""
    format: str = ""
    """Pillow's name of the file format, such as "JPEG"."""
    icc_profile: bytes | None = None
    """The color profile of the pixels if it is an RGB profile."""
    exif: bytes | None = None
    """EXIF metadata, with the orientation tag corrected for upright pixels."""
    resolution: tuple[float, float] | None = None
    """Horizontal and vertical dots per inch."""
    page: int = 0
    """Page number within the file, counted from 0."""
    metadata: Metadata = NO_METADATA
    """Other metadata of the file."""
    modified: int | None = None
    """Modification time of the file, in nanoseconds since 1970, or None if it is not known."""
    missing: tuple[float, float, float, float] | None = None
    """Region that is missing from the file, as left, top, right and bottom in shares of width and height, or None."""

    @property
    def height(self) -> int:
        return self.image.height

    @property
    def width(self) -> int:
        return self.image.width

    def levels(self, box: tuple[int, int, int, int]) -> np.ndarray:
        """Return the levels within a box, on a scale of 0 to 255.

        Args:
            box: Left, top, right and bottom, in pixels. Outside the photo, the levels are black.

        Returns:
            Shape (h, w, channels): uint8 with one or three channels, or float32 with one channel for a 16-bit photo.
        """
        levels = np.asarray(self.image.crop(box))
        if levels.dtype == np.uint16:
            levels = levels * np.float32(255 / 65535)
        return levels if levels.ndim == 3 else levels[..., None]

    def luma(self) -> np.ndarray:
        """Compute the BT.709 luma: float32 in [0, 1], shape (h, w)."""
        levels = self.levels((0, 0, self.width, self.height))
        return (luma(levels) if levels.shape[2] == 3 else levels[..., 0].astype(np.float32)) / 255

    def eight_bits(self) -> Image.Image:
        """Return the photo as an 8-bit picture: "L" for a grayscale photo, otherwise "RGB"."""
        if self.image.mode != "I;16":
            return self.image
        return Image.fromarray(by_bands(self.image, np.uint8, eight_bits))

    def rgb(self) -> Image.Image:
        """Return the photo as an 8-bit RGB picture."""
        picture = self.eight_bits()
        return picture if picture.mode == "RGB" else picture.convert("RGB")

    def square(self, size: int) -> np.ndarray:
        """Return the luma resized to `size` x `size`, as networks take it: float32 in [0, 1], shape (size, size)."""
        return self.scaled_luma((size, size))

    def scaled_luma(self, size: tuple[int, int]) -> np.ndarray:
        """Return the luma resized to a (width, height): float32 in [0, 1], shape (height, width)."""
        if self.image.mode == "I;16":
            return np.asarray(self.image.resize(size, Image.Resampling.BILINEAR), np.float32) / 65535
        pixels = np.asarray(self.image.resize(size, Image.Resampling.BILINEAR, reducing_gap=_REDUCING_GAP), np.float32)
        return (pixels if pixels.ndim == 2 else luma(pixels)) / 255


@dataclass(frozen=True)
class JpegPlanes:
    """A color photo as stored in a JPEG: levels of Y, Cb and Cr of JFIF, https://www.itu.int/rec/T-REC-T.871."""

    luma: np.ndarray
    """Y, uint8, shape (h, w)."""
    blue: np.ndarray
    """Cb of each two rows and columns, uint8, shape ((h + 1) // 2, (w + 1) // 2)."""
    red: np.ndarray
    """Cr, with the dtype and shape of `blue`."""

    def rgb(self, size: tuple[int, int], window: Image.Resampling = Image.Resampling.BILINEAR) -> Image.Image:
        """Convert the planes to 8-bit RGB, resized to a (width, height)."""
        height, width = self.luma.shape
        planes = []
        for plane, share in ((self.luma, 1), (self.blue, 2), (self.red, 2)):
            box = (0, 0, width / share, height / share)  # odd sizes: chroma covers more
            planes.append(Image.fromarray(plane).resize(size, window, box, reducing_gap=_REDUCING_GAP))
        return Image.merge("YCbCr", planes).convert("RGB")


class Picture:
    """A color photo, held in one of three forms; the 8-bit picture is computed from the others on first use.

    Args:
        image: 8-bit RGB.
        deep: 16-bit RGB, if the original has 16 bits: uint16, shape (h, w, 3), 0 to 65535.
        planes: Planes to write, if the picture becomes a JPEG.
    """

    def __init__(
        self, image: Image.Image | None = None, deep: np.ndarray | None = None, planes: JpegPlanes | None = None
    ):
        self.deep, self.planes, self._image = deep, planes, image

    @property
    def image(self) -> Image.Image:
        if self._image is None:
            self._image = self.planes.rgb(self.size) if self.planes is not None else reduced(self._levels, 1, 1)
        return self._image

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        if self.planes is not None:
            return self.planes.luma.shape[::-1]
        return self._image.size if self._image is not None else self._levels.shape[1::-1]

    def resized(self, size: tuple[int, int], window: Image.Resampling) -> Image.Image:
        """Return 8-bit RGB resized to a (width, height), without creating the full-size 8-bit picture."""
        if self.planes is not None:
            return self.planes.rgb(size, window)
        if self._image is not None:
            return self._image.resize(size, window, reducing_gap=_REDUCING_GAP)
        sides = list(zip(self.size, size, strict=True))
        factors = [int(before / after / _REDUCING_GAP) or 1 for before, after in sides]
        box = (0, 0, *(before / factor for before, factor in zip(self.size, factors, strict=True)))
        return reduced(self._levels, *factors).resize(size, window, box)

    @property
    def _levels(self) -> np.ndarray:
        assert self.deep is not None
        return self.deep


@dataclass(frozen=True)
class PhotoFacts:
    """Results of examining a file."""

    colour_format: str
    """Of the first page: "RGB" for a color photo, "RGBA" for one with transparent pixels, "gray" for one without color,
    otherwise Pillow's name of the mode.
    """
    most_pixels: int
    """Pixel count of the largest page."""
    in_colour: bool | None
    """Whether every page shows more color than a black-and-white photo that was toned, has yellowed or is stained; None
    if that was not checked.
    """
    pages: int = 1
    """Pages of a TIFF, without small previews; 1 for any other file."""
    cut_off: str = ""
    """For a photo that is cut off, the sentence that says so."""


def squeezed(image: Image.Image, size: int) -> Image.Image:
    return image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=_REDUCING_GAP)
