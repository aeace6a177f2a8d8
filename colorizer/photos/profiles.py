"""Colour profiles (ICC) of photos."""

from __future__ import annotations

import io
import struct
from functools import cache

from PIL import Image, ImageCms


def profile_space(icc: bytes | None) -> str | None:
    if not icc:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile.xcolor_space.strip()
    except Exception:  # a broken profile is no profile
        return None


def to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
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


def deep_to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """Convert gray of 16 bits, mode "I;16", from its GRAY profile to the tone curve of sRGB, with all 16 bits."""
    try:
        return ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(icc)),
            ImageCms.ImageCmsProfile(io.BytesIO(_gray_srgb())),
            outputMode="I;16",
            flags=ImageCms.Flags.NOOPTIMIZE,  # whose short tables err by a level of 8 bits in the shadows
        )
    except ImageCms.PyCMSError:  # the profile does not fit the pixels
        return image


@cache
def _gray_srgb() -> bytes:
    """Make a GRAY profile with the tone curve of sRGB, which Little CMS has for RGB only; layout as in ICC.1:2022
    (https://www.color.org/specification/ICC.1-2022-05.pdf), 7.2 and 7.3.
    """
    whole = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    (count,) = struct.unpack(">I", whole[128:132])
    entries = (struct.unpack(">4sII", whole[at : at + 12]) for at in range(132, 132 + 12 * count, 12))
    tags = {name: whole[start : start + size] for name, start, size in entries}
    kept = {b"desc": tags[b"desc"], b"cprt": tags[b"cprt"], b"wtpt": tags[b"wtpt"], b"kTRC": tags[b"rTRC"]}
    table, values, first = struct.pack(">I", len(kept)), b"", 132 + 12 * len(kept)
    for name, value in kept.items():
        table += struct.pack(">4sII", name, first + len(values), len(value))
        values += value + bytes(-len(value) % 4)
    header = struct.pack(">I", first + len(values)) + whole[4:16] + b"GRAY" + whole[20:84] + bytes(44)
    return header + table + values
