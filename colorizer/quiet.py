"""What libraries say by the way, held back: the only place that does."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_errors() -> Iterator[None]:
    """Hold back what libraries write to standard error, unless the block fails: TensorFlow's C++ core greets there
    whatever its log level (https://github.com/tensorflow/tensorflow/issues/100442).
    """
    import tempfile

    if sys.stderr is None:  # as Python has it where standard error was closed before it began
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
    """Hold back all but the errors of a library's logger, inside a block or a function this decorates."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
