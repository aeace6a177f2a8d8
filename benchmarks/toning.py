"""`python -m benchmarks.toning BLACK_AND_WHITE COLOUR [photos]`: measure errors in the detection of color photos.

Classified are the photos of a folder of black-and-white ones, toned or not; photos of a folder of color ones, converted
to black and white and toned with known curves, of which a third are also stained and a third noisy; the least colorful
of the color photos; and others of them, chosen at random.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from colorizer.photos.color import colourfulness, luma
from colorizer.photos.toning import is_gray, is_in_colour

PHOTOS, SEED = 300, 20260102
_QUALITIES = (60, 75, 85, 95)
_NOISE = 3.0
CURVES = {
    "sepia": ((20, 12, 5), (150, 118, 85), (250, 235, 205)),
    "strong sepia": ((30, 10, 0), (170, 115, 60), (255, 230, 170)),
    "selenium": ((18, 10, 16), (120, 105, 118), (250, 248, 248)),
    "cyanotype": ((5, 20, 60), (70, 120, 160), (235, 245, 250)),
    "gold": ((10, 14, 24), (125, 122, 125), (250, 244, 232)),
    "yellowed paper": ((40, 32, 22), (145, 133, 108), (245, 228, 190)),
    "split toning": ((14, 16, 34), (122, 120, 122), (250, 238, 210)),
    "green": ((10, 22, 16), (110, 128, 112), (240, 250, 240)),
}
"""RGB of black, middle gray and white."""


def toned(pixels: np.ndarray, number: int) -> Image.Image:
    """Tone a color photo, uint8 of shape (h, w, 3), with the curve of this number, as a JPEG of random quality."""
    random = np.random.default_rng((SEED, number))
    points = np.array(list(CURVES.values())[number % len(CURVES)], float)
    gray = luma(pixels)
    levels = np.stack([np.interp(gray, (0, 127.5, 255), points[:, channel]) for channel in range(3)], axis=-1)
    kind = number // len(CURVES) % 3
    if kind == 1:
        levels *= _stains(gray.shape, random)
    elif kind == 2:
        levels += random.normal(0, _NOISE, levels.shape)
    written = io.BytesIO()
    quality = int(random.choice(_QUALITIES))
    Image.fromarray(np.rint(levels.clip(0, 255)).astype(np.uint8)).save(written, "JPEG", quality=quality)
    return Image.open(written)


def _stains(shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Return the share of each channel that one to three round brown stains transmit, shape (h, w, 3)."""
    down, across = np.mgrid[: shape[0], : shape[1]]
    cover = np.zeros(shape)
    for _ in range(random.integers(1, 4)):
        middle, size = random.random(2) * shape, (0.08 + 0.15 * random.random()) * max(shape)
        cover = np.maximum(cover, np.exp(-((down - middle[0]) ** 2 + (across - middle[1]) ** 2) / (2 * size**2)))
    return 1 - cover[..., None] * np.array([0.12, 0.22, 0.42]) * random.random()


def told_in_colour(image: Image.Image) -> bool:
    """Return whether the photo check would classify a photo as color."""
    return not is_gray(np.asarray(image.convert("RGB"))) and is_in_colour(image)


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _colourfulness(path: Path) -> float:
    return float(colourfulness(np.asarray(_opened(path).resize((48, 48)), np.float32) / 255))


def _row(what: str, verdicts: Iterable[bool], wrong: bool) -> str:
    found = list(verdicts)
    errors = sum(verdict == wrong for verdict in found)
    return f"{what}: {errors} of {len(found)} told wrongly, {errors / len(found):.1%}"


def main(arguments: list[str]) -> int:
    """Print an error rate for each kind of photos."""
    endings = tuple(Image.registered_extensions()) or (".jpg", ".jpeg", ".png", ".webp")
    black_and_white, colour = (
        [path for path in sorted(Path(folder).rglob("*")) if path.suffix.lower() in endings] for folder in arguments[:2]
    )
    count = int(arguments[2]) if len(arguments) > 2 else PHOTOS
    random = np.random.default_rng(SEED)
    with ThreadPoolExecutor() as pool:
        liveliness = np.array(list(pool.map(_colourfulness, colour)))
    muted = [colour[number] for number in np.argsort(liveliness, kind="stable")[:count]]
    some, others = (
        [colour[number] for number in random.choice(len(colour), min(count, len(colour)), replace=False)]
        for _ in range(2)
    )
    tones = [told_in_colour(toned(np.asarray(_opened(path)), number)) for number, path in enumerate(some)]
    print(_row("black and white", (told_in_colour(_opened(path)) for path in black_and_white), True))
    print(_row("toned", tones, True))
    for kind, name in enumerate(("plain", "stained", "noisy")):
        verdicts = [told for number, told in enumerate(tones) if number // len(CURVES) % 3 == kind]
        print(_row(f"  {name}", verdicts, True))
    print(_row("least colourful", (told_in_colour(_opened(path)) for path in muted), False))
    print(_row("any colour photo", (told_in_colour(_opened(path)) for path in others), False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
