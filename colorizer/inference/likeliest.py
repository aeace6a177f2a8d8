"""Suggest likely colors for a place in a photo.

A classifying network gives the probability of each chroma bin. For other networks, a table is used: it lists the true
colors of places in training photos that had a similar luma and a similar color predicted by the built-in model. `python
-m benchmarks.likeliest_colours` builds the table and measures its value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from colorizer.errors import ColorizeError
from colorizer.inference.hinted import HintedPhoto, KnownPlace
from colorizer.photos.cielab import color_difference, rgb_to_lab
from colorizer.photos.color import CHROMA_TO_OFFSET, merge

TABLE = Path(__file__).parents[1] / "pretrained" / "likeliest_colours.npz"
ALIKE = 10.0
"""CIEDE2000 difference (CIE 142:2001, https://doi.org/10.1002/col.20070) up to which one color represents another: a
user choosing from a few colors considers them the same."""
MOST_COLOURS = 8
_DISTINCT = 2.3
"""CIEDE2000 difference from which two swatches are distinguishable: the just noticeable difference of Mahy, Van Eycken
and Oosterlinck 1994, "Evaluation of uniform color spaces", https://doi.org/10.1002/col.5080190207."""
_DARKEST, _LIGHTEST = 0.15, 0.9
"""Minimum and maximum luma of a swatch, because colors cannot differ in black or white."""


@dataclass(frozen=True)
class ColourTable:
    """True colors in training photos, grouped by predicted color."""

    proposed: np.ndarray
    """Center of each cell: CIELAB of luma with predicted chroma, float32, shape (cells, 3)."""
    chroma: np.ndarray
    """True chroma (Cb, Cr) of each cell, likeliest first, including gray: float32, shape (cells, MOST_COLOURS, 2)."""


def likeliest_colours(photo: HintedPhoto, x: float, y: float, count: int = 5) -> tuple[str, ...]:
    """Return the likeliest colors of a place, likeliest first, on the photo's own luma there.

    The result has between three and `count` distinguishable colors and always includes gray. Where the photo is nearly
    black or white, the colors are slightly lighter or darker than it, so that they can be distinguished.

    Args:
        photo: The photo.
        x: Column in pixels of the photo, as in `Hint`.
        y: Row in pixels of the photo, as in `Hint`.
        count: Maximum number of colors, from 3 to `MOST_COLOURS`.

    Returns:
        Colors as "#rrggbb".

    Raises:
        ColorizeError: The place is outside the photo, or `count` is out of range.

    Examples:
        >>> from colorizer import Hint, load_model
        >>> from colorizer.inference import likeliest_colours, set_photo
        >>> from colorizer.photos import read_photo
        >>> photo = set_photo(read_photo("grandmother.jpg"), load_model())
        >>> colours = likeliest_colours(photo, 120, 80)
        >>> picture = photo.picture([Hint(120, 80, colours[0])])
    """
    if not 3 <= count <= MOST_COLOURS:
        raise ColorizeError(f"Cannot list the {count} likeliest colors: ask for 3 to {MOST_COLOURS}.")
    place = photo.known(x, y)
    found = _colours_by_likelihood(place)
    luma = swatch_luma(place.luma)
    kept = _distinguishable(luma, found)[:count]
    is_gray = np.abs(found[kept]).max(axis=1) == 0
    if not is_gray.any():
        kept[-1] = int(np.flatnonzero(np.abs(found).max(axis=1) == 0)[0])
    return tuple(_name(colour) for colour in on_luma(luma, found[kept]))


def likeliest_first(luma: float, chroma: np.ndarray, weights: np.ndarray, count: int = MOST_COLOURS) -> np.ndarray:
    """Choose the colors that best represent a weighted set of colors.

    Each chosen color represents similar colors (`ALIKE`) that no earlier choice represents. Choices are greedy by
    represented weight. Once every color is represented, the next choice is the color least similar to the earlier ones.

    Args:
        luma: Luma at which colors are compared, in [0, 1].
        chroma: The colors, shape (n, 2). The first is gray.
        weights: Frequency of each color, shape (n,).
        count: Number of colors to choose.

    Returns:
        Indices, likeliest first. Index 0 (gray) is always included.
    """
    lab = rgb_to_lab(on_luma(luma, chroma))
    differences = color_difference(lab[:, None], lab[None])
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
    """Return the luma for swatches of a place: its own luma, unless that is nearly black or white."""
    return min(max(luma, _DARKEST), _LIGHTEST)


def on_luma(luma: float | np.ndarray, chroma: np.ndarray) -> np.ndarray:
    """Combine luma in [0, 1] and chroma of shape (..., 2) to in-gamut RGB in [0, 1], float32, shape (..., 3)."""
    gray = np.broadcast_to(np.float32(luma), chroma.shape[:-1])
    return np.moveaxis(merge(gray, np.moveaxis(chroma @ CHROMA_TO_OFFSET, -1, 0)), 0, -1)


@cache
def colour_table() -> ColourTable:
    """Load the built-in table, once."""
    with np.load(TABLE) as stored:
        return ColourTable(stored["proposed"].astype(np.float32), stored["chroma"].astype(np.float32))


def true_colours_like(table: ColourTable, luma: np.ndarray, proposed: np.ndarray) -> np.ndarray:
    """Look up the true colors for predicted colors.

    Args:
        table: The table.
        luma: Luma as the network sees it, shape (n,).
        proposed: Predicted chroma, shape (n, 2).

    Returns:
        Chroma, shape (n, MOST_COLOURS, 2).
    """
    middles = table.proposed
    lab = rgb_to_lab(on_luma(luma, proposed)).astype(np.float32)
    return table.chroma[((middles**2).sum(axis=1) - 2 * lab @ middles.T).argmin(axis=1)]


def _colours_by_likelihood(place: KnownPlace) -> np.ndarray:
    """Return chroma, likeliest first, shape (n, 2), including gray (0, 0)."""
    if place.likelihoods is None:
        return true_colours_like(colour_table(), np.array([place.seen]), place.proposed[None])[0]
    from colorizer.network.network import chroma_bins

    bins = np.concatenate([np.zeros((1, 2), np.float32), chroma_bins()])
    return bins[likeliest_first(swatch_luma(place.seen), bins, np.concatenate([[0], place.likelihoods]))]


def _distinguishable(luma: float, chroma: np.ndarray) -> list[int]:
    """Return the indices of colors that are distinguishable from all earlier ones."""
    lab = rgb_to_lab(on_luma(luma, chroma))
    kept: list[int] = []
    for index, colour in enumerate(lab):
        if all(color_difference(colour, lab[before]) >= _DISTINCT for before in kept):
            kept.append(index)
    return kept


def _name(rgb: np.ndarray) -> str:
    red, green, blue = np.rint(rgb * 255).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"
