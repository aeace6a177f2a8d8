"""Time two pieces of work in turn, so that a machine that slows down slows both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One line of the table: our rate or time, that of the reference, and the target for their ratio."""

    name: str
    ours: str
    reference: str
    ratio: float
    wanted: float
    more_is_better: bool = True
    remark: str = ""

    @property
    def is_met(self) -> bool:
        return self.ratio >= self.wanted if self.more_is_better else self.ratio <= self.wanted


@dataclass(frozen=True)
class Times:
    """Seconds of one piece of work: those of each repetition, and their median."""

    each: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.each)


def seconds(work: Work) -> float:
    """Return the seconds of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def alternate(ours: Work, reference: Work, repetitions: int = 5, warm_up: bool = True) -> tuple[Times, Times, float]:
    """Run both in turn; return their times and the median of reference / ours, which is above 1 if ours is faster."""
    if warm_up:
        ours()
        reference()
    pairs = []
    for _ in range(repetitions):
        pairs.append((seconds(ours), seconds(reference)))
    mine, other = zip(*pairs, strict=True)
    return Times(mine), Times(other), statistics.median(theirs / our for our, theirs in pairs)


def rates(name: str, count: int, unit: str, result: tuple[Times, Times, float], wanted: float, remark: str = "") -> Row:
    """Build a row of rates from the times for `count` items."""
    mine, other, ratio = result
    return Row(
        name,
        f"{count / mine.median:,.1f} {unit}/s",
        f"{count / other.median:,.1f} {unit}/s",
        ratio,
        wanted,
        True,
        remark,
    )
