"""What a decoded photo is, and what a colorized one."""

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
"""How many times as large as what is wanted a picture still is that was shrunk by whole pixels before."""


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
    metadata: Metadata = NO_METADATA
    """What else its file says of it."""
    modified: int | None = None
    """When its file was last changed, in nanoseconds since 1970, or None where that is not known."""
    missing: tuple[float, float, float, float] | None = None
    """Which part its file lacks, as left, top, right and bottom in shares of its width and height; None if nothing."""

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
        return Image.fromarray(by_bands(self.image, np.uint8, eight_bits))

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
        pixels = np.asarray(self.image.resize(size, Image.Resampling.BILINEAR, reducing_gap=_REDUCING_GAP), np.float32)
        return (pixels if pixels.ndim == 2 else luma(pixels)) / 255


@dataclass(frozen=True)
class JpegPlanes:
    """A photo in colour as a JPEG holds it: levels of Y, Cb and Cr of JFIF, https://www.itu.int/rec/T-REC-T.871."""

    luma: np.ndarray
    """uint8, shape (h, w)."""
    blue: np.ndarray
    """Cb, uint8, of each two rows and columns: shape ((h + 1) // 2, (w + 1) // 2)."""
    red: np.ndarray
    """Cr, of the same shape."""

    def rgb(self, size: tuple[int, int], window: Image.Resampling = Image.Resampling.BILINEAR) -> Image.Image:
        """Return them as 8-bit RGB of a width and height."""
        height, width = self.luma.shape
        planes = []
        for plane, share in ((self.luma, 1), (self.blue, 2), (self.red, 2)):
            box = (0, 0, width / share, height / share)  # of an odd size, less than the planes of chroma cover
            planes.append(Image.fromarray(plane).resize(size, window, box, reducing_gap=_REDUCING_GAP))
        return Image.merge("YCbCr", planes).convert("RGB")


class Picture:
    """A photo in colour, as one of three.

    `image`: 8-bit RGB. `deep`: the same with 16 bits, where the original has them: uint16, shape (h, w, 3), 0 to 65535.
    `planes`: what is to be written where that is a JPEG. The picture of 8 bits is made of these when it is asked for.
    """

    def __init__(
        self, image: Image.Image | None = None, deep: np.ndarray | None = None, planes: JpegPlanes | None = None
    ):
        self.deep, self.planes, self._image = deep, planes, image

    @property
    def image(self) -> Image.Image:
        if self._image is None and self.planes is not None:
            self._image = self.planes.rgb(self.planes.luma.shape[::-1])
        elif self._image is None:
            self._image = reduced(self.deep, 1, 1)
        return self._image

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        if self.planes is not None:
            return self.planes.luma.shape[::-1]
        return self._image.size if self.deep is None else self.deep.shape[1::-1]

    def resized(self, size: tuple[int, int], window: Image.Resampling) -> Image.Image:
        """Return it as 8-bit RGB of a width and height, without one of its own size."""
        if self.planes is not None:
            return self.planes.rgb(size, window)
        if self._image is not None:
            return self._image.resize(size, window, reducing_gap=_REDUCING_GAP)
        sides = list(zip(self.size, size, strict=True))
        factors = [int(before / after / _REDUCING_GAP) or 1 for before, after in sides]
        box = (0, 0, *(before / factor for before, factor in zip(self.size, factors, strict=True)))
        return reduced(self.deep, *factors).resize(size, window, box)


@dataclass(frozen=True)
class PhotoFacts:
    """What checking a file tells about it."""

    colour_format: str
    """Of the first page: "RGB" for a color photo, "RGBA" for one with transparent pixels, "gray" for one without color,
    else Pillow's name of the mode."""
    most_pixels: int
    """Of its largest page."""
    in_colour: bool | None
    """Whether every page shows more colour than a black-and-white photo that was toned, has yellowed or is stained;
    None where that was not asked."""
    pages: int = 1
    """Pages of a TIFF, small previews not counted; of any other file, 1."""
    cut_off: str = ""
    """Of a photo that is cut off, the sentence that says so."""


def squeezed(image: Image.Image, size: int) -> Image.Image:
    return image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=_REDUCING_GAP)
