"""The colours a place of a photo is likeliest to have, so that nobody need mix skin from nothing.

A classifying network says how likely each chroma bin is. For any other, a table says which colours the places of
training photos truly had whose luma and proposed colour were like those of this place, as the model that ships proposes
them. `python -m benchmarks.likeliest_colours` makes the table, and measures what it is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab

from colorizer.errors import ColorizeError
from colorizer.inference.hinted import HintedPhoto, KnownPlace
from colorizer.photos.color import CHROMA_TO_OFFSET, merge

TABLE = Path(__file__).parents[1] / "pretrained" / "likeliest_colours.npz"
ALIKE = 10.0
"""CIEDE2000 (CIE 142:2001, https://doi.org/10.1002/col.20070) up to which one colour stands for another: what a person
who picks a colour from a few takes for the same paint."""
MOST_COLOURS = 8
_DISTINCT = 2.3
"""CIEDE2000 from which two swatches are told apart: the just noticeable difference of Mahy, Van Eycken and Oosterlinck
1994, "Evaluation of uniform color spaces", https://doi.org/10.1002/col.5080190207."""
_DARKEST, _LIGHTEST = 0.15, 0.9
"""Luma a swatch has at least and at most: in black and in white there is no room for colours to differ."""


@dataclass(frozen=True)
class ColourTable:
    """True colours of training photos, by what a network proposed for them."""

    proposed: np.ndarray
    """The middle of each cell: CIELAB of luma with proposed chroma, float32, shape (cells, 3)."""
    chroma: np.ndarray
    """True chroma (Cb, Cr) of each, likeliest first, gray among them: float32, shape (cells, MOST_COLOURS, 2)."""


def likeliest_colours(photo: HintedPhoto, x: float, y: float, count: int = 5) -> tuple[str, ...]:
    """Return the likeliest colours of a place, as "#rrggbb", likeliest first: three to `count` that can be told apart,
    gray among them, on the photo's own luma there.

    `x`, `y` in pixels of the photo, as a hint has them. `count` is from 3 to `MOST_COLOURS`. Where the photo is nearly
    black or white the colours are a little lighter or darker than it, so that they can be told apart. Raises
    ColorizeError for a place outside the photo, or another count.

    Examples:
        >>> from colorizer import Hint, load_model
        >>> from colorizer.inference import likeliest_colours, set_photo
        >>> from colorizer.photos import read_photo
        >>> photo = set_photo(read_photo("grandmother.jpg"), load_model())
        >>> colours = likeliest_colours(photo, 120, 80)
        >>> picture = photo.picture([Hint(120, 80, colours[0])])
    """
    if not 3 <= count <= MOST_COLOURS:
        raise ColorizeError(f"{count} likeliest colours: from 3 to {MOST_COLOURS} can be had.")
    place = photo.known(x, y)
    found = _colours_by_likelihood(place)
    luma = swatch_luma(place.luma)
    kept = _told_apart(luma, found)[:count]
    is_gray = np.abs(found[kept]).max(axis=1) == 0
    if not is_gray.any():
        kept[-1] = int(np.flatnonzero(np.abs(found).max(axis=1) == 0)[0])
    return tuple(_name(colour) for colour in on_luma(luma, found[kept]))


def likeliest_first(luma: float, chroma: np.ndarray, weights: np.ndarray, count: int = MOST_COLOURS) -> np.ndarray:
    """Return which `count` of many colours stand best for all of them, as indices, likeliest first; 0 is among them.

    `chroma`: shape (n, 2), the first of which is gray. `weights`: how often each occurs, shape (n,). Each one chosen
    stands for those alike (`ALIKE`) that none before it stands for, as many and as much as possible; once
    none are left, the next is the one least like any before it.
    """
    lab = rgb2lab(on_luma(luma, chroma))
    differences = deltaE_ciede2000(lab[:, None], lab[None])
    alikeness = np.maximum(0, 1 - (differences / ALIKE) ** 2)
    left, chosen = np.array(weights, np.float64), [0]
    left[alikeness[0] > 0] = 0
    while len(chosen) < min(count, len(chroma)):
        gains = alikeness @ left
        best = gains if gains.max() > 0 else differences[chosen].min(axis=0)
        chosen.append(int(best.argmax()))
        left[alikeness[chosen[-1]] > 0] = 0
    nearest = differences[chosen].argmin(axis=0)
    shares = np.bincount(nearest, weights, minlength=len(chosen))
    return np.array(chosen)[np.argsort(-shares, kind="stable")]


def swatch_luma(luma: float) -> float:
    """Return the luma to show the colours of a place with: its own, unless that is nearly black or white."""
    return min(max(luma, _DARKEST), _LIGHTEST)


def on_luma(luma: float | np.ndarray, chroma: np.ndarray) -> np.ndarray:
    """Return RGB in [0, 1], float32, shape (..., 3), of luma in [0, 1] and chroma of shape (..., 2), in gamut."""
    gray = np.broadcast_to(np.float32(luma), chroma.shape[:-1])
    return np.moveaxis(merge(gray, np.moveaxis(chroma @ CHROMA_TO_OFFSET, -1, 0)), 0, -1)


@cache
def colour_table() -> ColourTable:
    """Return the table that ships, read once."""
    with np.load(TABLE) as stored:
        return ColourTable(stored["proposed"].astype(np.float32), stored["chroma"].astype(np.float32))


def true_colours_like(table: ColourTable, luma: np.ndarray, proposed: np.ndarray) -> np.ndarray:
    """Return the chroma, shape (n, MOST_COLOURS, 2), of a table for lumas of shape (n,), as the network saw them, and
    proposed chroma of shape (n, 2).
    """
    middles = table.proposed
    lab = rgb2lab(on_luma(luma, proposed)).astype(np.float32)
    return table.chroma[((middles**2).sum(axis=1) - 2 * lab @ middles.T).argmin(axis=1)]


def _colours_by_likelihood(place: KnownPlace) -> np.ndarray:
    """Return chroma, likeliest first, shape (n, 2), with gray (0, 0) among them."""
    if place.likelihoods is None:
        return true_colours_like(colour_table(), np.array([place.seen]), place.proposed[None])[0]
    from colorizer.network.chroma_bins import chroma_bins

    bins = np.concatenate([np.zeros((1, 2), np.float32), chroma_bins()])
    return bins[likeliest_first(swatch_luma(place.seen), bins, np.concatenate([[0], place.likelihoods]))]


def _told_apart(luma: float, chroma: np.ndarray) -> list[int]:
    """Return which colours differ from all before them."""
    lab = rgb2lab(on_luma(luma, chroma))
    kept: list[int] = []
    for index, colour in enumerate(lab):
        if all(deltaE_ciede2000(colour, lab[before]) >= _DISTINCT for before in kept):
            kept.append(index)
    return kept


def _name(rgb: np.ndarray) -> str:
    red, green, blue = np.rint(rgb * 255).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"
