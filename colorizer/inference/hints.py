"""What a person knows about a photo's colours: places, strokes and rectangles, each with its colour.

Places are in pixels of the upright photo, counted from its upper left corner, or with `unit="share"` shares of its
sides, from 0 to 1, which serve a photo at any size. A hint says which chroma a place has; its luma stays the photo's.
Colours are `#rrggbb` (or `#rgb`), a name of CSS such as "teal", "gray" for a place without color, or "keep" for a pin:
the place and its object keep the color that the network proposes, whatever other hints say.

A hint colors the object it lies on. `reach`, from 0.5 to 2, makes that object smaller or larger; `scope="photo"` is for
the rare hint that is meant for the whole photo.

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
"""Hints of one photo: each costs about ten milliseconds, and half a megabyte while its photo is set."""
MAXIMUM_POINTS = 10_000
"""Points of one scribble."""
_FARTHEST = 1_000_000
"""No coordinate or radius is larger: Pillow draws with 32-bit numbers."""
_STROKE_SEEDS, _SIDE_SEEDS = 8, 3
"""From how many places a stroke spreads, and from how many along each side of a rectangle."""
_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")

PIXEL, SHARE = "pixel", "share"
"""Units of a hint's places and sizes."""
OBJECT, PHOTO = "object", "photo"
"""What a hint colors."""
KEEP = "keep"
"""The color of a pin."""
SMALLEST_REACH, LARGEST_REACH = 0.5, 2.0

Box = tuple[int, int, int, int]
Place = tuple[int, int]


@dataclass(frozen=True)
class Hint:
    """The colour of one place. Raises ColorizeError for a colour that is none, or a number that is no place."""

    x: float
    """Column, from 0 to the photo's width - 1."""
    y: float
    """Row, from 0 to the photo's height - 1."""
    colour: str
    radius: float = 0.0
    """Pixels around the place, in the photo's own, that have exactly this colour too; 0 for that place alone."""
    unit: str = PIXEL
    """"pixel", or "share": `x` of the photo's width, `y` of its height, `radius` of its shorter side."""
    reach: float = 1.0
    """From 0.5 to 2: below 1 the object it colors is smaller than the program would take it to be, above 1 larger."""
    scope: str = OBJECT
    """"object", or "photo" for a color that is meant for the whole photo."""

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
        """Return the hint in pixels of a photo of this size."""
        if self.unit == PIXEL:
            return self
        x, y = _pixel(self.x, width), _pixel(self.y, height)
        return replace(self, x=x, y=y, radius=self.radius * min(width, height), unit=PIXEL)


@dataclass(frozen=True)
class Scribble:
    """The colour of a stroke through some points. Raises ColorizeError as `Hint` does."""

    points: tuple[tuple[float, float], ...]
    """(x, y) of each, in order."""
    colour: str
    radius: float = 0.0
    """Half the stroke's width, in the photo's own pixels."""
    unit: str = PIXEL
    """As that of `Hint`."""
    reach: float = 1.0
    """From 0.5 to 2: below 1 the object it colors is smaller than the program would take it to be, above 1 larger."""
    scope: str = OBJECT
    """"object", or "photo" for a color that is meant for the whole photo."""

    def __post_init__(self) -> None:
        _check_color(self)
        object.__setattr__(self, "points", tuple(tuple(point) for point in self.points))
        if any(len(point) != 2 for point in self.points):
            raise ColorizeError("A scribble goes through points of two numbers, x and y.")
        if not 1 <= len(self.points) <= MAXIMUM_POINTS:
            raise ColorizeError(f"A scribble of {len(self.points):,} points: 1 to {MAXIMUM_POINTS:,} are wanted.")
        _check_numbers(self.unit, self.radius, *(value for point in self.points for value in point))

    def scaled(self, across: float, down: float) -> Scribble:
        """Return the hint, in pixels, for the same photo at another size."""
        points = tuple((x * across, y * down) for x, y in self.points)
        return replace(self, points=points, radius=self.radius * across)

    def in_pixels(self, width: int, height: int) -> Scribble:
        """Return the hint in pixels of a photo of this size."""
        if self.unit == PIXEL:
            return self
        points = tuple((_pixel(x, width), _pixel(y, height)) for x, y in self.points)
        return replace(self, points=points, radius=self.radius * min(width, height), unit=PIXEL)


@dataclass(frozen=True)
class Rectangle:
    """The colour of a rectangle. Raises ColorizeError as `Hint` does, and for a rectangle without pixels."""

    left: float
    top: float
    right: float
    """The first column right of it."""
    bottom: float
    """The first row below it."""
    colour: str
    unit: str = PIXEL
    """"pixel", or "share": of the photo's width and height."""
    reach: float = 1.0
    """From 0.5 to 2: below 1 the object it colors is smaller than the program would take it to be, above 1 larger."""
    scope: str = OBJECT
    """"object", or "photo" for a color that is meant for the whole photo."""

    def __post_init__(self) -> None:
        _check_color(self)
        _check_numbers(self.unit, self.left, self.top, self.right, self.bottom)
        if self.right <= self.left or self.bottom <= self.top:
            raise ColorizeError(
                f"The rectangle {[self.left, self.top, self.right, self.bottom]} holds no pixel: left, top, right and "
                "bottom are wanted, in this order."
            )

    def scaled(self, across: float, down: float) -> Rectangle:
        """Return the hint, in pixels, for the same photo at another size."""
        sides = {"left": self.left * across, "right": self.right * across}
        return replace(self, **sides, top=self.top * down, bottom=self.bottom * down)

    def in_pixels(self, width: int, height: int) -> Rectangle:
        """Return the hint in pixels of a photo of this size."""
        return self if self.unit == PIXEL else replace(self, unit=PIXEL).scaled(width, height)


