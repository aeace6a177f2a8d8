"""Compute items ahead of their use in a background thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def computed_ahead(items: Generator[Item], count: int) -> Iterator[Item]:
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
            yield item
    finally:
        pool.shutdown(cancel_futures=True)
        items.close()
