"""How the program is asked to end, and that it then ends with one exit code and no traceback."""

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
    """Clear up as after Ctrl-C when the system asks the program to end, or its terminal leaves it."""
    if threading.current_thread() is not threading.main_thread():  # which alone may say what signals do
        yield
        return
    # nohup has a signal ignored; a notebook goes on afterwards, with what signals did before.
    heard = (number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN)
    before = {number: signal.signal(number, signal.default_int_handler) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ending() -> None:
    """Let Ctrl-C end the process at once, with the exit code of one, now that all it does is end.

    Python and TensorFlow take a moment for that. A KeyboardInterrupt would come as a traceback then, or, when Python
    has taken down its own handler, as a death by the signal.
    """
    is_heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_heard or in_notebook() or threading.current_thread() is not threading.main_thread():
        return
    signal.signal(signal.SIGINT, _leave)
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)  # the first to run; Python keeps what is ignored


def was_interrupted(error: BaseException) -> bool:
    """Say whether an error has come of a KeyboardInterrupt: inside an import, or a library's callback, it may come out
    as another."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
