"""Hints: colors that a user assigns to places, strokes and rectangles of a photo.

Coordinates are pixels of the upright photo, counted from its upper left corner. With `unit="share"` they are fractions
of the photo's sides, from 0 to 1, and apply to the photo at any size. A hint sets the chroma of a place; the luma stays
the photo's own. Colors are `#rrggbb` (or `#rgb`), a CSS name such as "teal", "gray" for a place without color, or
"keep" for a pin. A pinned place and its object keep the predicted color, regardless of other hints.

A hint colors the object it lies on. `reach`, from 0.5 to 2, makes that object smaller or larger. `scope="photo"` is for
a hint that applies to the whole photo.

Examples:
    >>> from colorizer import Hint, colorize_photo, load_model
    >>> red_dress = Hint(120, 80, "#b03030")
    >>> colorize_photo("grandmother.jpg", load_model(), hints=[red_dress]).save("grandmother-in-red.png")
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from colorizer.errors import ColorizeError
from colorizer.photos.color import chroma

MAXIMUM_HINTS = 500
"""Maximum number of hints per photo. Each takes about ten milliseconds, and half a megabyte while its photo is
prepared."""
MAXIMUM_POINTS = 10_000
"""Maximum number of points in one scribble."""
_FARTHEST = 1_000_000
"""Limit for coordinates and radii, because Pillow draws with 32-bit integers."""
_STROKE_SEEDS, _SIDE_SEEDS = 8, 3
"""Number of places from which a stroke spreads, and number along each side of a rectangle."""
_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")

PIXEL, SHARE = "pixel", "share"
"""Units of a hint's coordinates and sizes."""
OBJECT, PHOTO = "object", "photo"
"""Scopes of a hint: its object or the whole photo."""
KEEP = "keep"
"""The color of a pin."""
SMALLEST_REACH, LARGEST_REACH = 0.5, 2.0

Box = tuple[int, int, int, int]
Place = tuple[int, int]


@dataclass(frozen=True)
class Hint:
    """The color of one place. Raises ColorizeError for an invalid color or coordinate."""

    x: float
    """Column, from 0 to the photo's width - 1."""
    y: float
    """Row, from 0 to the photo's height - 1."""
    colour: str
    radius: float = 0.0
    """Pixels of the original photo around the place that get exactly this color too; 0 for the place alone."""
    unit: str = PIXEL
    """Either "pixel", or "share": `x` of the photo's width, `y` of its height, `radius` of its shorter side."""
    reach: float = 1.0
    """Scales the size of the colored object, from 0.5 to 2: below 1 it is smaller than estimated, above 1 larger."""
    scope: str = OBJECT
    """Either "object", or "photo" for a color that applies to the whole photo."""

    def __post_init__(self) -> None:
        _check_color(self)
        _check_numbers(self.unit, self.x, self.y, self.radius)

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        return ((self.x, self.y),)

    def scaled(self, across: float, down: float) -> Hint:
        """Return the hint, in pixels, for the same photo at another size."""
        return replace(self, x=self.x * across, y=self.y * down, radius=self.radius * across)

    def in_pixels(self, width: int, height: int) -> Hint:
        """Convert the hint to pixels of a photo of this size."""
        if self.unit == PIXEL:
            return self
        x, y = _pixel(self.x, width), _pixel(self.y, height)
        return replace(self, x=x, y=y, radius=self.radius * min(width, height), unit=PIXEL)


@dataclass(frozen=True)
class Scribble:
    """The color of a stroke through some points. Raises ColorizeError as `Hint` does."""

    points: tuple[tuple[float, float], ...]
    """The (x, y) coordinates of each point, in order."""
    colour: str
    radius: float = 0.0
    """Half the stroke's width, in pixels of the original photo."""
    unit: str = PIXEL
    """As in `Hint`."""
    reach: float = 1.0
    """As in `Hint`: from 0.5 to 2."""
    scope: str = OBJECT
    """As in `Hint`."""

    def __post_init__(self) -> None:
        _check_color(self)
        object.__setattr__(self, "points", tuple(tuple(point) for point in self.points))
        if any(len(point) != 2 for point in self.points):
            raise ColorizeError("Each point of a scribble must be two numbers, x and y.")
        if not 1 <= len(self.points) <= MAXIMUM_POINTS:
            raise ColorizeError(f"A scribble must have 1 to {MAXIMUM_POINTS:,} points, not {len(self.points):,}.")
        _check_numbers(self.unit, self.radius, *(value for point in self.points for value in point))

    def scaled(self, across: float, down: float) -> Scribble:
        """Return the hint, in pixels, for the same photo at another size."""
        points = tuple((x * across, y * down) for x, y in self.points)
        return replace(self, points=points, radius=self.radius * across)

    def in_pixels(self, width: int, height: int) -> Scribble:
        """Convert the hint to pixels of a photo of this size."""
        if self.unit == PIXEL:
            return self
        points = tuple((_pixel(x, width), _pixel(y, height)) for x, y in self.points)
        return replace(self, points=points, radius=self.radius * min(width, height), unit=PIXEL)


