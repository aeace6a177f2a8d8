"""Frames through a network, one batch after another, their colours steadied from each to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
from PIL import Image

from colorizer.film.moving import Moved, moving
from colorizer.film.reading import FilmFacts, Frame
from colorizer.film.riding import NOTHING_KNOWN, Known, ridden, with_hints
from colorizer.film.steady import Steadied, first_of_scene, steadied
from colorizer.inference.proposal import propose
from colorizer.network.network import Network
from colorizer.photos.color import chroma
from colorizer.photos.photo import Photo

BATCH_FRAMES = 16
"""Frames that go through the network together."""
BATCH_PIXELS = 64_000_000
"""Of them all; three batches are in memory at once (read, computed, encoded)."""


@dataclass(frozen=True)
class Carried:
    """What is carried from a frame to the next one."""

    square: np.ndarray
    """The frame's luma at the network's size: uint8, 0 to 255, shape (size, size)."""
    colours: Steadied
    change: np.ndarray
    """What hints have changed of its chroma: float32, shape (size, size, 2)."""


@dataclass(frozen=True)
class ColourFrame:
    """A frame and its colours."""

    frame: Frame
    chroma: np.ndarray
    """BT.709 (Cb, Cr), float32, shape (size, size, 2)."""
    begins_scene: bool
    carried: Carried


def colour_frames(
    network: Network,
    facts: FilmFacts,
    frames: Iterable[Frame],
    carried: Carried | None = None,
    known: Known = NOTHING_KNOWN,
    vividness: float = 1.0,
) -> Iterator[ColourFrame]:
    """Colorize a film's frames in their order; raise ColorizeError.

    `carried`: what the frame before them has left, if they go on with a film. `known`: what a person knows of the
    film's colours. `vividness` multiplies the chroma. While the network computes one batch, a thread decodes the next.
    """
    batch = min(BATCH_FRAMES, max(1, BATCH_PIXELS // (facts.width * facts.height)))
    moved = moving(frames, facts, network.size, None if carried is None else carried.square)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(_next, moved, batch)
        while now := coming.result():
            coming = pool.submit(_next, moved, batch)
            photos = [Photo(Image.fromarray(each.square)) for each in now]
            for each, proposed in zip(now, chroma(propose(network, photos)), strict=True):
                carried = _coloured(each, proposed, carried, known, facts)
                shown = (carried.colours.chroma + carried.change) * np.float32(vividness)
                yield ColourFrame(each.frame, shown, each.motion is None, carried)


def _coloured(moved: Moved, proposed: np.ndarray, before: Carried | None, known: Known, facts: FilmFacts) -> Carried:
    """Return what a frame leaves to the next one: its colours, and what hints have changed of them."""
    time = moved.frame.time
    if moved.motion is None or before is None:
        colours, change = first_of_scene(proposed), known.at_beginnings.get(time, np.zeros_like(proposed))
    else:
        colours, change = steadied(before.colours, moved.motion, proposed), ridden(before.change, moved.motion)
    if time in known.hints:
        change = with_hints(moved.frame, facts, colours.chroma, change, known.hints[time])
    return Carried(moved.square, colours, change)


def _next(moved: Iterator[Moved], count: int) -> list[Moved]:
    return list(islice(moved, count))
