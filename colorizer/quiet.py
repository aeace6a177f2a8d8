"""Suppress the output of libraries on standard error and in logs. No other module does this."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_errors() -> Iterator[None]:
    """Suppress what libraries write to standard error, unless the block fails.

    TensorFlow's C++ core writes a greeting whatever its log level
    (https://github.com/tensorflow/tensorflow/issues/100442).
    """
    import tempfile

    if sys.stderr is None:  # Python sets this if standard error was closed before it started
        yield
        return
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held, os.fdopen(os.dup(2), "wb") as stderr:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            stderr.write(held.read())
            raise
        finally:
            os.dup2(stderr.fileno(), 2)


@contextmanager
def quiet_logger(name: str) -> Iterator[None]:
    """Suppress all messages of a library's logger below errors, in a block or in a decorated function."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