@dataclass(frozen=True)
class Rectangle:
    """The color of a rectangle. Raises ColorizeError as `Hint` does, and for an empty rectangle."""

    left: float
    top: float
    right: float
    """The first column to the right of the rectangle."""
    bottom: float
    """The first row below the rectangle."""
    colour: str
    unit: str = PIXEL
    """Either "pixel", or "share": of the photo's width and height."""
    reach: float = 1.0
    """As in `Hint`: from 0.5 to 2."""
    scope: str = OBJECT
    """As in `Hint`."""

    def __post_init__(self) -> None:
        _check_color(self)
        _check_numbers(self.unit, self.left, self.top, self.right, self.bottom)
        if self.right <= self.left or self.bottom <= self.top:
            raise ColorizeError(
                f"The rectangle {[self.left, self.top, self.right, self.bottom]} contains no pixels. Specify left, "
                "top, right and bottom, in this order."
            )

    def scaled(self, across: float, down: float) -> Rectangle:
        """Return the hint, in pixels, for the same photo at another size."""
        left, right, top, bottom = self.left * across, self.right * across, self.top * down, self.bottom * down
        return replace(self, left=left, top=top, right=right, bottom=bottom)

    def in_pixels(self, width: int, height: int) -> Rectangle:
        """Convert the hint to pixels of a photo of this size."""
        return self if self.unit == PIXEL else replace(self, unit=PIXEL).scaled(width, height)


AnyHint = Hint | Scribble | Rectangle


def color_names() -> dict[str, str]:
    """Return every CSS color name that a hint may have, with its color as "#rrggbb"."""
    return {name: "#{:02x}{:02x}{:02x}".format(*ImageColor.getrgb(name)) for name in ImageColor.colormap}


def hint_chroma(colour: str) -> np.ndarray:
    """Return the chroma (Cb, Cr) of a color: float32 in [-0.5, 0.5], shape (2,); raise ColorizeError if invalid."""
    _check_colour(colour)
    return chroma(np.array(ImageColor.getrgb(colour)[:3], np.float32) / 255)


def in_painting_order(hints: Iterable[AnyHint]) -> list[AnyHint]:
    """Remove duplicates and sort hints from largest to smallest, so that small hints are painted over large ones.

    The result does not depend on the given order. Hints of equal size are sorted by type and color name.
    """
    return sorted(set(hints), key=lambda hint: (-_extent(hint), type(hint).__name__, hint.colour, repr(hint)))


def check_inside(hints: Sequence[AnyHint], width: int, height: int) -> None:
    """Raise ColorizeError for a hint that lies outside a photo of this size, or for more than `MAXIMUM_HINTS`."""
    if len(hints) > MAXIMUM_HINTS:
        raise ColorizeError(f"{len(hints):,} hints are too many for one photo: the limit is {MAXIMUM_HINTS}.")
    for hint in (hint.in_pixels(width, height) for hint in hints):
        if not isinstance(hint, Rectangle) and hint.radius > max(width, height):
            raise ColorizeError(
                f"The radius of a hint, {hint.radius:g}, is larger than the photo of {width} x {height} pixels."
            )
        if isinstance(hint, Rectangle):
            fits = hint.left >= 0 and hint.top >= 0 and hint.right <= width and hint.bottom <= height
            where = f"rectangle {[hint.left, hint.top, hint.right, hint.bottom]}"
        else:
            outside = [(x, y) for x, y in hint.points if not (0 <= x < width and 0 <= y < height)]
            fits, where = not outside, f"point {outside[0] if outside else ''}"
        if not fits:
            raise ColorizeError(f"The {where} of a hint lies outside the photo of {width} x {height} pixels.")


