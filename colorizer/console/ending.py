"""Orderly termination: requests to end the program lead to one exit code and no traceback."""

from __future__ import annotations

import atexit
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from colorizer.console.terminal import ENDING, in_notebook

INTERRUPTED = 130


@contextmanager
def asked_to_end() -> Iterator[None]:
    """Clean up as after Ctrl-C when the system terminates the program or its terminal closes."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread can set signal handlers
        yield
        return
    # nohup ignores a signal, which stays ignored; a notebook continues afterwards, with its own handlers.
    heard = (number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN)
    before = {number: signal.signal(number, signal.default_int_handler) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ending() -> None:
    """Make Ctrl-C end the process immediately, with the exit code of an interruption, once all work is done.

    Python and TensorFlow take a moment to shut down. A KeyboardInterrupt then would print a traceback or, after Python
    has removed its handler, kill the process by the signal.
    """
    is_heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_heard or in_notebook() or threading.current_thread() is not threading.main_thread():
        return
    signal.signal(signal.SIGINT, _leave)
    atexit.register(
        signal.signal, signal.SIGINT, signal.SIG_IGN
    )  # runs first; Python keeps signals ignored that are ignored


def was_interrupted(error: BaseException) -> bool:
    """Return whether a KeyboardInterrupt caused an error; imports and callbacks may convert it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
