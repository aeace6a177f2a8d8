"""Write a photo in color, under its own name and with the metadata of its original."""

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
from typing import Any, BinaryIO

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import AppendingTiffWriter

from colorizer.errors import ColorizeError
from colorizer.files import Move, complete_file
from colorizer.photos.color import CHROMA_TO_OFFSET, LUMA_WEIGHTS, luma
from colorizer.photos.deep import ROWS_AT_A_TIME
from colorizer.photos.formats import named_format, other_ending, writing_format
from colorizer.photos.jpeg import encoded_planes, with_segments
from colorizer.photos.metadata import add_tiff_tags, jpeg_segments, png_chunks, tiff_tags
from colorizer.photos.photo import DEFAULT_LIMITS, Photo, Picture
from colorizer.photos.reading import file_format
from colorizer.settings import PhotoLimits

MAXIMUM_LUMA_ERROR = 1.5
"""Largest mean change of luma, in levels of 255. Colors chosen in RGB alone change it by 1.1 to 3.6."""
_CHROMA_SHARES = (1 / 2, 1 / 4, 1 / 8, 1 / 16)
"""Weights of a level of chroma relative to a level of luma. The first that preserves luma is used, as it keeps most
colors.
"""


def with_palette(image: Image.Image, alpha: np.ndarray | None = None) -> Image.Image:
    """Convert 8-bit RGB to mode "P".

    Each color of the palette is the mean of the pixels it replaces. Luma changes by at most `MAXIMUM_LUMA_ERROR` levels
    on average wherever 256 colors allow it.

    Args:
        image: 8-bit RGB.
        alpha: Transparency, uint8, shape (h, w). A pixel is transparent where it is below 128.

    Returns:
        The picture. With `alpha`, the transparent index is in `info["transparency"]`.
    """
    colours = 256 if alpha is None else 255
    for share in _CHROMA_SHARES:
        # Both the palette and each pixel's color are chosen by distance in luma and reduced chroma.
        weighed = image.convert("RGB", _luma_and_chroma(share))
        indexed = weighed.quantize(colours, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
        palette = _means(image, indexed)
        if _luma_error(image, indexed, palette) <= MAXIMUM_LUMA_ERROR:
            break
    if alpha is not None:
        indexed.paste(colours, mask=Image.fromarray(np.where(alpha < 128, 255, 0).astype(np.uint8)))
        indexed.info["transparency"] = colours
    indexed.putpalette(palette.tobytes())
    return indexed


def _luma_and_chroma(share: float) -> tuple[float, ...]:
    """Return the matrix from RGB to luma and to chroma around 128, with chroma scaled by `share`."""
    blue, red = np.eye(3, dtype=np.float32)[[2, 0]] - LUMA_WEIGHTS
    rows = LUMA_WEIGHTS, share * blue / CHROMA_TO_OFFSET[0, 2], share * red / CHROMA_TO_OFFSET[1, 0]
    return tuple(float(value) for row, shift in zip(rows, (0, 128, 128), strict=True) for value in (*row, shift))


def _parts(image: Image.Image, indexed: Image.Image) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pixels, shape (n, 3), and their indices, a few rows at a time."""
    for top in range(0, image.height, ROWS_AT_A_TIME):
        box = (0, top, image.width, min(image.height, top + ROWS_AT_A_TIME))
        yield np.asarray(image.crop(box)).reshape(-1, 3), np.asarray(indexed.crop(box)).ravel()


def _means(image: Image.Image, indexed: Image.Image) -> np.ndarray:
    """Return the mean color of the pixels of each index: uint8, shape (256, 3)."""
    sums = np.zeros((256, 4))
    for pixels, numbers in _parts(image, indexed):
        sums[:, 0] += np.bincount(numbers, minlength=256)
        for channel in range(3):
            sums[:, 1 + channel] += np.bincount(numbers, pixels[:, channel], minlength=256)
    return np.rint(sums[:, 1:] / np.maximum(sums[:, :1], 1)).astype(np.uint8)


def _luma_error(image: Image.Image, indexed: Image.Image, palette: np.ndarray) -> float:
    levels = luma(palette)
    total = sum(float(np.abs(levels[numbers] - luma(pixels)).sum()) for pixels, numbers in _parts(image, indexed))
    return total / (image.width * image.height)


_MAXIMUM_TIFF_BYTES = 2**32 - 1
"""Largest TIFF, since its offsets have 32 bits: TIFF 6.0, page 13."""
_LISTS_OF_TAGS = (0x8769, 0x8825)
"""EXIF tags that hold lists of tags: exposure and location."""
_MOST_EXIF_BYTES = 65_533
"""Largest EXIF block of a JPEG."""
_STRIP_BYTES, _STRIPS_AT_ONCE = 262_144, 32
"""For a 16-bit TIFF: the size of a strip before compression, and how many strips are compressed together."""


def file_name(name: str, form: str) -> str:
    """Choose the file name of a colorized photo.

    The photo keeps its name. An ending is appended only if its format cannot be written in color.

    Args:
        name: The name of the original.
        form: Its file format, Pillow's name.
    """
    return name if writing_format(name, form) else name + other_ending(name, form)


def written_name(path: Path, limits: PhotoLimits = DEFAULT_LIMITS) -> str:
    """Choose the file name for the colorized photo at `path`, reading the file only if its name has no known ending."""
    if named_format(path.name):
        return file_name(path.name, "")
    form = file_format(path, limits)
    return file_name(path.name, form) if form else path.name


def is_written_as_jpeg(name: str, original: Photo) -> bool:
    """Return whether a picture of this name is written as a JPEG, which needs only `JpegPlanes`."""
    return writing_format(name, original.format) == "JPEG"


def write_photo(
    path: Path, picture: Picture, original: Photo, limits: PhotoLimits = DEFAULT_LIMITS, move: Move = Path.replace
) -> None:
    """Write a picture in the format of its name, with the properties of its original.

    These are alpha, color profile, EXIF, other metadata, resolution and date. 16 bits are kept if the original has them
    and the format is PNG or TIFF. The file appears complete or not at all.

    Args:
        path: The file to write.
        picture: The colorized photo.
        original: The photo it was made from.
        limits: Quality of lossy formats, and whether dates are kept.
        move: Puts the complete file in place, as in `files.complete_file`.

    Raises:
        ColorizeError: The disk or the format cannot hold the picture.
    """
    form = writing_format(path.name, original.format) or "PNG"
    with complete_file(path, move=move) as temporary:
        try:
            if picture.deep is not None and form in ("PNG", "TIFF"):
                (_write_deep_png if form == "PNG" else _write_deep_tiff)(temporary, picture.deep, original)
            else:
                _write_eight_bits(temporary, form, picture, original, limits)
            if form == "TIFF":
                add_tiff_tags(temporary, original.exif, tiff_tags(original.metadata))
            if original.modified is not None and limits.keeps_dates:
                os.utime(temporary, ns=(original.modified, original.modified))
        except (ValueError, RuntimeError, struct.error) as error:  # such as a side that is too long
            raise ColorizeError(f"Could not write {path}: {error}.") from error


def write_pages(path: Path, pages: Iterable[Path], move: Move = Path.replace) -> None:
    """Join single-page TIFFs, in order, into one TIFF at `path`.

    Each page file is removed once it has been added. The joined file appears complete or not at all.

    Args:
        path: The file to write.
        pages: The single-page TIFFs.
        move: Puts the complete file in place, as in `files.complete_file`.

    Raises:
        ColorizeError: The pages exceed the size of a TIFF, or the file cannot be written.
    """
    with complete_file(path, move=move) as temporary, temporary.open("w+b") as file:
        joined, modified = _Pages(file), None
        for page in pages:
            modified = modified or page.stat().st_mtime_ns
            if file.seek(0, io.SEEK_END) + page.stat().st_size > _MAXIMUM_TIFF_BYTES:
                raise ColorizeError(
                    f"Could not write {path}: its pages exceed the 4 GB limit of TIFF files. Split the original into "
                    "several files."
                )
            with page.open("rb") as one:
                shutil.copyfileobj(one, joined)
            joined.newFrame()
            page.unlink()
        file.flush()
        if modified is not None:
            os.utime(temporary, ns=(modified, modified))


class _Pages(AppendingTiffWriter):
    """Pillow's writer, which adjusts the offsets in a page's tags, extended to the lists of tags within EXIF."""

    def fixIFD(self) -> None:  # noqa: N802 - Pillow's name
        start = self.f.tell()
        super().fixIFD()
        self.f.seek(start)
        for number in range(self.readShort()):
            self.f.seek(start + 2 + 12 * number)
            if self.readShort() in _LISTS_OF_TAGS:
                self.f.seek(start + 10 + 12 * number)
                place = self.readLong() + self.offsetOfNewPage
                self.rewriteLastLong(place)
                self.f.seek(place)
                self.fixIFD()


def _write_eight_bits(path: Path, form: str, picture: Picture, original: Photo, limits: PhotoLimits) -> None:
    options, segments = _options(form, original, limits), jpeg_segments(original.metadata)
    if form == "JPEG" and picture.planes is not None:
        with path.open("wb") as file:
            file.writelines(encoded_planes(picture.planes, limits.jpeg_quality, options, segments))
        return
    image = picture.image
    if form == "GIF":
        image = with_palette(image, original.alpha)
    elif original.alpha is not None and form in ("PNG", "TIFF", "WEBP", "BMP", "HEIF"):
        image = image.copy()
        image.putalpha(Image.fromarray(original.alpha))
        if form == "BMP":
            _write_transparent_bmp(path, image, original.resolution)
            return
    if form == "JPEG":
        # The comments are among the segments; Pillow would add the picture's own.
        options |= {"quality": limits.jpeg_quality, "subsampling": "4:2:0", "comment": b""}
    if form == "TIFF":  # libtiff reports a full disk
        image.save(path, format=form, **options)
        return
    encoded = io.BytesIO()  # writing straight to a file, Pillow would miss that a full disk cut off the last piece
    image.save(encoded, format=form, **options)
    with path.open("wb") as file:
        file.writelines(with_segments(encoded.getbuffer(), segments) if form == "JPEG" else [encoded.getbuffer()])


def _options(form: str, original: Photo, limits: PhotoLimits) -> dict[str, Any]:
    """Return the options of `Image.save` for a photo's metadata and format, except the quality of a JPEG."""
    said = original.metadata
    options: dict[str, Any] = {}
    if original.icc_profile:
        options["icc_profile"] = original.icc_profile
    if original.resolution:
        options["dpi"] = original.resolution
    has_exif = form in ("PNG", "WEBP", "HEIF") or (form == "JPEG" and len(original.exif or b"") <= _MOST_EXIF_BYTES)
    if original.exif and has_exif:
        options["exif"] = original.exif
    if said.xmp and form in ("WEBP", "HEIF"):
        options["xmp"] = said.xmp
    if said.comments and form == "GIF":
        options["comment"] = b"\n".join(said.comments)
    if form == "PNG":
        options["pnginfo"] = PngInfo()
        for chunk in png_chunks(said):
            options["pnginfo"].add(*chunk)
    how: dict[str, dict[str, Any]] = {
        "HEIF": {"quality": limits.heif_quality, "chroma": "420"},
        "WEBP": {"lossless": True, "exact": True},
        "TIFF": {"compression": "tiff_lzw"},
    }
    return options | how.get(form, {})


def _write_transparent_bmp(path: Path, image: Image.Image, resolution: tuple[float, float] | None) -> None:
    """Write 8-bit RGBA with a header that declares the alpha bits, which Pillow's does not.

    The header is BITMAPV4HEADER, https://learn.microsoft.com/en-us/windows/win32/api/wingdi/ns-wingdi-bitmapv4header
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
    """Write 16-bit RGB or RGBA, which Pillow cannot; chunks follow https://www.w3.org/TR/png-3/."""
    import png

    described = []
    if original.icc_profile:
        described.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(original.icc_profile)))
    if original.exif:
        described.append((b"eXIf", original.exif.removeprefix(b"Exif\0\0")))
    described += png_chunks(original.metadata)

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
    )


def _bands(deep: np.ndarray, alpha: np.ndarray | None, rows: int) -> Iterator[np.ndarray]:
    """Yield a picture, shape (h, w, 3), `rows` rows at a time, with its 8-bit alpha, shape (h, w), as a fourth channel.

    Joining the whole picture at once would double the memory.
    """
    for top in range(0, len(deep), rows):
        band = deep[top : top + rows]
        yield band if alpha is None else np.dstack([band, alpha[top : top + rows].astype(np.uint16) * 257])


def _deflated(bands: Iterator[np.ndarray]) -> Iterator[bytes]:
    """Compress the strips of a TIFF in several threads."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while several := list(islice(bands, _STRIPS_AT_ONCE)):
            yield from pool.map(lambda band: zlib.compress(np.ascontiguousarray(band, "<u2").data), several)
