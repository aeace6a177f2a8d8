"""Which files and folders a living process owns, so that what a killed one has left behind can be told from them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nothing can be told, and so nothing counts as left behind
    fcntl = None  # type: ignore[assignment]


@contextmanager
def owned(path: Path) -> Iterator[None]:
    """Own a file or folder that is there, as long as the block runs; the system ends it with the process, however
    that ends. Where a file system knows no locks, nothing is owned.
    """
    handle = _locked(path)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Keep the block to one process at a time for a folder; the others wait. Where a file system has no locks, nobody
    waits.
    """
    handle = None
    try:
        if fcntl is not None:
            with suppress(OSError):
                handle = os.open(folder, os.O_RDONLY)
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def is_abandoned(path: Path) -> bool:
    """Say whether surely no living process owns a file or folder."""
    handle = _locked(path)
    if handle is not None:
        os.close(handle)
    return handle is not None


def _locked(path: Path) -> int | None:
    """Return an open file that holds the lock, or None when another process does, or nothing can be told."""
    if fcntl is None:
        return None
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
