"""`python -m benchmarks.repair FOLDER [photos]`: measure what `--repair` fixes and harms.

Dust, scratches and creases, the same each time, are drawn onto photos of a folder after conversion to gray, one kind
onto each copy. Printed for each kind: the share of visibly damaged pixels (changed by at least a tenth of the range
from black to white) that are found, the root mean square error there before and after, and the share of undamaged
pixels that are changed. Printed for each folder of photos: the share of pixels changed in undamaged photos.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from colorizer.photos.color import luma
from colorizer.photos.photo import Photo
from colorizer.photos.repair import repaired

PHOTOS, SEED = 40, 20260303
_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
_FINER = 4
"""Scale of the canvas that damage is drawn on, relative to the photo."""
_VISIBLE = 25.5
_TOUCHED = 0.05
"""Coverage above which a pixel counts as damaged."""
_SIDE = 256
"""Shorter side of a photo, in pixels, for which the widths of damage below apply."""


@dataclass(frozen=True)
class Figures:
    """Measurements of one damaged photo."""

    found: float
    """Share of the visibly damaged pixels that were changed."""
    before: float
    """Root mean square error of the damaged pixels, in levels of 255."""
    after: float
    harmed: float
    """Share of the undamaged pixels that were changed."""


def damaged(gray: np.ndarray, kind: str, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return gray levels, uint8 of shape (h, w), with damage of a kind of `KINDS`, and a mask of the damage."""
    random = np.random.default_rng((SEED, number))
    levels, where = gray.astype(float), np.zeros(gray.shape, bool)
    for drawn, strength in KINDS[kind](gray.shape, random):
        cover = np.asarray(drawn.resize(gray.shape[::-1], Image.Resampling.BOX)) / 255 * strength
        paint = (245 if random.random() < 0.7 else 15) + random.normal(0, 6, gray.shape)
        levels += (paint - levels) * cover
        where |= cover > _TOUCHED
    return np.rint(levels.clip(0, 255)).astype(np.uint8), where


def measure(gray: np.ndarray, kind: str, number: int) -> Figures:
    """Damage a photo and repair it."""
    harmed, where = damaged(gray, kind, number)
    mended = np.asarray(repaired(Photo(Image.fromarray(harmed))).image, float)
    changed = mended != harmed
    error_before, error_after = harmed.astype(float) - gray, mended - gray
    visible = np.abs(error_before) >= _VISIBLE
    return Figures(
        float(changed[visible].mean()) if visible.any() else 1.0,
        float(np.sqrt((error_before[where] ** 2).mean())),
        float(np.sqrt((error_after[where] ** 2).mean())),
        float(changed[~where].mean()),
    )


def main(arguments: list[str]) -> int:
    """Print a line for each kind of damage and each folder."""
    files = [path for path in sorted(Path(arguments[0]).rglob("*")) if path.suffix.lower() in _ENDINGS]
    count = int(arguments[1]) if len(arguments) > 1 else PHOTOS
    order = np.random.default_rng(SEED).permutation(len(files))
    some = [files[number] for number in order[:count]]
    grays = {path: _gray(path) for path in some}
    for kind in KINDS:
        found = [measure(gray, kind, number) for number, gray in enumerate(grays.values())]
        share, before, after, harmed = (
            np.mean([getattr(each, name) for each in found]) for name in ("found", "before", "after", "harmed")
        )
        print(
            f"{kind}: {share:.0%} of the visibly damaged pixels found, error {before:.1f} before, {after:.1f} after; "
            f"{harmed:.2%} of the others changed",
            flush=True,
        )
    for folder in sorted({path.parent for path in files}):
        inside = [files[number] for number in order if files[number].parent == folder][:count]
        changed = [_changed(_gray(path)) for path in inside]
        print(
            f"{folder.name}, {len(inside)} photos undamaged: {np.mean(changed):.2%} of the pixels changed, "
            f"{np.median(changed):.2%} in the median photo, {max(changed):.2%} in the worst",
            flush=True,
        )
    return 0


def _gray(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.rint(luma(np.asarray(image.convert("RGB")))).astype(np.uint8)


def _changed(gray: np.ndarray) -> float:
    return float((np.asarray(repaired(Photo(Image.fromarray(gray))).image) != gray).mean())


Drawn = list[tuple[Image.Image, float]]
"""Images of damage, mode "L", `_FINER` times the photo's size, each with its opacity in [0, 1]."""


def _dust(shape: tuple[int, int], random: np.random.Generator) -> Drawn:
    drawn = []
    for _ in range(random.integers(8, 25)):
        image, unit = _canvas(shape)
        across, down = random.random(2) * image.size
        wide, high = random.uniform(0.6, 2, 2) * unit
        ImageDraw.Draw(image).ellipse((across - wide, down - high, across + wide, down + high), fill=255)
        drawn.append((image, random.uniform(0.6, 1)))
    return drawn


def _scratches(shape: tuple[int, int], random: np.random.Generator) -> Drawn:
    drawn = []
    for _ in range(random.integers(1, 5)):
        image, unit = _canvas(shape)
        angle, length = random.random() * np.pi, random.uniform(0.3, 1.2) * max(image.size)
        along = np.linspace(-0.5, 0.5, 24)
        bend = random.normal(0, 0.03) * length * (2 * along) ** 2
        middle = random.random(2) * image.size
        across = middle[0] + along * length * np.cos(angle) - bend * np.sin(angle)
        down = middle[1] + along * length * np.sin(angle) + bend * np.cos(angle)
        _line(image, across, down, random.uniform(0.8, 1.8) * unit)
        drawn.append((image, random.uniform(0.5, 1)))
    return drawn


def _creases(shape: tuple[int, int], random: np.random.Generator) -> Drawn:
    image, unit = _canvas(shape)
    along, place = np.linspace(0, 1, 30), random.uniform(0.2, 0.8) + np.cumsum(random.normal(0, 0.004, 30))
    across, down = (along, place) if random.random() < 0.5 else (place, along)
    _line(image, across * image.width, down * image.height, random.uniform(2, 3.5) * unit)
    return [(image, random.uniform(0.7, 1))]


def _canvas(shape: tuple[int, int]) -> tuple[Image.Image, float]:
    """Return an empty canvas for a photo, and the length on it of a pixel of a photo with side `_SIDE`."""
    height, width = shape
    return Image.new("L", (width * _FINER, height * _FINER)), _FINER * min(shape) / _SIDE


def _line(image: Image.Image, across: np.ndarray, down: np.ndarray, width: float) -> None:
    points = [(float(x), float(y)) for x, y in zip(across, down, strict=True)]
    ImageDraw.Draw(image).line(points, fill=255, width=max(1, round(width)))


KINDS: dict[str, Callable[[tuple[int, int], np.random.Generator], Drawn]] = {
    "dust": _dust,
    "scratches": _scratches,
    "creases": _creases,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
