"""Predict colors for frames in batches, and stabilize them from each frame to the next.

As in Lai et al. 2018, "Learning blind video temporal consistency", https://arxiv.org/abs/1808.00449, previous colors
count where the flow agrees. There, a place gets the mean of all predictions for it in the scene, with older ones fading
out. Places that have just come into view start with their own prediction.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar, cast

import cv2
import numpy as np

from colorizer.film.decode import FilmFacts, Frame
from colorizer.film.motion import Motion, Moved, moving, standing, warped
from colorizer.film.propagation import NOTHING_KNOWN, Known, ridden, with_hints
from colorizer.inference.proposal import predicted, unfaded
from colorizer.network.network import Network
from colorizer.photos.color import chroma

Item = TypeVar("Item")


def computed_ahead(items: Generator[Item], count: int) -> Generator[Item]:
    """Yield items that a background thread computes, at most `count` items ahead.

    An exception raised while computing an item is raised in the item's place. Closing this generator also closes
    `items`, after the item in progress.
    """
    end = object()
    pool = ThreadPoolExecutor(1)
    try:
        coming = deque(pool.submit(next, items, end) for _ in range(count))
        while (item := coming.popleft().result()) is not end:
            coming.append(pool.submit(next, items, end))
            yield cast("Item", item)
    finally:
        pool.shutdown(cancel_futures=True)
        items.close()


_MOST_KEPT = 0.95
"""Weight of the previous colors once a place has been visible for twenty frames."""


@dataclass(frozen=True)
class Steadied:
    """The colors of a frame, and how long each place has been visible."""

    chroma: np.ndarray
    """BT.709 (Cb, Cr), float32 in [-0.5, 0.5], shape (size, size, 2)."""
    age: np.ndarray
    """Approximate number of frames for which each place has been visible: float32, shape (size, size)."""


def first_of_scene(proposed: np.ndarray) -> Steadied:
    """Return the colors of a scene's first frame from the prediction, BT.709, float32, shape (size, size, 2)."""
    return Steadied(proposed, np.ones(proposed.shape[:2], np.float32))


def steadied(before: Steadied, motion: Motion, proposed: np.ndarray) -> Steadied:
    """Return the colors of a frame from those of the previous frame and the prediction."""
    age = warped(before.age, motion.places) * motion.agreement
    new = np.maximum(1 / (age + 1), np.float32(1 - _MOST_KEPT))
    moved = warped(before.chroma, motion.places, cv2.INTER_CUBIC)
    return Steadied(moved + cv2.merge((new, new)) * (proposed - moved), age + 1)


BATCH_FRAMES = 16
"""Maximum number of frames in a batch; batches of large frames have a half, a quarter, and so on."""
BATCH_PIXELS = 64_000_000
"""Maximum number of pixels in a batch. Three batches are in memory at once (read, computed, encoded)."""
_SEEN_OF = 3
"""The network sees one frame in this many; docs/BENCHMARKS.md has the quality."""
_MADE_UP = np.float32(1.02)
"""Factor for predicted chroma before stabilization, because averaging makes colors paler (docs/BENCHMARKS.md)."""
_TO_CHROMA = np.ascontiguousarray(chroma(np.eye(3, dtype=np.float32)).T)
"""Matrix for OpenCV to convert RGB to chroma, ten times faster than `chroma` with interleaved channels."""


@dataclass(frozen=True)
class Carried:
    """State that is passed from a frame to the next one."""

    square: np.ndarray
    """The frame's luma at the network's size: uint8, 0 to 255, shape (size, size)."""
    colours: Steadied
    change: np.ndarray
    """Chroma change by hints: float32, shape (size, size, 2)."""


@dataclass(frozen=True)
class ColourFrame:
    """A frame and its colors."""

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
) -> Generator[ColourFrame]:
    """Colorize a film's frames in order.

    While the network computes one batch, a thread decodes the next.

    Args:
        network: The network that predicts the colors.
        facts: The film's facts.
        frames: The frames.
        carried: State of the preceding frame, when resuming a film.
        known: The user's hints, found with the same vividness.
        vividness: Factor for the predicted chroma. It does not affect hints.

    Raises:
        ColorizeError: The frames cannot be decoded or colorized.
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
    """Return the number of frames in a batch: a power of two, so that a part has a whole number of batches."""
    most = max(1, min(BATCH_FRAMES, BATCH_PIXELS // (facts.width * facts.height)))
    return 1 << (most.bit_length() - 1)


def _proposed(network: Network, frames: Sequence[Moved]) -> list[np.ndarray]:
    """Return the predicted chroma for each frame of a batch: float32, shape (size, size, 2).

    The network sees one frame in three, because most colors of a frame come from the frames before it. The two frames
    before a predicted one get its colors, moved along the flow. The network alternates between frames and their mirror
    images. This approximates the mean of both over time, which `inference.propose` computes at twice the cost. The
    network sees both for the first frame of a scene, because the whole scene builds on its colors.
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
            motion = frames[number + 1].motion
            assert motion is not None  # the network sees the first frame of each scene
            places = standing(network.size) + motion.onward
            proposed[number] = warped(proposed[number + 1], places)
    return [proposed[number] for number in range(len(frames))]


def _seen(frames: Sequence[Moved]) -> list[int]:
    """Return the indices of the frames in a batch that the network sees.

    These are the first and last frame of each scene, and every third of the others, counted from the last.
    """
    seen: list[int] = []
    for number in reversed(range(len(frames))):
        is_last = number + 1 == len(frames) or frames[number + 1].motion is None
        if is_last or frames[number].motion is None or seen[-1] - number == _SEEN_OF:
            seen.append(number)
    return seen[::-1]


def _coloured(
    moved: Moved, proposed: np.ndarray, before: Carried | None, known: Known, facts: FilmFacts, vividness: float
) -> Carried:
    """Return the state after a frame: its colors, and how hints change them."""
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
