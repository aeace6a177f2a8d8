"""Parts of a list of photos that several processes work on independently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """One of `count` disjoint parts of a list, which together make up the whole list.

    Examples:
        >>> Shard(1, 3).of("abcdefg")
        'be'
    """

    number: int
    """From 0 to `count` - 1."""
    count: int

    def of(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return every `count`-th item, so that folders of large photos are spread over all parts."""
        return items[self.number :: self.count]

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"
