"""Progress callbacks of long-running work, and its speed."""

from __future__ import annotations

import time
from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called as ``progress(done, total)`` during long-running work."""


def no_progress(done: int, total: int) -> None:
    """Ignore progress; the default callback."""


_LEAST_SECONDS = 1.0
"""Shorter measurements would show only start-up or a burst from a cache."""


class Pace:
    """Speed of work in progress; starts over whenever the count falls, as it does with every epoch.

    Args:
        clock: Returns seconds; only differences matter.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._done = self._first = self._total = 0
        self._started = self._now = clock()

    def move(self, done: int, total: int) -> None:
        """Record that `done` of `total` are done now."""
        self._now = self._clock()
        if done < self._done or self._total == 0:
            # Work that was done before the first call is not counted.
            self._first, self._started = done, self._now
        self._done, self._total = done, total

    @property
    def rate(self) -> float | None:
        """Average number of items per second since the start; None until it can be measured."""
        elapsed, counted = self._now - self._started, self._done - self._first
        return counted / elapsed if elapsed >= _LEAST_SECONDS and counted > 0 else None

    @property
    def remaining(self) -> float | None:
        """Remaining seconds at this rate; None until the rate can be measured."""
        return (self._total - self._done) / self.rate if self.rate else None


def clock_time(seconds: float) -> str:
    """Format a duration as a clock does: "02:05", or "1:02:05"."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"
