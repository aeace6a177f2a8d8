"""Memory settings of the whole process, counted so that overlapping users can share them."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

_BLOCK_BYTES, _KEPT_BLOCKS = 1024**2, 256
"""Pillow holds pictures in blocks; together these hold two and a half photos of 24 megapixels."""
LARGE_PIXELS = 64_000_000
"""Decoded in color, such a photo takes a quarter of a gigabyte."""
_large = threading.Lock()
_lock = threading.Lock()
_before: list[tuple[int, int]] = []
"""Block size and number of kept blocks before the first user, repeated once for each current user."""


@contextmanager
def memory_used_again() -> Iterator[None]:
    """Keep the memory of large pictures for reuse while many are processed.

    Without it, getting fresh memory from the system takes a quarter as long as decoding.
    https://pillow.readthedocs.io/en/stable/reference/block_allocator.html

    Several users may overlap, in several threads. The last one to leave restores the original settings.
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
    """Allow only one photo of more than `LARGE_PIXELS` in memory at a time.

    Other threads with such a photo wait; smaller photos do not.
    """
    if pixels <= LARGE_PIXELS:
        yield
    else:
        with _large:
            yield


def lift_pixel_limit() -> None:
    """Let Pillow open pictures of any size: its own limit is too low for large scans, and `PhotoLimits` replaces it."""
    Image.MAX_IMAGE_PIXELS = None


def give_back_memory() -> None:
    """Return this process's free memory to the system.

    glibc keeps the memory of each thread for that thread's later use. On systems without `malloc_trim`, nothing
    happens. https://man7.org/linux/man-pages/man3/malloc_trim.3.html
    """
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)


def _set(block_bytes: int, kept_blocks: int) -> None:
    # Pillow must keep no blocks while the size changes, or it would keep blocks of the old size.
    Image.core.set_blocks_max(0)
    Image.core.set_block_size(block_bytes)
    Image.core.set_blocks_max(kept_blocks)
