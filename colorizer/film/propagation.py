"""Hints on films, propagated along the optical flow to both ends of a scene.

Hints change a frame's chroma as in `inference.hinted`. The change is propagated from frame to frame where the flow
agrees. Earlier frames of the scene get it too. For this, the film is scanned once before it is colorized: each place of
a scene's first frame is tracked to the frames with hints, and the changes found there are applied from the start of the
scene.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.film.decode import FilmFacts, Frame
from colorizer.film.encode import gray_levels
from colorizer.film.hints_file import TimedHints
from colorizer.film.motion import Motion, Moved, moving, standing, warped
from colorizer.inference.hinted import HintedPhoto
from colorizer.inference.hints import AnyHint, check_inside
from colorizer.inference.proposal import propose
from colorizer.network.network import Network
from colorizer.photos.color import CHROMA_TO_OFFSET, chroma
from colorizer.photos.photo import Photo, squeezed
from colorizer.progress import Progress, no_progress

_LATE_SECONDS, _ROUNDING = 1.0, 1e-6
_MOST_ROUNDED = 0.0005
"""Maximum tolerance for times, in seconds; frames are farther apart."""
_LEAST_AGREEMENT = 0.3
"""Agreement below which a place counts as a new one, so that earlier changes to it are dropped."""


@dataclass(frozen=True)
class Known:
    """A film's hints, by frame."""

    hints: Mapping[int, Sequence[AnyHint]] = field(default_factory=dict)
    """Hints on frames, by presentation time in the film's time base."""
    at_beginnings: Mapping[int, np.ndarray] = field(default_factory=dict)
    """Change to each scene's first frame by all hints in the scene, by that frame's time: float32, (size, size, 2)."""


NOTHING_KNOWN = Known()


def find_known(
    network: Network,
    facts: FilmFacts,
    frames: Iterable[Frame],
    said: TimedHints,
    vividness: float = 1.0,
    progress: Progress = no_progress,
) -> Known:
    """Scan a film up to its last hint, to find how hints change the first frames of their scenes.

    Args:
        network: The network that predicts the colors.
        facts: The film's facts.
        frames: The film's frames.
        said: The film's hints.
        vividness: Factor for the predicted chroma.
        progress: Called for each frame.

    Raises:
        ColorizeError: A hint is outside the frames or after the film's end.
    """
    if not said:
        return NOTHING_KNOWN
    waiting = deque(sorted(said.items()))
    hints: dict[int, tuple[AnyHint, ...]] = {}
    at_beginnings: dict[int, np.ndarray] = {}
    first = beginning = None
    for done, (moved, end) in enumerate(_until(moving(frames, facts, network.size)), 1):
        time = moved.frame.time
        first = time if first is None else first
        if moved.motion is None:
            beginning, places, is_seen = time, standing(network.size), np.ones(moved.square.shape, bool)
        else:
            places, is_seen = followed(places, is_seen, moved.motion)
        due = _due(waiting, first, time if end is None else end, facts, is_last=end is None)
        if due:
            check_inside(due, facts.width, facts.height)
            hints[time] = due
            if beginning is not None and time != beginning:
                change = said_change(network, moved, facts, due, vividness)
                there = warped(change, places) * is_seen[..., None]
                at_beginnings[beginning] = at_beginnings.get(beginning, 0) + there
        progress(done, max(done, facts.frames))
        if not waiting:
            return Known(hints, at_beginnings)
    raise ColorizeError(_too_late(waiting[0][0], facts))


def check_hints(said: TimedHints, facts: FilmFacts) -> None:
    """Raise ColorizeError for a hint outside a film's frames, or after its end if the length is known."""
    latest = max(said, default=0.0)
    if facts.seconds and latest > facts.seconds + _LATE_SECONDS:
        raise ColorizeError(_too_late(latest, facts))
    for hints in said.values():
        check_inside(hints, facts.width, facts.height)


def said_change(
    network: Network, moved: Moved, facts: FilmFacts, hints: Sequence[AnyHint], vividness: float
) -> np.ndarray:
    """Return how a frame's hints change the predicted chroma: float32, shape (size, size, 2)."""
    proposed = chroma(propose(network, [Photo(Image.fromarray(moved.square))]))[0] * np.float32(vividness)
    return with_hints(moved.frame, facts, proposed, np.zeros_like(proposed), hints)


def ridden(change: np.ndarray, motion: Motion) -> np.ndarray:
    """Propagate the change to a frame, shape (size, size, 2), to the next frame."""
    if not change.any():
        return change
    is_same = motion.agreement >= _LEAST_AGREEMENT
    return warped(change, motion.places, cv2.INTER_CUBIC) * is_same[..., None]


def with_hints(
    frame: Frame, facts: FilmFacts, colours: np.ndarray, change: np.ndarray, hints: Sequence[AnyHint]
) -> np.ndarray:
    """Add a frame's own hints to the change from other frames.

    Args:
        frame: The frame.
        facts: The film's facts.
        colours: The frame's chroma without hints, float32, shape (size, size, 2).
        change: The chroma change by hints on other frames, same shape.
        hints: The frame's own hints.

    Returns:
        The total chroma change, float32, shape (size, size, 2).
    """
    photo = Photo(Image.fromarray(gray_levels(frame.luma, facts)))
    hinted = HintedPhoto(photo, (colours + change) @ CHROMA_TO_OFFSET)
    with_them, without = (
        chroma(np.asarray(squeezed(picture.image, len(colours)), np.float32) / 255)
        for picture in (hinted.picture(hints), hinted.picture())
    )
    return change + with_them - without


def rounding(facts: FilmFacts) -> float:
    """Return the tolerance in seconds when matching times to frames.

    Films round times to whole units of their time base. For example, Matroska shows frame 1 of a 24 fps film at 0.042
    seconds, which is after 1/24.
    """
    return min(_MOST_ROUNDED, float(facts.time_base) / 2) + _ROUNDING


def _too_late(time: float, facts: FilmFacts) -> str:
    return f"{facts.path} ends before second {time:g}, for which there is a hint. Correct its time."


def followed(places: np.ndarray, is_seen: np.ndarray, motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Track places of a scene's first frame to the next frame; return their positions and visibility."""
    places = places + warped(motion.onward, places)
    is_inside = ((places >= 0) & (places <= len(places) - 1)).all(axis=-1)
    return places, is_seen & is_inside & (warped(motion.agreement, places) >= _LEAST_AGREEMENT)


def _until(moved: Iterator[Moved]) -> Iterator[tuple[Moved, int | None]]:
    """Yield each frame with the time of the next one, or None for the last."""
    before = next(moved, None)
    if before is None:
        return
    for after in moved:
        yield before, after.frame.time
        before = after
    yield before, None


def _due(waiting: deque, first: int, end: int, facts: FilmFacts, is_last: bool) -> tuple[AnyHint, ...]:
    """Remove and return the waiting hints for times before a frame's end.

    The last frame also takes hints up to a second later.
    """
    until = float((end - first) * facts.time_base) + (_LATE_SECONDS if is_last else 0)
    due: list[AnyHint] = []
    while waiting and waiting[0][0] < until - rounding(facts):
        due += waiting.popleft()[1]
    return tuple(due)
