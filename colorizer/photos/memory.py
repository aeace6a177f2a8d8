"""Memory, a matter of the whole process: set and given back here alone, and counted where its users overlap."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

_BLOCK_BYTES, _KEPT_BLOCKS = 1024**2, 256
"""Pillow holds pictures in blocks; together these are two and a half photos of 24 megapixels."""
LARGE_PIXELS = 64_000_000
"""Decoded in colour, a quarter of a gigabyte."""
_large = threading.Lock()
_lock = threading.Lock()
_before: list[tuple[int, int]] = []
"""Block size and blocks kept before the first user, once for each user there is now."""


@contextmanager
def memory_used_again() -> Iterator[None]:
    """Keep the memory of large pictures for the next ones while many are worked on: fresh memory from the system takes
    a quarter as long as decoding into it. https://pillow.readthedocs.io/en/stable/reference/block_allocator.html

    Several users may overlap, in several threads; the last one to leave restores what the first one found.
    """
    with _lock:
        _before.append(_before[0] if _before else (Image.core.get_block_size(), Image.core.get_blocks_max()))
        _set(_BLOCK_BYTES, _KEPT_BLOCKS)
    try:
        yield
    finally:
        with _lock:
            found = _before.pop()
            if not _before:
                _set(*found)


@contextmanager
def one_large_at_a_time(pixels: int) -> Iterator[None]:
    """Let a photo of more than `LARGE_PIXELS` wait, where several threads decode photos, until no other such one is in
    memory.
    """
    if pixels <= LARGE_PIXELS:
        yield
    else:
        with _large:
            yield


def lift_pixel_limit() -> None:
    """Let Pillow open pictures of any size: its own limit is below what a large scan has, and ours takes its place."""
    Image.MAX_IMAGE_PIXELS = None


def give_back_memory() -> None:
    """Give the system what is free of this process's memory: glibc keeps what each of many threads has used for that
    thread's next need. https://man7.org/linux/man-pages/man3/malloc_trim.3.html; elsewhere nothing is done.
    """
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)


def _set(block_bytes: int, kept_blocks: int) -> None:
    # None may be kept while the size changes: blocks of another size would be.
    Image.core.set_blocks_max(0)
    Image.core.set_block_size(block_bytes)
    Image.core.set_blocks_max(kept_blocks)
