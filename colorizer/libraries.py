"""Import libraries only when they are needed, and suppress their output on standard error and in logs."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import lazy_loader


def attach(
    package: str, modules: dict[str, list[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Create a package's `__getattr__`, `__dir__` and `__all__` for lazily imported modules.

    Library output during such an import is suppressed unless the import fails, as importing TensorFlow writes some. Log
    lines of TensorFlow's C++ core are suppressed too, unless TF_CPP_MIN_LOG_LEVEL is set.

    Args:
        package: The name of the package.
        modules: Public names by module of the package.
    """
    load, directory, names = lazy_loader.attach(package, submod_attrs=modules)
    module_of = {name: f"{package}.{module}" for module, its_names in modules.items() for name in its_names}

    def load_suppressed(name: str) -> Any:
        if name not in module_of or module_of[name] in sys.modules:
            return load(name)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        with suppressed_stderr():
            return load(name)

    return load_suppressed, directory, names


class _Held:
    """Where standard error goes while any thread wants it quiet: one file for all, from the first until the last.

    Were each thread to redirect it by itself, the first to finish would restore it for the others, and the last would
    restore the file of the first: all later errors, and the prompts of `input`, would be lost.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._file: IO[bytes]
        self._stderr: IO[bytes]

    def begin(self) -> None:
        import tempfile

        with self._lock:
            if not self._blocks:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open until the last block ends
                self._stderr = os.fdopen(os.dup(2), "wb")
                os.dup2(self._file.fileno(), 2)
            self._blocks += 1

    def end(self, *, failed: bool) -> None:
        with self._lock:
            self._blocks -= 1
            try:
                if failed:
                    self._file.seek(0)
                    self._stderr.write(self._file.read())
                    self._stderr.flush()
            finally:
                if not self._blocks:
                    os.dup2(self._stderr.fileno(), 2)
                    self._stderr.close()
                    self._file.close()


_held = _Held()


@contextmanager
def suppressed_stderr() -> Iterator[None]:
    """Suppress what libraries write to standard error, unless the block fails. Threads may do so at the same time.

    TensorFlow's C++ core writes a greeting whatever its log level
    (https://github.com/tensorflow/tensorflow/issues/100442).
    """
    if sys.stderr is None:  # Python sets this if standard error was closed before it started
        yield
        return
    sys.stderr.flush()
    _held.begin()
    try:
        yield
    except BaseException:
        _held.end(failed=True)
        raise
    _held.end(failed=False)


@contextmanager
def suppressed_logger(name: str) -> Iterator[None]:
    """Suppress all messages of a library's logger below errors, in a block or in a decorated function."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
