"""Which files and folders a living process owns, so that what a killed one has left behind can be told from them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from colorizer.errors import ColorizeError

try:
    import fcntl
except ImportError:  # Windows, where nothing can be told, and so nothing counts as left behind
    fcntl = None  # type: ignore[assignment]


@contextmanager
def owned(path: Path) -> Iterator[bool]:
    """Own a file or folder that is there, as long as the block runs; the system ends it with the process, however
    that ends. Where a file system knows no locks, nothing is owned. Yields whether another process owns it.
    """
    handle, is_taken = _locked(path)
    try:
        yield is_taken
    finally:
        if handle is not None:
            os.close(handle)


@contextmanager
def owned_alone(path: Path, refusal: str) -> Iterator[None]:
    """Own a file or folder as `owned` does; raise ColorizeError, saying `refusal`, if another process owns it."""
    with owned(path) as is_taken:
        if is_taken:
            raise ColorizeError(refusal)
        yield


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
    handle, _ = _locked(path)
    if handle is not None:
        os.close(handle)
    return handle is not None


def _locked(path: Path) -> tuple[int | None, bool]:
    """Return an open file that holds the lock, or None if there is none, and whether another process holds it."""
    if fcntl is None:
        return None, False
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None, False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        return None, isinstance(error, BlockingIOError)
    return handle, False
