"""Color profiles (ICC) of photos."""

from __future__ import annotations

import io
import struct
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

_GRID = 9
_SRGB_DIFFERENCE = 3
"""Largest difference, in levels, between profiles that call themselves sRGB. Display P3 differs by more than 50."""


def profile_space(icc: bytes | None) -> str | None:
    if not icc:
        return None
    try:
        return _opened(icc).profile.xcolor_space.strip()
    except Exception:  # a broken profile is ignored
        return None


def to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    alpha = image.getchannel("A") if image.mode == "LA" else None
    bare = image.convert("L") if image.mode == "LA" else image
    try:
        converted = ImageCms.profileToProfile(bare, _opened(icc), ImageCms.createProfile("sRGB"), outputMode="RGB")
    except ImageCms.PyCMSError:  # the profile does not fit the pixels
        return image
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def rgb_to_srgb(image: Image.Image, icc: bytes) -> Image.Image | None:
    """Convert a picture from an RGB profile with other primaries or tones to sRGB.

    Args:
        image: A picture of mode "RGB", "L" or "I;16".
        icc: Its RGB profile.

    Returns:
        The converted picture, or None if it needs no conversion or cannot be converted.
    """
    if _is_srgb(icc):
        return None
    try:
        if image.mode == "RGB":
            return ImageCms.profileToProfile(image, _opened(icc), ImageCms.createProfile("sRGB"))
        return _gray_to_srgb(image, _gray_profile(icc))
    except (ImageCms.PyCMSError, KeyError):  # the profile does not fit, or has no tone curve
        return None


def gray_to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """Convert 16-bit gray, mode "I;16", from its GRAY profile to the tone curve of sRGB, keeping all 16 bits."""
    try:
        return _gray_to_srgb(image, icc)
    except ImageCms.PyCMSError:  # the profile does not fit the pixels
        return image


def _gray_to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    return ImageCms.profileToProfile(
        image,
        _opened(icc),
        _opened(_gray_profile(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())),
        outputMode=image.mode,
        flags=ImageCms.Flags.NOOPTIMIZE,  # its short tables are off by an 8-bit level in the shadows
    )


@lru_cache(maxsize=16)
def _is_srgb(icc: bytes) -> bool:
    """Return whether an RGB profile is a variant of sRGB, by how it converts colors from the whole RGB cube."""
    levels = np.linspace(0, 255, _GRID).astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    try:
        shown = ImageCms.profileToProfile(Image.fromarray(cube), _opened(icc), ImageCms.createProfile("sRGB"))
    except ImageCms.PyCMSError:  # keep the profile for programs that can read it
        return True
    return int(np.abs(np.asarray(shown, int) - cube).max()) <= _SRGB_DIFFERENCE


def _opened(icc: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(icc))


@lru_cache(maxsize=16)
def _gray_profile(icc: bytes) -> bytes:
    """Make a GRAY profile with the tone curve of an RGB profile, since Little CMS offers sRGB only for RGB.

    The layout follows ICC.1:2022 (https://www.color.org/specification/ICC.1-2022-05.pdf), 7.2 and 7.3.

    Raises:
        KeyError: The profile has no such curve.
    """
    whole = _opened(icc).tobytes()
    (count,) = struct.unpack(">I", whole[128:132])
    entries = (struct.unpack(">4sII", whole[at : at + 12]) for at in range(132, 132 + 12 * count, 12))
    tags = {name: whole[start : start + size] for name, start, size in entries}
    kept = {b"wtpt": tags[b"wtpt"], b"kTRC": tags[b"gTRC"]}
    table, values, first = struct.pack(">I", len(kept)), b"", 132 + 12 * len(kept)
    for name, value in kept.items():
        table += struct.pack(">4sII", name, first + len(values), len(value))
        values += value + bytes(-len(value) % 4)
    header = struct.pack(">I", first + len(values)) + whole[4:16] + b"GRAY" + whole[20:84] + bytes(44)
    return header + table + values
