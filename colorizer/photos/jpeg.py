"""JPEGs by simplejpeg, where it does what Pillow does not: decode all at once, and encode planes of luma and chroma."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from colorizer.photos.photo import JpegPlanes

_HEADER_BYTES = 20
"""Start of image, and the segment of JFIF: ITU-T T.871, 10.1."""
_PIXELS = {"RGB": "RGBX", "L": "GRAY"}
"""What simplejpeg is to make of a mode of Pillow's, which takes pixels of four bytes or of one as they are."""
_MOST_BYTES = 100_000_000
"""Of a file that is read into memory whole."""
_FIRST_APPLICATION_MARKER, _LAST_APPLICATION_MARKER = 0xE0, 0xEF


def decoded(image: Image.Image) -> Image.Image | None:
    """Return what an opened JPEG shows, at the size it has by now (`Image.draft`): the pixels Pillow would decode, in a
    fifth less time, since it hands on a file in pieces and copies every row.

    The mode is "L" or, for "RGB", "RGBX". None for other modes, and where anything at all is wrong with the file:
    Pillow knows what can be forgiven, and what to say.
    """
    import simplejpeg  # only where a JPEG is read

    size = image.fp.seek(0, io.SEEK_END)
    if image.mode not in _PIXELS or size > _MOST_BYTES:
        return None
    image.fp.seek(0)
    try:
        pixels = simplejpeg.decode_jpeg(
            image.fp.read(), _PIXELS[image.mode], min_height=image.height, min_width=image.width
        )
    except ValueError:
        return None
    if pixels.shape[:2] != (image.height, image.width):
        return None
    mode = "RGBX" if image.mode == "RGB" else "L"
    return Image.frombuffer(mode, image.size, pixels, "raw", mode, 0, 1)


def encoded_planes(
    planes: JpegPlanes, quality: int, options: dict[str, Any], segments: bytes = b""
) -> tuple[bytes, memoryview]:
    """Encode planes as a JPEG, chroma at half the size (4:2:0).

    Args:
        planes: Luma and chroma.
        quality: Of libjpeg, 1 to 100.
        options: What the header says, as `Image.save` takes it: "dpi", "exif", "icc_profile".
        segments: What follows in the header.

    Returns:
        The header and what follows it: joined, the two would be in memory twice.

    Raises:
        ValueError: The picture is too large for a JPEG.
    """
    import simplejpeg  # only where a JPEG is written

    height, width = planes.luma.shape
    luma = planes.luma
    if height % 2 or width % 2:  # the encoder reads whole pairs of rows and columns, whatever lies behind the last
        luma = np.pad(luma, ((0, height % 2), (0, width % 2)), mode="edge")[:height, :width]
    content = simplejpeg.encode_jpeg_yuv_planes(luma, planes.blue, planes.red, quality)
    return _header(options) + segments, memoryview(content)[_HEADER_BYTES:]


def with_segments(content: memoryview, segments: bytes) -> tuple[memoryview, bytes, memoryview]:
    """Return the parts of an encoded JPEG with more segments after those of its header."""
    end = _header_end(content)
    return content[:end], segments, content[end:]


def _header(options: dict[str, Any]) -> bytes:
    """Return what Pillow writes before the tables of a JPEG."""
    file = io.BytesIO()
    Image.new("L", (1, 1)).save(file, format="JPEG", **options)
    return file.getvalue()[: _header_end(file.getvalue())]


def _header_end(content: bytes | memoryview) -> int:
    end = 2
    while _FIRST_APPLICATION_MARKER <= content[end + 1] <= _LAST_APPLICATION_MARKER:
        end += 2 + int.from_bytes(content[end + 2 : end + 4], "big")
    return end
