"""Training samples of the hint network: objects that get another color, and true colors at random places.

A photograph may have its objects marked in `NAME.labels.png`, with a number for each. Without that file its objects are
the regions of its true colors.
"""

from __future__ import annotations

import colorsys
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.color import rgb2lab
from skimage.graph import MCP_Geometric
from skimage.segmentation import felzenszwalb

from colorizer.inference.spreading import GRID, SIDE, Sample, features, halved, step_costs
from colorizer.network.network import Network
from colorizer.photos.color import CHROMA_TO_OFFSET, chroma, luma

FULL, FULL_GRID = 192, 96
"""Sides of the square that a photograph is stored as, and of its chroma and labels; samples are crops of it."""
_LEAST_AREA, _MOST_AREA = 0.006, 0.5
"""Minimum and maximum share of a photograph that an object covers."""
_HINTS_INSIDE = (1, 1, 1, 2, 3, 3, 4, 5, 5, 6, 8)
_TRUE_HINTS = (1, 1, 2, 3, 5, 5, 5, 8, 10, 10, 16, 24, 50)
_SATURATIONS = (0.25, 0.5, 0.7, 0.85, 1.0)
_GRAY_SHARE = 0.08
_PINNED, _OTHER_COLOR = 0.15, 0.45
"""Cumulative shares of object samples in which other objects are pinned, or also get colors."""
_OTHERS = (1, 1, 2, 3)


@dataclass(frozen=True)
class Photograph:
    """One photograph to train with."""

    luma: np.ndarray
    """uint8, shape (FULL, FULL)."""
    proposed: np.ndarray
    """Chroma predicted by the network: float16, shape (FULL_GRID, FULL_GRID, 2)."""
    true: np.ndarray
    """True chroma, of the same shape."""
    labels: np.ndarray
    """Number of the object in each cell: uint8, shape (FULL_GRID, FULL_GRID)."""
    is_marked: bool
    """Whether people marked its objects; object 0 is then the background."""


@dataclass(frozen=True)
class Cut:
    """A crop of a photograph, on the grid that hints spread on."""

    luma: np.ndarray
    proposed: np.ndarray
    true: np.ndarray
    labels: np.ndarray
    is_marked: bool
    paths: MCP_Geometric


@dataclass(frozen=True)
class Lesson:
    """Input of the network for some hints, and its target."""

    maps: np.ndarray
    """As in `spreading.features`, like `fields`, of shape (GRID, GRID, 10)."""
    fields: np.ndarray
    target: np.ndarray
    """Change of chroma: float32, shape (GRID, GRID, 2)."""
    inside: np.ndarray
    """1 in the objects that change, shape (GRID, GRID)."""
    weight: np.ndarray
    """0 on their edges, and less than 1 where the color is out of gamut at the luma."""
    is_true: bool
    """Whether the hints are true colors at random places."""


def read_photograph(path: Path, network: Network) -> Photograph:
    """Read a photograph with its objects, and predict its colors with a network. Raises ColorizeError."""
    from colorizer.inference.proposal import propose
    from colorizer.photos import read_photo

    photo = read_photo(path)
    rgb = np.asarray(photo.rgb().resize((FULL, FULL), Image.Resampling.BOX), np.float32) / 255
    offset = propose(network, [photo])[0]
    marked = path.with_suffix(".labels.png")
    if marked.exists():
        labels = np.asarray(Image.open(marked).convert("L").resize((FULL_GRID, FULL_GRID), Image.Resampling.NEAREST))
    else:
        labels = _regions(rgb, random.Random(path.name))
    true = np.stack([halved(plane) for plane in np.moveaxis(chroma(rgb), -1, 0)], axis=-1)
    return Photograph(
        np.rint(luma(rgb) * 255).astype(np.uint8),
        _resized(chroma(offset), FULL_GRID).astype(np.float16),
        true.astype(np.float16),
        labels,
        marked.exists(),
    )


