"""Read one photo: formats, orientation, transparency, colour profiles, bit depth."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from colorizer.color import is_gray, luma
from colorizer.settings import ColorizeError, PhotoLimits

DEFAULT_LIMITS = PhotoLimits()

_ORIENTATION_TAG = 0x0112
KEPT_TAGS = {0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298}
"""Description, maker, model, software, date, artist, copyright; CIPA DC-008 (Exif 2.32), 4.6.4."""
_EXIF_PARTS = {0x8769, 0x8825}
"""Details of the exposure, and the place."""
_EMPTY_EXIF_BYTES = 20
"""The mark "Exif", the header of a TIFF, and a list of no tags."""
_GRAY_SAMPLES = 8_192
_ROWS_AT_A_TIME = 1024
"""So that what is computed of a deep scan takes no memory of its size."""
_BLOCK_BYTES, _KEPT_BLOCKS = 1024**2, 256
"""Pillow holds pictures in blocks; together these are two and a half photos of 24 megapixels."""
_READ_FORMATS = (
    "AVIF", "BMP", "DIB", "GIF", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "PSD", "QOI", "SGI", "TGA", "TIFF", "WEBP",
)  # fmt: skip
"""What is opened at all: formats of photographs. Pillow knows more, among them EPS, for which it would start a
PostScript interpreter on what the file says."""


@dataclass(frozen=True)
class Photo:
    """A decoded photo, upright, at its own size."""

    image: Image.Image
    """Mode "L" or "I;16" for a grayscale photo of 8 or 16 bits, "RGB" for any other.

    It stays Pillow's, because a copy of a whole large photo takes longer than all that is computed from it.
    """
    alpha: np.ndarray | None
    """uint8 transparency, shape (h, w), or None for an opaque photo."""
    format: str
    """Pillow's name of the file format, such as "JPEG"."""
    icc_profile: bytes | None
    """The colour profile of the pixels when it is one for RGB."""
    exif: bytes | None
    """EXIF metadata with the orientation tag made true for upright pixels."""
    resolution: tuple[float, float] | None
    """Horizontal and vertical dots per inch."""

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
        for top in range(0, len(deep), _ROWS_AT_A_TIME):
            rows = slice(top, top + _ROWS_AT_A_TIME)
            levels[rows] = np.rint(deep[rows] * np.float32(255 / 65535))
        return Image.fromarray(levels)

    def rgb(self) -> Image.Image:
        """Return the photo as an 8-bit RGB picture."""
        picture = self.eight_bits()
        return picture if picture.mode == "RGB" else picture.convert("RGB")

    def square(self, size: int) -> np.ndarray:
        """Return the luma squeezed to `size` x `size`: float32 in [0, 1]; what a network sees of the photo."""
        if self.image.mode == "I;16":
            return np.asarray(self.image.resize((size, size), Image.Resampling.BILINEAR), np.float32) / 65535
        pixels = np.asarray(_squeezed(self.image, size), np.float32)
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
    """"RGB" or "RGBA" for a colour photo, "gray" for one without colour, else Pillow's name of the mode."""
    width: int
    height: int


@contextmanager
def memory_used_again() -> Iterator[None]:
    """Keep the memory of large pictures for the next ones while many are worked on: fresh memory from the system takes
    a quarter as long as decoding into it. https://pillow.readthedocs.io/en/stable/reference/block_allocator.html
    """
    size, kept = Image.core.get_block_size(), Image.core.get_blocks_max()
    Image.core.set_block_size(_BLOCK_BYTES)
    Image.core.set_blocks_max(_KEPT_BLOCKS)
    try:
        yield
    finally:
        Image.core.set_blocks_max(kept)
        Image.core.set_block_size(size)


def read_photo(path: Path, limits: PhotoLimits = DEFAULT_LIMITS) -> Photo:
    """Decode a photo of any supported format completely; raise ColorizeError when that cannot be done.

    Animations give their first frame. Palette, CMYK and other colour models become RGB; a colour profile that is not
    one for RGB is converted to sRGB, an RGB profile is kept for writing.
    """
    with _readable(path), _open(path, limits) as image:
        image.load()
        form, icc, dpi = image.format or "", image.info.get("icc_profile"), image.info.get("dpi")
        upright, exif = _transposed(image, _orientation(image)), _kept_exif(image)
        space = _profile_space(icc)
        if space in ("GRAY", "CMYK"):
            upright = _to_srgb(upright, icc)
        alpha = None
        if upright.mode.startswith("I;16"):
            transparent = image.info.get("transparency")
            if isinstance(transparent, int):  # one gray level that stands for nothing; Pillow would clip the others
                alpha = np.where(np.asarray(upright) == transparent, 0, 255).astype(np.uint8)
        elif upright.has_transparency_data:
            upright = upright.convert("RGBA")
            alpha = np.asarray(upright.getchannel("A"))
            alpha = None if alpha.min(initial=255) == 255 else alpha
        return Photo(
            image=_plain(upright),
            alpha=alpha,
            format="JPEG" if form == "MPO" else form,
            icc_profile=icc if space == "RGB" else None,
            exif=exif,
            resolution=_resolution(dpi),
        )


def read_square(path: Path, size: int, limits: PhotoLimits = DEFAULT_LIMITS) -> np.ndarray:
    """Return a photo squeezed to `size` x `size`: RGB, uint8, shape (size, size, 3); raise ColorizeError.

    Large JPEGs are decoded at a fraction of their size (libjpeg's DCT scaling), never below `size`.
    """
    with _readable(path), _open(path, limits) as image:
        image.draft("RGB", (size, size))
        rgb = image if image.mode == "RGB" else Photo(_plain(image), None, "", None, None, None).rgb()
        return np.asarray(_transposed(_squeezed(rgb, size), _orientation(image)))