AnyHint = Hint | Scribble | Rectangle


def color_names() -> dict[str, str]:
    """Return every CSS color name that a hint may have, with its color as "#rrggbb"."""
    return {name: "#{:02x}{:02x}{:02x}".format(*ImageColor.getrgb(name)) for name in ImageColor.colormap}


def hint_chroma(colour: str) -> np.ndarray:
    """Return the chroma (Cb, Cr) of a colour's name: float32 in [-0.5, 0.5], shape (2,); raise ColorizeError."""
    _check_colour(colour)
    return chroma(np.array(ImageColor.getrgb(colour)[:3], np.float32) / 255)


def in_painting_order(hints: Iterable[AnyHint]) -> list[AnyHint]:
    """Return different hints so that each lies over those larger than it, in whatever order they were given.

    Where two of equal size and different colours overlap, the names of the colours decide.
    """
    return sorted(set(hints), key=lambda hint: (-_extent(hint), type(hint).__name__, hint.colour, repr(hint)))


def check_inside(hints: Sequence[AnyHint], width: int, height: int) -> None:
    """Raise ColorizeError for a hint that lies outside a photo of this size, or for more than `MAXIMUM_HINTS`."""
    if len(hints) > MAXIMUM_HINTS:
        raise ColorizeError(f"{len(hints):,} hints are too many for one photo: the most is {MAXIMUM_HINTS}.")
    for hint in (hint.in_pixels(width, height) for hint in hints):
        if not isinstance(hint, Rectangle) and hint.radius > max(width, height):
            raise ColorizeError(
                f"A hint's radius of {hint.radius:g} is larger than its photo, {width} x {height} pixels."
            )
        if isinstance(hint, Rectangle):
            fits = hint.left >= 0 and hint.top >= 0 and hint.right <= width and hint.bottom <= height
            where = f"rectangle {[hint.left, hint.top, hint.right, hint.bottom]}"
        else:
            outside = [(x, y) for x, y in hint.points if not (0 <= x < width and 0 <= y < height)]
            fits, where = not outside, f"place {outside[0] if outside else ''}"
        if not fits:
            raise ColorizeError(f"The {where} of a hint lies outside the photo of {width} x {height} pixels.")


def covered(hint: AnyHint, width: int, height: int) -> tuple[Box, np.ndarray]:
    """Return which pixels of a photo of this size a hint covers: a box (left, top, right, bottom) inside the photo,
    and what of it is covered, bool of shape (bottom - top, right - left).
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
        covers[y, x] = True  # which Pillow leaves out where the radius is less than a pixel
    return box, covers


def seeds(hint: AnyHint, width: int, height: int) -> list[Place]:
    """Return the places (column, row) from which a hint spreads: one of a click, some of a stroke or rectangle."""
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
    """Return where a share of a side lies, in pixels; all of it is the last pixel."""
    return min(share * side, side - 1)


def _inside(corners: tuple[float, float, float, float], width: int, height: int) -> Box:
    """Return the box of whole pixels, one at least, of a photo that reaches from one corner to another."""
    left, right = (min(max(math.floor(corners[side]), 0), width - 1) for side in (0, 2))
    top, bottom = (min(max(math.floor(corners[side]), 0), height - 1) for side in (1, 3))
    return left, top, right + 1, bottom + 1


def _extent(hint: AnyHint) -> float:
    """Return about how many pixels a hint covers."""
    if isinstance(hint, Rectangle):
        return (hint.right - hint.left) * (hint.bottom - hint.top)
    length = sum(math.dist(*pair) for pair in zip(hint.points, hint.points[1:], strict=False))
    return math.pi * hint.radius**2 + length * max(1.0, 2 * hint.radius)


def _check_color(hint: AnyHint) -> None:
    """Raise ColorizeError for a color, a reach or a scope that a hint cannot have."""
    if hint.colour != KEEP:
        _check_colour(hint.colour)
    is_number = isinstance(hint.reach, int | float | np.integer | np.floating) and not isinstance(hint.reach, bool)
    if not (is_number and SMALLEST_REACH <= hint.reach <= LARGEST_REACH):
        raise ColorizeError(f"The reach of a hint is a number from {SMALLEST_REACH} to {LARGEST_REACH:g}.")
    if hint.scope not in (OBJECT, PHOTO):
        raise ColorizeError(f'The scope of a hint is "{OBJECT}" or "{PHOTO}".')
    if hint.colour == KEEP and hint.scope == PHOTO:
        raise ColorizeError(f'A hint of the color "{KEEP}" keeps an object, so its scope cannot be "{PHOTO}".')


def _check_colour(colour: object) -> None:
    if not isinstance(colour, str) or not (_HEX.fullmatch(colour) or colour.lower() in ImageColor.colormap):
        shown = repr(colour[:40]) if isinstance(colour, str) else f"What is of type {type(colour).__name__}"
        raise ColorizeError(f'{shown} is not a color: use "#rrggbb", a CSS name such as "teal", or "gray".')


def _check_numbers(unit: object, *values: object) -> None:
    if unit not in (PIXEL, SHARE):
        raise ColorizeError(f'The unit of a hint is "{PIXEL}" or "{SHARE}".')
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            raise ColorizeError("Places and sizes of hints are numbers of pixels; one of a hint's is none.")
        if not 0 <= value <= _FARTHEST:
            raise ColorizeError("A hint lies outside every photo: its places and sizes are numbers from 0 upwards.")
        if unit == SHARE and value > 1:
            raise ColorizeError("A hint lies outside every photo: shares of a photo's sides are numbers from 0 to 1.")
