"""How fast a piece of work goes, by what was done and the time it took: nothing is guessed."""

from __future__ import annotations

import time
from collections.abc import Callable

_LEAST_SECONDS = 1.0
"""In less, the first file's start-up or a burst from a cache is all there is to measure."""


class Pace:
    """Counts work against the clock; starts anew whenever the count falls, as it does with every epoch.

    `clock` returns seconds, and only differences of it are looked at.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._done = self._first = self._total = 0
        self._started = self._now = clock()

    def move(self, done: int, total: int) -> None:
        """Note that `done` of `total` are done now."""
        self._now = self._clock()
        if done < self._done or self._total == 0:
            # What is done already at the first word was done before, and took no time of ours.
            self._first, self._started = done, self._now
        self._done, self._total = done, total

    @property
    def rate(self) -> float | None:
        """What is done in a second, on average since the start; None before there is enough to tell."""
        elapsed, counted = self._now - self._started, self._done - self._first
        return counted / elapsed if elapsed >= _LEAST_SECONDS and counted > 0 else None

    @property
    def remaining(self) -> float | None:
        """Seconds left at this rate; None before there is enough to tell."""
        return (self._total - self._done) / self.rate if self.rate else None


def clock_time(seconds: float) -> str:
    """Return a duration as a clock would show it: "02:05", or "1:02:05"."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"
