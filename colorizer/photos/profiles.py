"""Colour profiles (ICC) of photos."""

from __future__ import annotations

import io

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
