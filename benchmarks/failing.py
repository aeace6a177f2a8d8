"""File operations that fail one after another, as on a full or broken disk or after Ctrl-C.

Python reports every file operation before it is performed (PEP 578, https://peps.python.org/pep-0578/), and an
exception raised there prevents it, so no part of the program is replaced. Python is not notified of writes by C
libraries. A full disk is therefore simulated with the kernel's limit on file sizes (RLIMIT_FSIZE), which applies to
them too.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

NO_SPACE, BROKEN, INTERRUPTED, FULL = "no space", "input/output error", "interrupted", "full from here on"
FAULTS = (NO_SPACE, BROKEN, INTERRUPTED, FULL)
"""The first two fail only this operation; then Ctrl-C during it; then files limited to 64 bytes from it onward."""
_ERRORS = {NO_SPACE: errno.ENOSPC, BROKEN: errno.EIO}
_FULL_BYTES = 64
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_CHANGES = frozenset(("os.mkdir", "os.rename", "os.chmod", "os.remove", "os.rmdir", "os.link", "os.symlink"))


@dataclass
class Operations:
    """Counts file operations below one folder that change something; one of them fails."""

    root: str
    failing: int = -1
    """Number of the failing operation, counted from zero; negative for none."""
    fault: str = NO_SPACE
    seen: list[str] = field(default_factory=list)
    """The operations so far, such as "open results/photo.jpg"."""

    @property
    def met(self) -> str | None:
        """The operation that failed, or None if it was not reached."""
        return self.seen[self.failing] if 0 <= self.failing < len(self.seen) else None


_WATCHED: list[Operations] = []
_HOOKED: list[bool] = []


@contextmanager
def failing(root: Path, number: int = -1, fault: str = NO_SPACE) -> Iterator[Operations]:
    """Make one file operation below `root` fail inside the block; yields the operations counted there."""
    if not _HOOKED:  # only once, because an audit hook cannot be removed
        sys.addaudithook(_hear)
        _HOOKED.append(True)
    operations = Operations(str(root), number, fault)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE) if resource else None
    writes_bytecode, sys.dont_write_bytecode = (
        sys.dont_write_bytecode,
        True,
    )  # truncated bytecode files would otherwise remain
    _WATCHED.append(operations)
    try:
        yield operations
    finally:
        _WATCHED.remove(operations)
        sys.dont_write_bytecode = writes_bytecode
        if resource:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def _hear(event: str, arguments: tuple) -> None:
    if not _WATCHED or not (event in _CHANGES or (event == "open" and arguments[2] & _WRITING)):
        return
    operations, path = _WATCHED[-1], arguments[0]
    name = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
    if not name.startswith(operations.root):
        return
    number = len(operations.seen)
    operations.seen.append(f"{event.removeprefix('os.')} {os.path.relpath(name, operations.root)}")
    if number == operations.failing:
        _fail(operations.fault, name)


def _fail(fault: str, name: str) -> None:
    if fault == INTERRUPTED:
        signal.raise_signal(signal.SIGINT)
    elif fault == FULL:
        resource.setrlimit(resource.RLIMIT_FSIZE, (_FULL_BYTES, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    else:
        raise OSError(_ERRORS[fault], os.strerror(_ERRORS[fault]), name)
