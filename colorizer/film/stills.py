"""Look into a film: single frames with hints while it is worked on, and stills and comparisons of a finished one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import dropwhile, pairwise
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.film.containers import Encoding
from colorizer.film.decode import (
    FilmFacts,
    Frame,
    display_matrix,
    opened,
    picture_stream,
    read_frames,
    swaps_sides,
    upright,
)
from colorizer.film.encode import PartWriter, neutral
from colorizer.film.hints_file import TimedHints
from colorizer.film.motion import Moved, moving, standing, warped
from colorizer.film.propagation import followed, ridden, rounding, said_change
from colorizer.network.network import Network
from colorizer.progress import Progress, no_progress

_STEPS_BACK = (0.0, 5.0, 60.0)
"""Seconds to start before a frame, tried in order, in films without exact seeking."""
_ROUNDING = 1e-6
MOST_RIDDEN = 250
"""Maximum number of frames over which hints are propagated to a single frame: a few seconds of film."""


def seconds_of(frame: Frame, facts: FilmFacts) -> float:
    """Return when a frame is shown, in seconds since the film's first frame."""
    return float((frame.time - facts.begins) * facts.time_base)


def frame_at(facts: FilmFacts, seconds: float) -> Frame | None:
    """Return the frame shown at a time, in seconds since the film's first frame.

    After the film's end this is the last frame, and None if nothing can be decoded. Raises ColorizeError.
    """
    shown = None
    for frame in _frames_since(facts, seconds):
        if shown is not None and seconds_of(frame, facts) > seconds + rounding(facts):
            break
        shown = frame
    return shown


def change_elsewhere(
    network: Network, facts: FilmFacts, frame: Frame, said: TimedHints, vividness: float = 1.0
) -> np.ndarray:
    """Return how hints on other frames change a frame.

    Uses the nearest hinted frames before and after the frame, if they are in its scene and at most `MOST_RIDDEN` frames
    away.

    Args:
        network: The network that predicts the colors.
        facts: The film's facts.
        frame: The frame.
        said: The film's hints.
        vividness: Factor for the predicted chroma.

    Returns:
        Chroma change, float32, shape (size, size, 2).
    """
    here, most = seconds_of(frame, facts), MOST_RIDDEN / float(facts.rate)
    before = max((time for time in said if here - most <= time < here - _ROUNDING), default=None)
    after = min((time for time in said if here + _ROUNDING < time <= here + most), default=None)
    change = np.zeros((network.size, network.size, 2), np.float32)
    if before is not None:
        change = _ridden_onward(network, facts, before, here, said, vividness)
    if after is not None:
        earlier = _ridden_back(network, facts, here, after, said, vividness)
        change = np.where(change.any(axis=-1, keepdims=True), change, earlier)
    return change


def _ridden_onward(
    network: Network, facts: FilmFacts, since: float, until: float, said: TimedHints, vividness: float
) -> np.ndarray:
    """Propagate the changes by a frame's hints forward to a later frame; zeros across a cut."""
    change = None
    for moved in _moved_between(facts, network.size, since, until):
        if change is None:
            change = said_change(network, moved, facts, said[since], vividness)
        elif moved.motion is None:
            return np.zeros_like(change)
        else:
            change = ridden(change, moved.motion)
    return np.zeros((network.size, network.size, 2), np.float32) if change is None else change


def _ridden_back(
    network: Network, facts: FilmFacts, since: float, until: float, said: TimedHints, vividness: float
) -> np.ndarray:
    """Propagate the changes by a frame's hints back to an earlier frame; zeros across a cut."""
    places, is_seen = standing(network.size), np.ones((network.size, network.size), bool)
    last = None
    for moved in _moved_between(facts, network.size, since, until):
        if last is not None:
            if moved.motion is None:
                last = None
                break
            places, is_seen = followed(places, is_seen, moved.motion)
        last = moved
    if last is None:
        return np.zeros((network.size, network.size, 2), np.float32)
    return warped(said_change(network, last, facts, said[until], vividness), places) * is_seen[..., None]


def _moved_between(facts: FilmFacts, size: int, since: float, until: float) -> Iterator[Moved]:
    """Yield the frames between two times, in seconds, including the frames shown at both."""
    first = frame_at(facts, since)
    if first is None:
        return
    frames = dropwhile(lambda frame: frame.time < first.time, _frames_since(facts, since))
    for moved in moving(frames, facts, size):
        if seconds_of(moved.frame, facts) > until + _ROUNDING:
            return
        yield moved


