"""How long work reports where it stands."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called as ``progress(done, total)`` while a long piece of work runs."""


def no_progress(done: int, total: int) -> None:
    """Stand in where nobody watches."""
