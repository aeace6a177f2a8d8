"""Single frames anywhere in a film, and how hints on other frames of the scene change them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import dropwhile

import numpy as np

from colorizer.film.flow import standing, warped
from colorizer.film.hints_file import TimedHints
from colorizer.film.moving import Moved, moving
from colorizer.film.reading import FilmFacts, Frame, read_frames
from colorizer.film.riding import followed, ridden, rounding, said_change
from colorizer.network.network import Network

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