def covered(hint: AnyHint, width: int, height: int) -> tuple[Box, np.ndarray]:
    """Return which pixels of a photo of this size a hint covers.

    Returns:
        A box (left, top, right, bottom) inside the photo, and a bool mask of shape (bottom - top, right - left) that
        marks the covered pixels of the box.
    """
    if isinstance(hint, Rectangle):
        box = _inside((hint.left, hint.top, math.ceil(hint.right) - 1, math.ceil(hint.bottom) - 1), width, height)
        return box, np.ones((box[3] - box[1], box[2] - box[0]), bool)
    across, down = zip(*hint.points, strict=True)
    reach = hint.radius
    box = _inside((min(across) - reach, min(down) - reach, max(across) + reach, max(down) + reach), width, height)
    left, top, right, bottom = box
    mask = Image.new("1", (right - left, bottom - top))
    drawing = ImageDraw.Draw(mask)
    places = [(int(x) - left, int(y) - top) for x, y in hint.points]
    drawing.line(places, 1, max(1, round(2 * reach)))
    for x, y in places:
        drawing.ellipse((x - int(reach), y - int(reach), x + int(reach), y + int(reach)), 1)
    covers = np.array(mask)
    for x, y in places:
        covers[y, x] = True  # Pillow omits these pixels if the radius is less than one pixel
    return box, covers


def seeds(hint: AnyHint, width: int, height: int) -> list[Place]:
    """Return the (column, row) places from which a hint spreads: one for a point, several for a stroke or rectangle."""
    if isinstance(hint, Rectangle):
        shares = (np.arange(_SIDE_SEEDS) + 0.5) / _SIDE_SEEDS
        points = [
            (hint.left + (hint.right - hint.left) * across, hint.top + (hint.bottom - hint.top) * down)
            for across in shares
            for down in shares
        ]
    else:
        count = min(len(hint.points), _STROKE_SEEDS)
        points = [hint.points[number] for number in np.linspace(0, len(hint.points) - 1, count).round().astype(int)]
    places = [(min(int(x), width - 1), min(int(y), height - 1)) for x, y in points]
    return list(dict.fromkeys(places))


def _pixel(share: float, side: int) -> float:
    """Convert a fraction of a side to pixels; 1 is the last pixel."""
    return min(share * side, side - 1)


def _inside(corners: tuple[float, float, float, float], width: int, height: int) -> Box:
    """Return the box of at least one whole pixel between two corners, clipped to the photo."""
    left, right = (min(max(math.floor(corners[side]), 0), width - 1) for side in (0, 2))
    top, bottom = (min(max(math.floor(corners[side]), 0), height - 1) for side in (1, 3))
    return left, top, right + 1, bottom + 1


def _extent(hint: AnyHint) -> float:
    """Return the approximate number of pixels that a hint covers."""
    if isinstance(hint, Rectangle):
        return (hint.right - hint.left) * (hint.bottom - hint.top)
    length = sum(math.dist(*pair) for pair in zip(hint.points, hint.points[1:], strict=False))
    return math.pi * hint.radius**2 + length * max(1.0, 2 * hint.radius)


def _check_color(hint: AnyHint) -> None:
    """Raise ColorizeError for an invalid color, reach or scope."""
    if hint.colour != KEEP:
        _check_colour(hint.colour)
    is_number = isinstance(hint.reach, int | float | np.integer | np.floating) and not isinstance(hint.reach, bool)
    if not (is_number and SMALLEST_REACH <= hint.reach <= LARGEST_REACH):
        raise ColorizeError(f"The reach of a hint must be a number from {SMALLEST_REACH} to {LARGEST_REACH:g}.")
    if hint.scope not in (OBJECT, PHOTO):
        raise ColorizeError(f'The scope of a hint must be "{OBJECT}" or "{PHOTO}".')
    if hint.colour == KEEP and hint.scope == PHOTO:
        raise ColorizeError(f'A hint of the color "{KEEP}" keeps an object, so its scope cannot be "{PHOTO}".')


def _check_colour(colour: object) -> None:
    if not isinstance(colour, str) or not (_HEX.fullmatch(colour) or colour.lower() in ImageColor.colormap):
        shown = repr(colour[:40]) if isinstance(colour, str) else f"A value of type {type(colour).__name__}"
        raise ColorizeError(f'{shown} is not a color: use "#rrggbb", a CSS name such as "teal", or "gray".')


def _check_numbers(unit: object, *values: object) -> None:
    if unit not in (PIXEL, SHARE):
        raise ColorizeError(f'The unit of a hint must be "{PIXEL}" or "{SHARE}".')
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            raise ColorizeError("The positions and sizes of a hint must be numbers.")
        if not 0 <= value <= _FARTHEST:
            raise ColorizeError("A hint lies outside every photo: its positions and sizes must be 0 or greater.")
        if unit == SHARE and value > 1:
            raise ColorizeError(
                "A hint lies outside every photo: its positions and sizes, as shares of the photo's sides, must be "
                "from 0 to 1."
            )