def _frames_since(facts: FilmFacts, seconds: float) -> Iterator[Frame]:
    """Yield a film's frames, starting at the frame shown at a time or at an earlier one."""
    for back in _STEPS_BACK:
        begin = facts.begins + round((seconds - back) / facts.time_base)
        if begin <= facts.begins:
            break
        frames = read_frames(facts, since=begin)
        first = next(frames, None)
        if first is not None and seconds_of(first, facts) <= seconds + _ROUNDING:
            yield first
            yield from frames
            return
        frames.close()
    yield from read_frames(facts)


class CountedFrames:
    """The frames of a film, decoded on each iteration up to the first frame that cannot be decoded.

    Attributes:
        count: Number of frames that the latest iteration has yielded so far.
    """

    def __init__(self, film: Path):
        self._film = film
        self.count = 0

    def __iter__(self) -> Iterator[av.VideoFrame]:
        self.count = 0
        with suppress(FFmpegError, ColorizeError), opened(self._film) as container:
            stream = picture_stream(container, self._film)
            stream.thread_type = "AUTO"
            for frame in container.decode(stream):
                self.count += 1
                yield frame


def count_frames(film: Path, progress: Progress = no_progress, expected: int = 0) -> int:
    """Return the number of decodable frames of a film; 0 for a file that is not a film."""
    frames = CountedFrames(film)
    for _ in frames:
        progress(frames.count, max(frames.count, expected))
    return frames.count


def scene_stills(
    frames: Iterable[av.VideoFrame], scenes: Sequence[float], length: float, side: int
) -> Iterator[tuple[float, Image.Image]]:
    """Pick the frame shown in the middle of each scene. Consumes all frames.

    Args:
        frames: A film's frames.
        scenes: When each scene begins, in seconds since the first frame.
        length: When the last scene ends, in seconds since the first frame.
        side: Largest width and height of a still, in pixels.

    Yields:
        The time of a frame, in seconds since the first one, and its picture: RGB, upright.
    """
    middles = deque((begin + end) / 2 for begin, end in pairwise([*scenes, length]))
    first, before, shown = None, None, 0.0
    for frame in frames:
        first = frame.pts if first is None else first
        now = shown if frame.pts is None else float((frame.pts - first) * frame.time_base)
        while middles and before is not None and now > middles[0]:
            middles.popleft()
            yield shown, _still(before, side)
        before, shown = frame, now
    if middles and before is not None:
        yield shown, _still(before, side)


def side_by_side(facts: FilmFacts) -> FilmFacts:
    """Return the facts of a film that shows each frame twice, side by side; it is stored upright."""
    aspect = 1 / facts.pixel_aspect if swaps_sides(facts.display_matrix) else facts.pixel_aspect
    return replace(facts, width=2 * facts.width, pixel_aspect=aspect, display_matrix=None)


def write_side_by_side(
    film: Path, facts: FilmFacts, encoding: Encoding, target: Path, progress: Progress = no_progress
) -> None:
    """Write a video that shows each frame of a color film in gray and in color, side by side.

    Args:
        film: The color film.
        facts: The color film's facts.
        encoding: The encoder settings.
        target: The output file.
        progress: Called with the number of finished frames and the total.

    Raises:
        ColorizeError: The video cannot be encoded.
    """
    gray = neutral(facts)
    frames = CountedFrames(film)
    with PartWriter(target, side_by_side(facts), encoding) as writer:
        for frame in frames:
            luma, blue, red = (upright(_levels(plane, facts), facts.display_matrix) for plane in frame.planes)
            planes = [np.hstack([np.full_like(plane, gray), plane]) for plane in (blue, red)]
            time = round(frame.pts * frame.time_base / facts.time_base)
            writer.write(
                time,
                round((frame.duration or 0) * frame.time_base / facts.time_base),
                (
                    np.hstack([luma, luma]),
                    *planes,
                ),
            )
            progress(frames.count, max(frames.count, facts.frames))


def _levels(plane: av.video.plane.VideoPlane, facts: FilmFacts) -> np.ndarray:
    kind = np.dtype(np.uint8 if facts.bits == 8 else "<u2")
    return np.frombuffer(plane, kind).reshape(plane.height, plane.line_size // kind.itemsize)[:, : plane.width]


def _still(frame: av.VideoFrame, side: int) -> Image.Image:
    share = min(1.0, side / max(frame.width, frame.height))
    small = frame.to_image(width=max(1, round(frame.width * share)), height=max(1, round(frame.height * share)))
    return Image.fromarray(np.ascontiguousarray(upright(np.asarray(small), display_matrix(frame))))
