"""Frames through a network, one batch after another, their colours steadied from each to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np

from colorizer.film.flow import standing, warped
from colorizer.film.moving import Moved, moving
from colorizer.film.reading import FilmFacts, Frame
from colorizer.film.riding import NOTHING_KNOWN, Known, ridden, with_hints
from colorizer.film.steady import Steadied, first_of_scene, steadied
from colorizer.inference.proposal import predicted, unfaded
from colorizer.network.network import Network
from colorizer.photos.color import chroma

BATCH_FRAMES = 16
"""Frames that are colorized together, or a half, a quarter, ... of so many large ones."""
BATCH_PIXELS = 64_000_000
"""Of them all; three batches are in memory at once (read, computed, encoded)."""
_SEEN_OF = 3
"""The network sees one frame of so many; docs/FILM.md has what that costs."""
_MADE_UP = np.float32(1.02)
"""What proposed chroma is multiplied by before it is steadied: means are paler (docs/FILM.md)."""
_TO_CHROMA = np.ascontiguousarray(chroma(np.eye(3, dtype=np.float32)).T)
"""What OpenCV makes chroma of RGB with, ten times as fast as `chroma` does with interleaved channels."""


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
    film's colours, found with the same vividness. `vividness` multiplies the chroma the network proposes, not what a
    person knows. While the network computes one batch, a thread decodes the next.
    """
    batch = batch_frames(facts)
    moved = moving(frames, facts, network.size, None if carried is None else carried.square)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(_next, moved, batch)
        while now := coming.result():
            coming = pool.submit(_next, moved, batch)
            for each, proposed in zip(now, _proposed(network, now), strict=True):
                carried = _coloured(each, proposed, carried, known, facts, vividness)
                shown = carried.colours.chroma * np.float32(vividness) + carried.change
                yield ColourFrame(each.frame, shown, each.motion is None, carried)


def batch_frames(facts: FilmFacts) -> int:
    """Return how many frames make a batch: a power of two, so that a part has a whole number of batches."""
    most = max(1, min(BATCH_FRAMES, BATCH_PIXELS // (facts.width * facts.height)))
    return 1 << (most.bit_length() - 1)


def _proposed(network: Network, frames: Sequence[Moved]) -> list[np.ndarray]:
    """Return the chroma proposed for each frame of a batch: float32, shape (size, size, 2).

    The network sees one frame of three, since most of a frame's colours are those of the ones before; the two frames
    ahead of one that it sees are proposed the same colours, moved to where their things are. It sees frames and their
    mirror images by turns: the mean of both, which `inference.propose` takes at twice the cost, comes about from frame
    to frame. Of a scene's first frame, whose colours the whole scene begins with, it sees both.
    """
    ways = [(number, turn % 2 == 1) for turn, number in enumerate(_seen(frames))]
    ways += [(number, not turn) for number, turn in ways if frames[number].motion is None]
    squares = [unfaded(frames[number].square.astype(np.float32) / 255)[..., None] for number, _ in ways]
    turned = [square[:, ::-1] if turn else square for square, (_, turn) in zip(squares, ways, strict=True)]
    proposed: dict[int, np.ndarray] = {}
    for (number, turn), rgb in zip(ways, predicted(network, np.stack(turned)), strict=True):
        colours = cv2.transform(rgb, _TO_CHROMA)
        colours = cv2.flip(colours, 1) if turn else colours
        proposed[number] = (proposed[number] + colours) / 2 if number in proposed else colours
    for number in reversed(range(len(frames))):
        if number not in proposed:
            places = standing(network.size) + frames[number + 1].motion.onward
            proposed[number] = warped(proposed[number + 1], places)
    return [proposed[number] for number in range(len(frames))]


def _seen(frames: Sequence[Moved]) -> list[int]:
    """Return the numbers of the frames of a batch that the network sees: a scene's first and last, and of the
    others one of three, counted from the last."""
    seen: list[int] = []
    for number in reversed(range(len(frames))):
        is_last = number + 1 == len(frames) or frames[number + 1].motion is None
        if is_last or frames[number].motion is None or seen[-1] - number == _SEEN_OF:
            seen.append(number)
    return seen[::-1]


def _coloured(
    moved: Moved, proposed: np.ndarray, before: Carried | None, known: Known, facts: FilmFacts, vividness: float
) -> Carried:
    """Return what a frame leaves to the next one: its colours, and what hints have changed of them."""
    time = moved.frame.time
    if moved.motion is None or before is None:
        colours, change = first_of_scene(proposed), known.at_beginnings.get(time, np.zeros_like(proposed))
    else:
        colours = steadied(before.colours, moved.motion, proposed * _MADE_UP)
        change = ridden(before.change, moved.motion)
    if time in known.hints:
        vivid = colours.chroma * np.float32(vividness)
        change = with_hints(moved.frame, facts, vivid, change, known.hints[time])
    return Carried(moved.square, colours, change)


def _next(moved: Iterator[Moved], count: int) -> list[Moved]:
    return list(islice(moved, count))
