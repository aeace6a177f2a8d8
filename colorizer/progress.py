"""Progress callbacks of long-running work."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called as ``progress(done, total)`` during long-running work."""


def no_progress(done: int, total: int) -> None:
    """Ignore progress; the default callback."""
