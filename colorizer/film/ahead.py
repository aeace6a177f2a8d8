"""Work done ahead: what comes next is computed while what came before is used."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def computed_ahead(items: Generator[Item], count: int) -> Iterator[Item]:
    """Yield items that a thread of its own computes, at most `count` ahead of the one that is used.

    What computing one raises is raised in its place. When the generator is closed, so is `items`, behind the item at
    hand.
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
