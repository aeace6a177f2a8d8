"""Ownership of files and folders by living processes, which distinguishes them from the leftovers of killed ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from colorizer.errors import ColorizeError

try:
    import fcntl
except ImportError:  # Windows, where nothing counts as left behind
    fcntl = None  # type: ignore[assignment]


@contextmanager
def owned(path: Path) -> Iterator[bool]:
    """Own an existing file or folder while the block runs.

    The system releases the ownership when the process ends, however it ends. On a file system without locks, nothing is
    owned.

    Yields:
        Whether another process owns it.
    """
    handle, is_taken = _locked(path)
    try:
        yield is_taken
    finally:
        if handle is not None:
            os.close(handle)


@contextmanager
def owned_alone(path: Path, refusal: str) -> Iterator[None]:
    """Own a file or folder as `owned` does; raise ColorizeError with the text `refusal` if another process owns it."""
    with owned(path) as is_taken:
        if is_taken:
            raise ColorizeError(refusal)
        yield


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Let only one process at a time run the block for a folder; the others wait.

    On a file system without locks, no process waits.
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
    """Return whether it is certain that no living process owns a file or folder."""
    handle, _ = _locked(path)
    if handle is not None:
        os.close(handle)
    return handle is not None


def _locked(path: Path) -> tuple[int | None, bool]:
    """Lock a path without waiting; return the file descriptor or None, and whether another process has the lock."""
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