def _regions(rgb: np.ndarray, drawn: random.Random) -> np.ndarray:
    lab = rgb2lab(np.stack([halved(plane) for plane in np.moveaxis(rgb, -1, 0)], axis=-1))
    lab[..., 0] /= 2
    scale = float(drawn.choice((40, 80, 160)))
    return np.minimum(felzenszwalb(lab / 60, scale, 0.7, 60, channel_axis=-1), 254).astype(np.uint8)


def cut(photograph: Photograph, drawn: random.Random, is_whole: bool = False) -> Cut:
    """Crop a random part, mirrored half of the time, and half of the time aged like an old print."""
    side = FULL if is_whole or drawn.random() < 0.3 else drawn.randrange(FULL // 2, FULL, 2)
    top, left = (drawn.randrange(0, FULL - side + 1, 2) for _ in range(2))
    gray = photograph.luma[top : top + side, left : left + side].astype(np.float32) / 255
    if not is_whole and drawn.random() < 0.5:
        gray = _aged(gray, drawn)
    part = np.s_[top // 2 : (top + side) // 2, left // 2 : (left + side) // 2]
    proposed, true = (
        _resized(plane[part].astype(np.float32), GRID) for plane in (photograph.proposed, photograph.true)
    )
    labels = np.asarray(Image.fromarray(photograph.labels[part]).resize((GRID, GRID), Image.Resampling.NEAREST))
    planes = [_resized(gray[..., None], SIDE)[..., 0], proposed, true, labels]
    if drawn.random() < 0.5:
        planes = [np.ascontiguousarray(plane[:, ::-1]) for plane in planes]
    return Cut(*planes, photograph.is_marked, MCP_Geometric(step_costs(planes[0])))


def _aged(gray: np.ndarray, drawn: random.Random) -> np.ndarray:
    if drawn.random() < 0.5:
        gray = np.clip((gray - 0.5) * drawn.uniform(0.6, 1.3) + 0.5 + drawn.uniform(-0.1, 0.1), 0, 1)
    if drawn.random() < 0.3:
        gray = ndimage.gaussian_filter(gray, drawn.uniform(0.3, 1))
    if drawn.random() < 0.4:
        grain = np.random.default_rng(drawn.randrange(2**31)).standard_normal(gray.shape, np.float32)
        gray = np.clip(gray + grain * np.float32(drawn.uniform(0, 0.04)), 0, 1)
    return gray


def object_lesson(given: Cut, drawn: random.Random, count: int | None = None, is_plain: bool = False) -> Lesson | None:
    """Give one object of a crop another color.

    Args:
        given: The crop.
        drawn: Source of random numbers.
        count: Number of hints inside the object; by default random, from one to eight.
        is_plain: Whether no other objects get hints.

    Returns:
        The lesson, or None if the crop has no object of a suitable size.
    """
    mask = _object(given, drawn)
    cells = None if mask is None else _places(mask, count or drawn.choice(_HINTS_INSIDE), drawn)
    if cells is None:
        return None
    color = _random_chroma(drawn)
    asked = [(cell, color, False) for cell in cells]
    target = np.where(mask[..., None], color - given.proposed, 0)
    inside, taken, kind = mask, mask, drawn.random()
    for _ in range(0 if is_plain or kind > _OTHER_COLOR else drawn.choice(_OTHERS)):
        other = _object(given, drawn, taken)
        places = None if other is None else _places(other, drawn.choice((1, 1, 2, 3)), drawn)
        if not places:
            break
        taken = taken | other
        another = None if kind < _PINNED else _random_chroma(drawn)
        asked += [(cell, given.proposed[cell] if another is None else another, another is None) for cell in places]
        if another is not None:
            target, inside = np.where(other[..., None], another - given.proposed, target), inside | other
    weight = np.where(inside, _room(halved(given.luma), target + given.proposed), 1)
    rim = ndimage.binary_dilation(inside) & ~ndimage.binary_erosion(inside, border_value=1)
    return _lesson(given, asked, target, inside, np.where(rim, 0, weight), is_true=False)


def true_lesson(given: Cut, drawn: random.Random, count: int | None = None) -> Lesson:
    """Reveal the true colors of some random places of a crop."""
    places = np.random.default_rng(drawn.randrange(2**31)).choice(
        GRID * GRID, count or drawn.choice(_TRUE_HINTS), False
    )
    smooth = ndimage.uniform_filter(given.true, (3, 3, 0))
    asked = [(cell, smooth[cell], False) for cell in (divmod(int(place), GRID) for place in places)]
    everywhere = np.ones((GRID, GRID), np.float32)
    return _lesson(given, asked, given.true - given.proposed, everywhere, everywhere, is_true=True)


def _lesson(
    given: Cut,
    asked: Sequence[tuple[tuple[int, int], np.ndarray, bool]],
    target: np.ndarray,
    inside: np.ndarray,
    weight: np.ndarray,
    is_true: bool,
) -> Lesson:
    gray = halved(given.luma)
    samples = []
    for cell, color, is_pin in asked:
        present = given.proposed[cell] * _room(gray[cell], given.proposed[cell])
        samples.append(Sample(cell, present if is_pin else color, present))
    # `find_costs` reuses the array it returns.
    distances = np.stack([given.paths.find_costs([sample.cell])[0].astype(np.float32) for sample in samples])
    maps, fields = features(gray, given.proposed, distances, samples)
    as_floats = (each.astype(np.float32) for each in (target, inside, weight))
    return Lesson(maps, fields.reshape(GRID, GRID, -1), *as_floats, is_true)


def _object(given: Cut, drawn: random.Random, beside: np.ndarray | None = None) -> np.ndarray | None:
    """Return an object, bool of shape (GRID, GRID); if it has several parts, half of the time only the largest one."""
    labels = given.labels if beside is None else given.labels[~beside]
    names, counts = np.unique(labels, return_counts=True)
    fitting = [
        (int(name), int(count) ** 0.5)
        for name, count in zip(names, counts, strict=True)
        if _LEAST_AREA * GRID**2 < count < _MOST_AREA * GRID**2 and not (given.is_marked and name == 0)
    ]
    if not fitting:
        return None
    mask = given.labels == drawn.choices([name for name, _ in fitting], [share for _, share in fitting])[0]
    mask = mask if beside is None else mask & ~beside
    parts, count = ndimage.label(mask)
    if count > 1 and drawn.random() < 0.5:
        largest = parts == 1 + int(np.argmax(ndimage.sum(mask, parts, range(1, count + 1))))
        mask = largest if largest.sum() > _LEAST_AREA * GRID**2 else mask
    return mask


def _places(mask: np.ndarray, count: int, drawn: random.Random) -> list[tuple[int, int]] | None:
    """Return random cells inside an object, away from its edge; None if it has too few."""
    inner = ndimage.binary_erosion(mask, iterations=2 if mask.sum() > 0.03 * GRID**2 else 1, border_value=1)
    cells = np.argwhere(inner)
    if len(cells) < 4:
        return None
    chosen = np.random.default_rng(drawn.randrange(2**31)).choice(len(cells), min(count, len(cells)), False)
    return [(int(row), int(column)) for row, column in cells[chosen]]


def _random_chroma(drawn: random.Random) -> np.ndarray:
    rgb = np.array(colorsys.hsv_to_rgb(drawn.random(), drawn.choice(_SATURATIONS), drawn.uniform(0.25, 0.95)))
    return chroma(np.full(3, 0.5) if drawn.random() < _GRAY_SHARE else rgb).astype(np.float32)


def _room(gray: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the share of a chroma, shape (..., 2), that is in gamut at a luma in [0, 1], shape (...)."""
    offset = wanted @ CHROMA_TO_OFFSET
    with np.errstate(divide="ignore", invalid="ignore"):
        up, down = (1 - gray[..., None]) / offset, -gray[..., None] / offset
        room = np.where(offset > 0, up, np.where(offset < 0, down, np.inf))
    return np.clip(room.min(axis=-1), 0, 1)


def _resized(planes: np.ndarray, side: int) -> np.ndarray:
    images = (Image.fromarray(np.ascontiguousarray(plane, np.float32)) for plane in np.moveaxis(planes, -1, 0))
    return np.stack([np.asarray(each.resize((side, side), Image.Resampling.BILINEAR)) for each in images], axis=-1)
