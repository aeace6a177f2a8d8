"""Write one photo in colour: under its own name, with all its original had."""

from __future__ import annotations

import io
import os
import shutil
import struct
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import AppendingTiffWriter

from colorizer.errors import ColorizeError
from colorizer.files import Move, complete_file
from colorizer.photos.exif import flat_exif
from colorizer.photos.formats import named_format, other_ending, writing_format
from colorizer.photos.jpeg import encoded_planes
from colorizer.photos.palette import with_palette
from colorizer.photos.photo import DEFAULT_LIMITS, Photo, Picture
from colorizer.photos.reading import file_format
from colorizer.settings import PhotoLimits

_MAXIMUM_TIFF_BYTES = 2**32 - 1
"""Of a TIFF, whose offsets have 32 bits: TIFF 6.0, page 13."""
_STRIP_BYTES, _STRIPS_AT_ONCE = 262_144, 32
"""Of a TIFF with 16 bits: what a strip has before it is compressed, and how many are compressed together."""


def file_name(name: str, form: str) -> str:
    """Return the name under which a colorized photo called `name` is written, given its file format.

    The photo keeps its own name. Only where no file of that kind can hold colour, a suffix is added to it.
    """
    return name if writing_format(name, form) else name + other_ending(name, form)


def written_name(path: Path, limits: PhotoLimits = DEFAULT_LIMITS) -> str:
    """Return the name under which the photo at `path` is written, looking into it only where its name says nothing."""
    if named_format(path.name):
        return file_name(path.name, "")
    form = file_format(path, limits)
    return file_name(path.name, form) if form else path.name


def is_written_as_jpeg(name: str, original: Photo) -> bool:
    """Say whether a picture of this name is written as a JPEG, for which planes of one are enough."""
    return writing_format(name, original.format) == "JPEG"


def write_photo(
    path: Path, picture: Picture, original: Photo, limits: PhotoLimits = DEFAULT_LIMITS, move: Move = Path.replace
) -> None:
    """Write a picture to `path` in the format its name asks for, with the original's alpha, colour profile, EXIF and
    resolution, and with 16 bits where it has them and the format is PNG or TIFF; the file appears complete or not at
    all. `move` as in `files.complete_file`. Raises ColorizeError.
    """
    form = writing_format(path.name, original.format) or "PNG"
    with complete_file(path, move=move) as temporary:
        try:
            if picture.deep is not None and form in ("PNG", "TIFF"):
                (_write_deep_png if form == "PNG" else _write_deep_tiff)(temporary, picture.deep, original)
            else:
                _write_eight_bits(temporary, form, picture, original, limits)
        except (ValueError, RuntimeError, struct.error) as error:  # what a format cannot hold, such as its side
            raise ColorizeError(f"Could not write {path}: {error}.") from error


def write_pages(path: Path, pages: Iterable[Path], move: Move = Path.replace) -> None:
    """Join TIFFs of one page each, in their order, into one at `path`, and remove each as soon as it is in it; the file
    appears complete or not at all. `move` as in `files.complete_file`. Raises ColorizeError.
    """
    with complete_file(path, move=move) as temporary, temporary.open("w+b") as file:
        joined = AppendingTiffWriter(file)
        for page in pages:
            if file.seek(0, io.SEEK_END) + page.stat().st_size > _MAXIMUM_TIFF_BYTES:
                raise ColorizeError(
                    f"Could not write {path}: its pages take more than the 4 GB a TIFF can have; split the original."
                )
            with page.open("rb") as one:
                shutil.copyfileobj(one, joined)
            joined.newFrame()
            page.unlink()


def _write_eight_bits(path: Path, form: str, picture: Picture, original: Photo, limits: PhotoLimits) -> None:
    image = None if form == "JPEG" and picture.planes else picture.image
    if form == "GIF":
        image = with_palette(image, original.alpha)
    elif original.alpha is not None and form in ("PNG", "TIFF", "WEBP", "BMP", "HEIF"):
        image = image.copy()
        image.putalpha(Image.fromarray(original.alpha))
        if form == "BMP":
            _write_transparent_bmp(path, image, original.resolution)
            return
    options: dict = {}
    if original.icc_profile:
        options["icc_profile"] = original.icc_profile
    if original.exif and form in ("JPEG", "PNG", "TIFF", "WEBP", "HEIF"):
        options["exif"] = flat_exif(original.exif) if form == "TIFF" else original.exif
    if original.resolution:
        options["dpi"] = original.resolution
    if image is None:
        with path.open("wb") as file:
            file.writelines(encoded_planes(picture.planes, limits.jpeg_quality, options))
        return
    if form == "JPEG":
        options |= {"quality": limits.jpeg_quality, "subsampling": "4:2:0"}
    elif form == "HEIF":
        options |= {"quality": limits.heif_quality, "chroma": "420"}
    elif form == "WEBP":
        options |= {"lossless": True, "exact": True}
    elif form == "TIFF":
        options |= {"compression": "tiff_lzw"}
    if form == "TIFF":  # libtiff says what the disk does not take
        image.save(path, format=form, **options)
        return
    encoded = io.BytesIO()  # straight into a file, Pillow would overlook the last piece that a full disk cuts short
    image.save(encoded, format=form, **options)
    path.write_bytes(encoded.getbuffer())