def examine(path: Path, limits: PhotoLimits = DEFAULT_LIMITS) -> PhotoFacts:
    """Decode a file to its last pixel and say what it is; raise ColorizeError when it is no readable photo."""
    with _readable(path), _open(path, limits) as image:
        image.load()
        if image.mode in ("1", "L", "LA", "La", "I", "F") or image.mode.startswith("I;"):
            colour_format = "gray"
        else:
            colour_format = image.mode
            if image.mode == "P":
                colour_format = "RGBA" if image.has_transparency_data else "RGB"
            # Some thousand pixels spread over the whole photo tell its share of gray ones as well as all do.
            step = max(1, int((image.width * image.height / _GRAY_SAMPLES) ** 0.5))
            size = (-(-image.width // step), -(-image.height // step))
            sample = image if step == 1 else image.resize(size, Image.Resampling.NEAREST)
            if is_gray(np.asarray(sample.convert("RGB")), limits):
                colour_format = "gray"
        return PhotoFacts(colour_format, image.width, image.height)


def pixel_count(path: Path, limits: PhotoLimits = DEFAULT_LIMITS) -> int:
    """Return the number of pixels a file's header claims; 0 for a file that `read_photo` would refuse."""
    try:
        with _open(path, limits) as image:
            return image.width * image.height
    except Exception:  # reading it will say what is wrong
        return 0


def file_format(path: Path, limits: PhotoLimits = DEFAULT_LIMITS) -> str:
    """Return Pillow's name of the format a file's content has; empty for a file that `read_photo` would refuse."""
    try:
        with _open(path, limits) as image:
            return image.format or ""
    except Exception:  # reading it will say what is wrong
        return ""


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn whatever a decoder throws at a broken file into one ColorizeError naming the file."""
    try:
        yield
    except ColorizeError:
        raise
    except Exception as error:  # decoders raise nearly every kind for damaged data
        reasons = {
            Image.UnidentifiedImageError: "not a photo, or of an unknown format",
            FileNotFoundError: "the file is gone",
            PermissionError: "no permission to read it",
            MemoryError: "memory does not suffice for it",
        }
        raise ColorizeError(f"Cannot read {path}: {reasons.get(type(error), f'damaged ({error})')}.") from error


def _open(path: Path, limits: PhotoLimits) -> Image.Image:
    # Pillow's own limit is a process-wide number below what a large scan has; the check on the next lines replaces it.
    Image.MAX_IMAGE_PIXELS = None
    if not path.is_file():
        raise ColorizeError(f"Cannot read {path}: not a regular file.")
    Image.init()
    image = Image.open(path, formats=[name for name in _READ_FORMATS if name in Image.OPEN])
    if image.width * image.height > limits.maximum_pixels:
        image.close()
        raise ColorizeError(
            f"Cannot read {path}: {image.width} x {image.height} pixels are above the limit of "
            f"{limits.maximum_pixels / 1e6:,.6g} megapixels."
        )
    return image


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # a broken EXIF block says nothing about orientation, and the pixels are fine
        return 1


def _transposed(image: Image.Image, orientation: int) -> Image.Image:
    """Undo an EXIF orientation; CIPA DC-008 (Exif 2.32), tag 274."""
    steps = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    return image.transpose(steps[orientation]) if orientation in steps else image


def _kept_exif(image: Image.Image) -> bytes | None:
    """Return what EXIF says of the picture as a whole: who, when, where, with what.

    What describes the pixels as they were stored (orientation, and in a TIFF its strips, bits and colour model) would
    be false for the written file, and a TIFF with it cannot be opened.
    """
    try:
        exif, kept = image.getexif(), Image.Exif()
        for tag in KEPT_TAGS.intersection(exif):
            kept[tag] = exif[tag]
        for part in _EXIF_PARTS.intersection(exif):
            kept.get_ifd(part).update(exif.get_ifd(part))
        return kept.tobytes() if len(kept.tobytes()) > _EMPTY_EXIF_BYTES else None
    except Exception:  # EXIF that cannot be parsed or written again is dropped; the pixels are fine
        return None


def _squeezed(image: Image.Image, size: int) -> Image.Image:
    return image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=2.0)


def _plain(image: Image.Image) -> Image.Image:
    """Return a picture of any mode as one of 8 or 16 bits of gray, or of RGB."""
    if image.mode in ("1", "LA", "La"):
        return image.convert("L")
    if image.mode.startswith("I;16"):
        return Image.fromarray(np.asarray(image).astype(np.uint16))
    if image.mode in ("I", "F"):
        return Image.fromarray(_scaled(np.asarray(image, np.float64)))
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _scaled(values: np.ndarray) -> np.ndarray:
    """Bring samples without a fixed white (32-bit integers, floats) to 16 bits by the range they use."""
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0).clip(0)
    white = next((white for white in (1.0, 255.0, 65535.0) if values.max(initial=0) <= white), values.max())
    return (values / white * 65535).round().astype(np.uint16)


def _profile_space(icc: bytes | None) -> str | None:
    if not icc:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile.xcolor_space.strip()
    except Exception:  # a broken profile is no profile
        return None


def _to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    alpha = image.getchannel("A") if image.mode == "LA" else None
    bare = image.convert("L") if image.mode == "LA" else image
    try:
        converted = ImageCms.profileToProfile(
            bare, ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except ImageCms.PyCMSError:  # the profile does not fit the pixels
        return image
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def _resolution(dpi) -> tuple[float, float] | None:
    try:
        across, down = (float(value) for value in dpi)
    except (TypeError, ValueError):
        return None
    return (across, down) if 1 <= across <= 100_000 and 1 <= down <= 100_000 else None
