"""Read a photo: formats, orientation, transparency, color profiles, bit depth."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.files import fingerprint, is_file
from colorizer.photos.cut_off import MOST_BYTES, Completed, completed
from colorizer.photos.deep import NoRawDecoder, by_bands, sixteen_bits
from colorizer.photos.formats import UNKNOWN, described, read_formats, writing_format
from colorizer.photos.jpeg import decoded
from colorizer.photos.memory import lift_pixel_limit, one_large_at_a_time
from colorizer.photos.metadata import kept_exif, kept_metadata, orientation, transposed
from colorizer.photos.photo import DEFAULT_LIMITS, Photo, PhotoFacts, squeezed
from colorizer.photos.profiles import gray_to_srgb, profile_space, rgb_to_srgb, to_srgb
from colorizer.photos.tiff import UnsupportedPhoto
from colorizer.photos.toning import is_gray, is_in_colour
from colorizer.settings import PhotoLimits

Source: TypeAlias = str | Path | bytes | BinaryIO | Image.Image | np.ndarray
"""Source of a photo: a file path, the bytes of a file, an open binary file, a Pillow image, or an array. Arrays are
uint8, or floating-point in [0, 1], of shape (h, w), (h, w, 3) or (h, w, 4), or uint16 of shape (h, w), in gamma-encoded
gray, RGB or RGBA.
"""
_GRAY_SAMPLES = 8_192
_LEAST_DECODED = 4 * _GRAY_SAMPLES
"""Minimum number of pixels to decode from a JPEG to find out whether it is in color."""
_BYTES = {"1": 5, "L": 5, "RGB": 8, "P": 8}
_DAMAGED = "damaged"
_OTHER_BYTES = 16
"""Bytes per pixel of all other modes, for a photo and its picture in color. Pillow takes one for gray and four for
color. With more than 8 bits or with alpha, that amount is needed a second time.
"""


class CutOff(ColorizeError):
    """A photo whose end is missing; `PhotoLimits.takes_cut_off` reads the part that is there."""


class _Damaged(ColorizeError):
    """A file on which a decoder failed."""


def read_photo(source: Source, limits: PhotoLimits = DEFAULT_LIMITS, page: int = 0) -> Photo:
    """Decode a photo of any supported format.

    Palette, CMYK and other color models become RGB. A photo with a profile is converted to sRGB, on which networks are
    trained; a profile of sRGB itself is kept for writing. Animations give their first frame.

    Args:
        source: The photo. A Pillow image or an open file stays open.
        limits: Limits on the photo.
        page: Page number of a TIFF, counted from 0.

    Raises:
        TypeError: `source` is not an image.
        CutOff: The end of the photo is missing, and `limits` does not accept such photos.
        ColorizeError: The photo cannot be decoded to its last pixel, or exceeds a limit.
    """
    if not isinstance(source, str | Path | bytes | Image.Image | np.ndarray) and not hasattr(source, "read"):
        raise TypeError(
            f"{type(source).__name__} is not an image. Pass a path, the bytes of a file, an open binary file, a Pillow "
            "image or a NumPy array."
        )
    try:
        photo = _photo(source, limits, page)
    except _Damaged as error:
        found = _beginning(source, limits, error)
        photo = _photo(found.content, limits, page, found.share)
    state = fingerprint(source) if isinstance(source, str | Path) else None
    return replace(photo, modified=state[1]) if state else photo


def _photo(source: Source, limits: PhotoLimits, page: int, share: float = 1.0) -> Photo:
    """Decode a photo; `share` of its stored rows are present."""
    with _readable(source, page), _open(source, limits, page) as image:
        metadata = kept_metadata(image)
        image.load()
        form, icc, dpi = image.format or "", image.info.get("icc_profile"), image.info.get("dpi")
        space = profile_space(icc)
        turned = orientation(image)
        upright = _straight(transposed(image, turned))
        exif = kept_exif(image, upright.size)
        alpha = None
        if upright.mode.startswith("I;16"):
            transparent = image.info.get("transparency")
            if isinstance(transparent, int):  # one transparent gray level; Pillow would clip the others
                alpha = by_bands(upright, np.uint8, lambda levels: (levels != transparent) * np.uint8(255))
            if space == "GRAY":
                upright = gray_to_srgb(_plain(upright), icc)
        else:
            if space in ("GRAY", "CMYK"):
                upright = to_srgb(upright, icc)
            if upright.has_transparency_data:
                upright = upright.convert("RGBA")
                alpha = np.asarray(upright.getchannel("A"))
                alpha = None if alpha.min(initial=255) == 255 else alpha
        plain = _plain(upright)
        in_srgb = rgb_to_srgb(plain, icc) if space == "RGB" else None
        return Photo(
            image=in_srgb or plain,
            alpha=alpha,
            format="JPEG" if form == "MPO" else form,
            icc_profile=icc if space == "RGB" and in_srgb is None else None,
            exif=exif,
            resolution=_resolution(dpi),
            page=page,
            metadata=metadata,
            missing=_missing(share, turned),
        )


def read_square(path: Path, size: int, limits: PhotoLimits = DEFAULT_LIMITS) -> np.ndarray:
    """Read a photo resized to `size` x `size`.

    Large JPEGs are decoded at a fraction of their size (libjpeg's DCT scaling), never below `size`.

    Returns:
        RGB, uint8, shape (size, size, 3).

    Raises:
        ColorizeError: As `read_photo` does.
    """
    try:
        return _any_square(path, size, limits)
    except _Damaged as error:
        return _any_square(_beginning(path, limits, error).content, size, limits)


def _any_square(source: Source, size: int, limits: PhotoLimits) -> np.ndarray:
    with _readable(source):
        try:
            return _square(source, size, limits, at_a_fraction=True)
        except ColorizeError:
            raise
        except Exception:  # a lossless JPEG (ITU-T T.81, annex H) can only be decoded at full size
            return _square(source, size, limits, at_a_fraction=False)


def examine(path: Path, limits: PhotoLimits = DEFAULT_LIMITS, tells_toned: bool = True) -> PhotoFacts:
    """Decode a file to the last pixel of its last page and describe it.

    All data of a large JPEG is read, but only as many pixels are computed as are needed to judge its colors.

    Args:
        path: The file.
        limits: Limits on the photo.
        tells_toned: Whether to distinguish color from toning, which takes a quarter of the time.

    Raises:
        ColorizeError: As `read_photo` does.
    """
    try:
        return _any_facts(path, limits, tells_toned)
    except _Damaged as error:
        found = _beginning(path, limits, error)
        return replace(_any_facts(found.content, limits, tells_toned), cut_off=f"{path} {_cut_off(found.share)}.")


def _any_facts(source: Source, limits: PhotoLimits, tells_toned: bool) -> PhotoFacts:
    with _readable(source):
        try:
            return _examined(source, limits, tells_toned, at_a_fraction=True)
        except Exception:  # a lossless JPEG can only be decoded at full size; a damaged file fails again
            return _examined(source, limits, tells_toned, at_a_fraction=False)


def _beginning(source: Source, limits: PhotoLimits, error: _Damaged) -> Completed:
    """Complete a photo that is cut off.

    Raises:
        CutOff: `limits` does not accept photos that are cut off.
        _Damaged: `error` itself, if nothing in the file can be decoded.
    """
    found = completed(_content(source))
    if found is None:
        raise error
    if not limits.takes_cut_off:
        raise CutOff(f"Cannot read {_named(source)}: it {_cut_off(found.share)}.") from error
    return found


def _content(source: Source) -> bytes:
    """Return the bytes of a file that can be read again and is small enough to be completed, otherwise b""."""
    if isinstance(source, bytes):
        return source if len(source) <= MOST_BYTES else b""
    try:
        path = Path(source) if isinstance(source, str | Path) else None
        return path.read_bytes() if path and path.stat().st_size <= MOST_BYTES else b""
    except OSError:  # the file has disappeared
        return b""


def _cut_off(share: float) -> str:
    some = f"{max(1, int(100 * share))} % of it" if share < 1 else "all of it, with less detail,"
    return f"is cut off; {some} can be decoded"


def _missing(share: float, turned: int) -> tuple[float, float, float, float] | None:
    """Return the region of the missing rows after an EXIF orientation is undone, as in `Photo.missing`."""
    if share >= 1:
        return None
    rows = np.zeros((1000, 10), np.uint8)
    rows[round(share * len(rows)) :] = 255
    upright = transposed(Image.fromarray(rows), turned)
    box = upright.getbbox()
    return box and tuple(side / length for side, length in zip(box, 2 * upright.size, strict=True))


def _examined(path: Source, limits: PhotoLimits, tells_toned: bool, at_a_fraction: bool) -> PhotoFacts:
    with _open(path, limits) as image, one_large_at_a_time(image.width * image.height):
        found = []
        for page in pages(image):
            with _readable(path, page):
                _refuse_too_large(image, path, limits, page)
                found.append(_facts(image, limits, tells_toned, at_a_fraction))
        return replace(
            found[0],
            most_pixels=max(facts.most_pixels for facts in found),
            in_colour=all(facts.in_colour for facts in found) if tells_toned else None,
            pages=len(found),
        )


def _facts(image: Image.Image, limits: PhotoLimits, tells_toned: bool, at_a_fraction: bool) -> PhotoFacts:
    """Describe the current page of an open file."""
    pixels, is_jpeg = image.width * image.height, image.format in ("JPEG", "MPO")
    if at_a_fraction and is_jpeg and pixels > _LEAST_DECODED:
        share = (_LEAST_DECODED / pixels) ** 0.5
        image.draft(None, (math.ceil(image.width * share), math.ceil(image.height * share)))
    shown = decoded(image) if is_jpeg else None
    if shown is None:
        image.load()
        shown = image
    if image.mode in ("1", "L", "LA", "La", "I", "F") or image.mode.startswith("I;"):
        return PhotoFacts("gray", pixels, False)
    # A few thousand pixels spread over the whole photo give its share of gray pixels as well as all of them.
    step = max(1, int((image.width * image.height / _GRAY_SAMPLES) ** 0.5))
    size = (-(-image.width // step), -(-image.height // step))
    sample = shown if step == 1 else shown.resize(size, Image.Resampling.NEAREST)
    if is_gray(np.asarray(sample.convert("RGB")), limits):
        return PhotoFacts("gray", pixels, False)
    colour_format = image.mode
    if image.mode == "P":
        colour_format = "RGBA" if image.has_transparency_data else "RGB"
    if colour_format == "RGBA":
        with_alpha = image if image.mode == "RGBA" else image.convert("RGBA")
        colour_format = "RGB" if with_alpha.getchannel("A").getextrema()[0] == 255 else "RGBA"
    return PhotoFacts(colour_format, pixels, is_in_colour(shown, limits) if tells_toned else None)


def _square(path: Source, size: int, limits: PhotoLimits, at_a_fraction: bool) -> np.ndarray:
    with _open(path, limits) as image:
        if at_a_fraction and image.format in ("JPEG", "MPO"):
            image.draft("RGB", (size, size))
        with one_large_at_a_time(image.width * image.height):
            return _squeezed(image, size)


def _squeezed(image: Image.Image, size: int) -> np.ndarray:
    rgb = image if image.mode == "RGB" else Photo(_plain(image)).rgb()
    return np.asarray(transposed(squeezed(rgb, size), orientation(image)))


def bytes_needed(path: Path, limits: PhotoLimits = DEFAULT_LIMITS, page: int = 0) -> int:
    """Estimate the memory for a photo and its picture in color, in bytes, from the header of a page.

    The result is 0 for a photo that `read_photo` would refuse.
    """
    try:
        with _open(path, limits, page) as image:
            return image.width * image.height * _BYTES.get(image.mode, _OTHER_BYTES)
    except Exception:  # reading the file reports what is wrong
        return 0


def file_format(path: Path, limits: PhotoLimits = DEFAULT_LIMITS) -> str:
    """Return Pillow's name of the format of a file's content, or "" for a file that `read_photo` would refuse."""
    try:
        with _open(path, limits) as image:
            return image.format or ""
    except Exception:  # reading the file reports what is wrong
        return ""


@contextmanager
def _readable(source: Source, page: int = 0) -> Iterator[None]:
    """Turn whatever a decoder raises for a broken file into a ColorizeError that names the file."""
    try:
        yield
    except ColorizeError:
        raise
    except Exception as error:  # decoders raise almost any exception for damaged data
        reasons = {
            FileNotFoundError: "the file no longer exists",
            PermissionError: "you have no permission to read it",
            MemoryError: "there is not enough memory for it; close other programs",
            NoRawDecoder: 'it is a raw photo; to develop it, install rawpy (extra "raw")',
            TooManyPages: f"it has more than {MAXIMUM_PAGES:,} pages; split it into several files",
        }
        said = " ".join(str(error).split()).rstrip(".")
        reason = reasons.get(type(error), f"{_DAMAGED} ({said})")
        if isinstance(error, UnsupportedPhoto):
            reason = f"{said} are not supported; save it as an 8- or 16-bit gray or RGB TIFF without compression"
        if isinstance(error, Image.UnidentifiedImageError):
            reason = _what_it_is(source)
        kind = _Damaged if reason.startswith(_DAMAGED) else ColorizeError
        raise kind(f"Cannot read {_named(source, page)}: {reason}.") from error


def _why_not_regular(path: str | Path) -> str:
    """Return the reason why a path is not a regular file."""
    try:
        Path(path).stat()
    except FileNotFoundError:
        return "the file does not exist"
    except OSError as error:
        return error.strerror or "it cannot be opened"
    return "it is not a regular file"


def _what_it_is(source: Source) -> str:
    """Describe a file that no decoder recognizes."""
    try:
        if isinstance(source, str | Path):
            with Path(source).open("rb") as file:
                return described(file, Path(source).name)
        assert not isinstance(source, np.ndarray)
        return described(io.BytesIO(source) if isinstance(source, bytes) else source, "")
    except OSError:  # it has disappeared, or can be read only once
        return UNKNOWN


def _open(source: Source, limits: PhotoLimits, page: int = 0) -> Image.Image:
    lift_pixel_limit()
    if isinstance(source, str | Path) and not is_file(source):
        raise ColorizeError(f"Cannot read {source}: {_why_not_regular(source)}.")
    image = _image(source)
    try:
        if next(islice(pages(image), page, None), None) is None:
            raise ColorizeError(f"Cannot read {_named(source)}: it has no page {page + 1}.")
        _refuse_too_large(image, source, limits, page)
    except BaseException:
        with image:  # closes what was opened here, but not a file that the caller opened
            raise
    return image


def _refuse_too_large(image: Image.Image, source: Source, limits: PhotoLimits, page: int = 0) -> None:
    if image.width * image.height > limits.maximum_pixels:
        raise ColorizeError(
            f"Cannot read {_named(source, page)}: {image.width} x {image.height} pixels exceed the limit of "
            f"{limits.maximum_pixels / 1e6:,.6g} megapixels."
        )


def _image(source: Source) -> Image.Image:
    if isinstance(source, Image.Image):
        return source.copy()  # the caller's own must not be closed
    if isinstance(source, np.ndarray):
        return Image.fromarray(_levels(source))
    image = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=read_formats())
    if image.format == "TIFF":
        image.filename = ""  # otherwise Pillow maps the file into memory and scrambles rotated pictures
    return image


def _levels(array: np.ndarray) -> np.ndarray:
    """Return the levels of a photo in an array, as Pillow takes them: uint8, or uint16 for precise gray."""
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4)):
        if array.dtype == np.uint8 or (array.dtype == np.uint16 and array.ndim == 2):
            return array
        if np.issubdtype(array.dtype, np.floating):
            if not ((array >= 0) & (array <= 1)).all():
                raise ColorizeError("The array has values outside [0, 1]. Divide 8-bit levels by 255.")
            is_gray = array.ndim == 2
            return np.rint(array.astype(np.float32) * (65535 if is_gray else 255)).astype(
                np.uint16 if is_gray else np.uint8
            )
    raise ColorizeError(
        f"An array of dtype {array.dtype} and shape {array.shape} is not a photo. Pass uint8 of shape (h, w), "
        "(h, w, 3) or (h, w, 4), the same in floating point with values in [0, 1], or uint16 of shape (h, w)."
    )


def _named(source: Source, page: int = 0) -> str:
    name = str(source) if isinstance(source, str | Path) else "the photo"
    return f"{name}, page {page + 1}" if page else name


def _plain(image: Image.Image) -> Image.Image:
    """Convert a picture of any mode to 8- or 16-bit gray, or to RGB."""
    image = _straight(image)
    if image.mode in ("1", "LA"):
        return image.convert("L")
    if image.mode.startswith("I;16"):
        return image if image.mode == "I;16" else Image.fromarray(by_bands(image, np.uint16, lambda levels: levels))
    if image.mode in ("I", "F"):
        return Image.fromarray(sixteen_bits(image))
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _straight(image: Image.Image) -> Image.Image:
    """Convert gray with premultiplied alpha ("La") to straight alpha ("LA"), the only one Pillow converts further."""
    return image.convert("LA") if image.mode == "La" else image


def _resolution(dpi) -> tuple[float, float] | None:
    try:
        across, down = (float(value) for value in dpi)
    except (TypeError, ValueError):
        return None
    return (across, down) if 1 <= across <= 100_000 and 1 <= down <= 100_000 else None


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
