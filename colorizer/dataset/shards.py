"""The parts that several processes divide a list of photos into, each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """One of `count` parts of a list; no two of them share anything, and together they are all of it.

    Examples:
        >>> Shard(1, 3).of("abcdefg")
        'be'
    """

    number: int
    """From 0 to `count` - 1."""
    count: int

    def of(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return every `count`-th item: folders whose photos are larger than others' fall on all parts alike."""
        return items[self.number :: self.count]

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"
