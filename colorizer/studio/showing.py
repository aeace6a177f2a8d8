"""Images for the page: thumbnails, previews, and parts of photos at a requested size."""

from __future__ import annotations

import io

from PIL import Image

_THUMBNAIL_SIDE = 256
"""Longest side of a thumbnail, in pixels: twice its size on the page, for high-resolution screens."""
_LOSSLESS_PIXELS = 600_000
"""Maximum number of pixels sent losslessly; larger views are sent as JPEG."""
Box = tuple[int, int, int, int]


def part_of(picture: Image.Image, box: Box, size: tuple[int, int]) -> tuple[bytes, str]:
    """Render a box (left, top, right, bottom) of a picture, at most as large as `size`.

    The box is clipped to the picture.

    Returns:
        The encoded image and its media type.
    """
    width, height = picture.size
    left, top = min(max(box[0], 0), width - 1), min(max(box[1], 0), height - 1)
    part = picture.crop((left, top, min(max(box[2], left + 1), width), min(max(box[3], top + 1), height)))
    part.thumbnail(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    if part.width * part.height > _LOSSLESS_PIXELS:
        return jpeg(part, 95), "image/jpeg"
    return _png(part), "image/png"


def small(image: Image.Image) -> Image.Image:
    """Return a picture at thumbnail size, never enlarged."""
    share = min(1.0, _THUMBNAIL_SIDE / max(image.size))
    size = max(1, round(image.width * share)), max(1, round(image.height * share))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=None if image.mode == "I;16" else 2.0)


def jpeg(image: Image.Image, quality: int) -> bytes:
    written = io.BytesIO()
    image.convert("RGB").save(written, "JPEG", quality=quality, subsampling="4:4:4")
    return written.getvalue()


def _png(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG", compress_level=1)
    return written.getvalue()
