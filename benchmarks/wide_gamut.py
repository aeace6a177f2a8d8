"""`python -m benchmarks.wide_gamut FOLDER [photos]`: measure how colorizing changes lightness.

Photos of a folder are converted to gray, given a profile, and colorized in two ways: in sRGB, as the program does it;
and as if the profile were sRGB, with the same profile attached to the result. Lightness is CIE L*, according to the
profile of each file.
"""

from __future__ import annotations

import io
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from colorizer import colorize_photo, load_model
from colorizer.network.network import Network
from colorizer.photos.color import luma

PHOTOS, SEED = 12, 20260303
_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class Space:
    """An RGB space: its primaries, relative to the white D50, and the power that encodes light."""

    primaries: tuple[tuple[float, float, float], ...]
    """XYZ of red, green and blue, adapted to D50 as required by ICC.1:2022, annex E."""
    gamma: float | None
    """None for the curve of sRGB, IEC 61966-2-1."""


_SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
SPACES = {
    "sRGB": Space(_SRGB, None),
    "Display P3": Space(((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)), None),
    "Adobe RGB": Space(
        ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)), 563 / 256
    ),
    "ProPhoto RGB": Space(((0.79767, 0.28804, 0.0), (0.13519, 0.71187, 0.0), (0.03134, 0.00009, 0.82491)), 1.8),
    "linear sRGB": Space(_SRGB, 1.0),
}
"""Primaries as in the profiles of Apple, Adobe (https://www.adobe.com/digitalimag/adobergb.html) and Kodak (ISO
22028-2).
"""


def profile_of(space: Space) -> bytes:
    """Create an ICC profile of a space: three primaries and a tone curve; ICC.1:2022, 8.3 and 10."""
    if space.gamma is None:
        curve = b"curv" + bytes(4) + struct.pack(">I", 1024)
        curve += np.rint(_to_light(np.linspace(0, 1, 1024), space) * 65535).astype(">u2").tobytes()
    else:
        curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(space.gamma * 256)) + bytes(2)
    tags = {b"wtpt": _xyz((0.9642, 1.0, 0.8249))}
    for name, primary in zip("rgb", space.primaries, strict=True):
        tags |= {f"{name}XYZ".encode(): _xyz(primary), f"{name}TRC".encode(): curve}
    table, values, first = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name, first + len(values), len(value))
        values += value
    head = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()[4:84]
    return struct.pack(">I", first + len(values)) + head + bytes(44) + table + values


def lightness(rgb: np.ndarray, space: Space) -> np.ndarray:
    """Return CIE L*, 0 to 100, of encoded RGB in [0, 1] of shape (..., 3); CIE 15:2018, equation 8.3."""
    light = _to_light(rgb, space) @ np.array(space.primaries)[:, 1]
    return np.where(light > (6 / 29) ** 3, 116 * np.cbrt(light) - 16, light * (29 / 3) ** 3)


def changes(gray: np.ndarray, space: Space, network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Return the change of L* when gray levels, uint8 of shape (h, w), with the profile of a space are colorized.

    Returns:
        The change with conversion to sRGB, as the program does it, and the change when a network trained on sRGB is
        applied to the levels as they are.
    """
    before = lightness(np.repeat(gray[..., None], 3, -1) / 255, space)
    image = Image.fromarray(gray).convert("RGB")
    written = io.BytesIO()
    image.save(written, "PNG", icc_profile=profile_of(space))
    ours = np.asarray(colorize_photo(written.getvalue(), network)) / 255
    naive = np.asarray(colorize_photo(image, network)) / 255
    return lightness(ours, SPACES["sRGB"]) - before, lightness(naive, space) - before


def main(arguments: list[str]) -> int:
    """Print a line for each space."""
    files = [path for path in sorted(Path(arguments[0]).rglob("*")) if path.suffix.lower() in _ENDINGS]
    count = int(arguments[1]) if len(arguments) > 1 else PHOTOS
    chosen = np.random.default_rng(SEED).choice(len(files), min(count, len(files)), replace=False)
    grays = []
    for number in chosen:
        with Image.open(files[number]) as image:
            grays.append(np.rint(luma(np.asarray(image.convert("RGB")))).astype(np.uint8))
    network = load_model()
    for name, space in SPACES.items():
        found = [changes(gray, space, network) for gray in grays]
        for how, which in (("in sRGB", 0), ("as they are", 1)):
            means = [float(pair[which].mean()) for pair in found]
            size = np.mean([np.abs(pair[which]).mean() for pair in found])
            print(f"{name}, {how}: L* {np.mean(means):+.2f}, at most {max(means, key=abs):+.2f}, in size {size:.2f}")
    return 0


def _to_light(encoded: np.ndarray, space: Space) -> np.ndarray:
    if space.gamma is not None:
        return encoded**space.gamma
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