def _write_transparent_bmp(path: Path, image: Image.Image, resolution: tuple[float, float] | None) -> None:
    """Write 8-bit RGBA with a header that says which bits are alpha, as Pillow's does not: BITMAPV4HEADER,
    https://learn.microsoft.com/en-us/windows/win32/api/wingdi/ns-wingdi-bitmapv4header
    """
    bitfields, srgb, file_header = 3, b"BGRs", 14
    across, down = (round(dots / 0.0254) for dots in resolution or (0, 0))
    pixels = image.tobytes("raw", "BGRA", 0, -1)  # the last row comes first
    masks = struct.pack("<4I", 0x00FF0000, 0x0000FF00, 0x000000FF, 0xFF000000)
    header = struct.pack(
        "<IiiHHIIiiII", 108, image.width, image.height, 1, 32, bitfields, len(pixels), across, down, 0, 0
    )
    header += masks + srgb + bytes(48)
    first = file_header + len(header)
    with path.open("wb") as file:
        file.write(struct.pack("<2sIII", b"BM", first + len(pixels), 0, first) + header)
        file.write(pixels)


def _write_deep_png(path: Path, deep: np.ndarray, original: Photo) -> None:
    """Write 16-bit RGB or RGBA, which Pillow cannot; chunks as in PNG's specification, https://www.w3.org/TR/png-3/."""
    import png

    described = []
    if original.icc_profile:
        described.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(original.icc_profile)))
    if original.exif:
        described.append((b"eXIf", original.exif.removeprefix(b"Exif\0\0")))

    class Writer(png.Writer):
        def write_preamble(self, outfile: BinaryIO) -> None:
            super().write_preamble(outfile)
            for chunk in described:
                png.write_chunk(outfile, *chunk)

    height, width = deep.shape[:2]
    per_metre = [round(dots / 0.0254) for dots in original.resolution] if original.resolution else [None, None]
    writer = Writer(
        width,
        height,
        greyscale=False,
        alpha=original.alpha is not None,
        bitdepth=16,
        x_pixels_per_unit=per_metre[0],
        y_pixels_per_unit=per_metre[1],
        unit_is_meter=True,
    )
    with path.open("wb") as file:
        writer.write_packed(file, (row.astype(">u2").tobytes() for row in _bands(deep, original.alpha, 1)))


def _write_deep_tiff(path: Path, deep: np.ndarray, original: Photo) -> None:
    """Write 16-bit RGB or RGBA, which Pillow cannot."""
    import tifffile

    height, width, channels = deep.shape
    if original.alpha is not None:
        channels += 1
    kept = flat_exif(original.exif) if original.exif else {}
    rows = max(1, _STRIP_BYTES // (2 * channels * width))
    tifffile.imwrite(
        path,
        _deflated(_bands(deep, original.alpha, rows)),
        shape=(height, width, channels),
        dtype=np.uint16,
        byteorder="<",
        rowsperstrip=rows,
        photometric="rgb",
        extrasamples=["unassalpha"] if channels == 4 else None,
        compression="zlib",
        metadata=None,
        software=False,
        iccprofile=original.icc_profile,
        resolution=original.resolution,
        resolutionunit="INCH" if original.resolution else None,
        extratags=[(tag, "s", 0, str(text).encode("latin-1"), True) for tag, text in kept.items()],
    )


def _bands(deep: np.ndarray, alpha: np.ndarray | None, rows: int) -> Iterator[np.ndarray]:
    """Yield a picture, shape (h, w, 3), so many rows at a time, with its alpha of 8 bits, shape (h, w), as a fourth
    channel: all of it together would take as much memory once more.
    """
    for top in range(0, len(deep), rows):
        band = deep[top : top + rows]
        yield band if alpha is None else np.dstack([band, alpha[top : top + rows].astype(np.uint16) * 257])


def _deflated(bands: Iterator[np.ndarray]) -> Iterator[bytes]:
    """Yield strips of a TIFF, compressed in several threads."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while several := list(islice(bands, _STRIPS_AT_ONCE)):
            yield from pool.map(lambda band: zlib.compress(np.ascontiguousarray(band, "<u2")), several)
