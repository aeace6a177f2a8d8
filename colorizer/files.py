"""Files written so that they appear complete or not at all, and read only if they are regular files."""

from __future__ import annotations

import errno
import filecmp
import os
import re
import secrets
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

from colorizer.documents import InvalidDocument, parse_json
from colorizer.errors import ColorizeError

Fingerprint = tuple[int, int]
"""Size in bytes and time of modification in nanoseconds."""


def fingerprint(path: str | Path) -> Fingerprint | None:
    """Return what tells a file from its changed self; None when it is not there."""
    try:
        state = os.stat(path)  # noqa: PTH116 - a Path for each of 100,000 files takes longer than the look itself
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns


def exists(path: str | Path) -> bool:
    """Return whether `path` leads to something.

    In Python 3.11 `Path.exists` and its kin raise PermissionError below a folder that may not be entered, and OSError
    for a name that is too long. This function and the three below it return False instead; a test keeps the rest of
    the package from calling `pathlib`'s own.
    """
    return os.path.exists(path)  # noqa: PTH110 - see above


def is_file(path: str | Path) -> bool:
    """Return whether `path` leads to a regular file; False where that cannot be found out."""
    return os.path.isfile(path)  # noqa: PTH113 - see `exists`


def is_folder(path: str | Path) -> bool:
    """Return whether `path` leads to a folder; False where that cannot be found out."""
    return os.path.isdir(path)  # noqa: PTH112 - see `exists`


def why_not_there(path: str | Path) -> str:
    """Return a sentence for a person who named `path`, at which `exists` finds nothing."""
    try:
        os.stat(path)  # noqa: PTH116 - see `exists`
    except PermissionError:
        return f"You have no permission to look at {path}."
    except (OSError, ValueError):
        pass
    return f"There is nothing at {path}."


def is_link(path: str | Path) -> bool:
    """Return whether `path` is a symbolic link; False where that cannot be found out."""
    return os.path.islink(path)  # noqa: PTH114 - see `exists`


def resolved(path: str | Path) -> Path:
    """Return an absolute path without symbolic links, as far as they can be followed.

    `Path.resolve` raises RuntimeError for links that lead back to themselves. Where the current folder has been
    removed, a relative path stays as it is.
    """
    try:
        return Path(os.path.realpath(path))
    except FileNotFoundError:
        return Path(path)


def matching(folder: Path, pattern: str) -> list[Path]:
    """Return the paths in `folder` that match a glob pattern, sorted; none where the folder cannot be looked into."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


_UMASK_LOCK = threading.Lock()
UNFINISHED = ".writing-"
"""Prefix of the names of files that are being written."""
PAGES = ".pages-"
"""Prefix of the names of folders for pages that wait for those before them."""
Move = Callable[[Path, Path], Path]
"""Gives a finished file its final name: (temporary path, wanted path) to the path it has now."""
RECORD_BYTES = 500_000_000
"""What is known of a million photos takes less."""


def process_token() -> str:
    """Return 16 hexadecimal digits that no other process has, by which files of a killed process are recognized."""
    return _token_of(os.getpid())


@cache
def _token_of(process: int) -> str:
    return secrets.token_hex(8)


def unfinished_prefix() -> str:
    """Return the prefix of the names of files that this process is writing."""
    return f"{UNFINISHED}{process_token()}-"


@contextmanager
def complete_file(path: Path, expected_bytes: int = 0, move: Move = Path.replace) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and move what was written there to `path` when the block succeeds.

    `move`: how the file gets its final name. The default replaces what has that name; `move_to_unused` does not.

    The temporary name keeps the suffix, since Keras and Pillow choose the file format by it. Whatever fails inside,
    also an interruption, removes the temporary file. Raises ColorizeError when the disk refuses, or has less room than
    `expected_bytes`.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The suffixes of "x.weights.h5" are two, and Keras insists on both.
        ending = "".join(path.suffixes[-2:]) if path.name.endswith(".weights.h5") else path.suffix
        handle, name = tempfile.mkstemp(prefix=unfinished_prefix(), suffix=ending, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        if shutil.disk_usage(path.parent).free < expected_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        yield temporary
        temporary.chmod(0o666 & ~umask())
        move(temporary, path)
    except OSError as error:
        raise ColorizeError(f"Could not write {path}: {_reason(error)}.") from error
    finally:
        if temporary is not None:
            with suppress(OSError):  # gone by its final name; or it stays hidden, and is swept by the next run
                temporary.unlink()


def move_to_unused(temporary: Path, wanted: Path) -> Path:
    """Give a finished file the name `wanted`, or the next number if that name is taken; return the path it has now.

    Nothing is replaced, even if other processes choose the same name at the same moment. A file of the same content
    that has the name already counts as this one. Raises OSError.
    """
    for path in numbered(wanted):
        try:
            _move_to_new(temporary, path)
        except FileExistsError:
            if not (is_file(path) and filecmp.cmp(temporary, path, shallow=False)):
                continue
        break
    return path


def _move_to_new(temporary: Path, path: Path) -> None:
    """Rename a file; raise FileExistsError if `path` exists, which a rename would replace."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, such as FAT
        path.touch(exist_ok=False)
        try:
            temporary.replace(path)
        except BaseException:
            path.unlink()
            raise


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, complete or not at all; names of files that are no text keep their bytes."""
    with complete_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape")


def write_bytes(path: Path, content: bytes, move: Move = Path.replace) -> None:
    """Write `content` to `path`, complete or not at all; `move` as in `complete_file`.

    Pillow's encoders, given a file, take no notice of a disk that fills up in the middle of their last piece: they are
    to encode into memory, and what they give is written here.
    """
    with complete_file(path, move=move) as temporary:
        temporary.write_bytes(content)


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading; raise OSError also for a pipe or a device, which might never answer."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_text(path: Path, maximum_bytes: int = RECORD_BYTES) -> str:
    """Read a document in UTF-8, with or without a byte order mark.

    Raises:
        OSError: It cannot be read, or is not a regular file.
        InvalidDocument: It is larger than `maximum_bytes`, or not UTF-8.
    """
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > maximum_bytes:
            raise InvalidDocument(f"it is larger than {maximum_bytes / 1e6:g} MB")
        content = file.read(maximum_bytes)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidDocument(f"it is not text in UTF-8 ({error})") from error


def read_json(path: Path, allows_nan: bool = False) -> Any:
    """Read a record, whose values are still to be checked; raise OSError or InvalidDocument, a ValueError."""
    return parse_json(read_text(path), allows_nan)


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed process was writing in `folder` or below, which must belong to that process alone; raise
    ColorizeError."""
    try:
        for path in folder.rglob(f"{UNFINISHED}*"):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise ColorizeError(f"Could not clear {folder}: {error.strerror}.") from error


def numbered(path: Path) -> Iterator[Path]:
    """Yield `path`, then "name-2", "name-3" and so on."""
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def unused_path(path: Path) -> Path:
    """Return the first of `path`, "name-2", "name-3", ... that does not exist."""
    return next(candidate for candidate in numbered(path) if not os.path.lexists(candidate))


@cache
def umask() -> int:
    """Return which permissions new files and folders of this process lack."""
    # Reading it means setting it, for every thread at once: so once, under a lock.
    with _UMASK_LOCK:
        current = os.umask(0o077)
        os.umask(current)
        return current


def _reason(error: OSError) -> str:
    """Return the system's own words; HDF5 hides its number in a page of others."""
    number = re.search(r"errno = (\d+)", str(error))
    return error.strerror or (os.strerror(int(number[1])) if number else str(error))
