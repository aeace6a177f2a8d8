"""Write files so that they appear complete or not at all, read only regular files, and lock them.

Locks tell what a living process works on from the leftovers of killed ones.
"""

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
from io import BufferedReader
from itertools import count
from pathlib import Path
from typing import Any

from colorizer.documents import InvalidDocument, parse_json
from colorizer.errors import ColorizeError

try:
    import fcntl
except ImportError:  # Windows, where nothing counts as left behind
    fcntl = None  # type: ignore[assignment]

Fingerprint = tuple[int, int]
"""Size in bytes and modification time in nanoseconds."""


def fingerprint(path: str | Path) -> Fingerprint | None:
    """Return what identifies a file's current version, or None if it does not exist."""
    try:
        state = os.stat(path)  # noqa: PTH116 - for 100,000 files, creating a Path takes longer than the call
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns


def exists(path: str | Path) -> bool:
    """Return whether `path` leads to something.

    In Python 3.11, `Path.exists` and similar methods raise PermissionError below a folder that may not be entered, and
    OSError for a name that is too long. This module's functions return False instead; a test keeps the rest of the
    package from calling `pathlib`'s own.
    """
    return os.path.exists(path)  # noqa: PTH110 - see above


def is_file(path: str | Path) -> bool:
    """Return whether `path` leads to a regular file; False if that cannot be determined."""
    return os.path.isfile(path)  # noqa: PTH113 - see `exists`


def is_folder(path: str | Path) -> bool:
    """Return whether `path` leads to a folder; False if that cannot be determined."""
    return os.path.isdir(path)  # noqa: PTH112 - see `exists`


def why_not_there(path: str | Path) -> str:
    """Return a sentence that explains to the user why `exists` finds nothing at `path`."""
    try:
        os.stat(path)  # noqa: PTH116 - see `exists`
    except PermissionError:
        return f"You do not have permission to access {path}."
    except (OSError, ValueError):
        pass
    return f"{path} does not exist."


def is_link(path: str | Path) -> bool:
    """Return whether `path` is a symbolic link; False if that cannot be determined."""
    return os.path.islink(path)  # noqa: PTH114 - see `exists`


def resolved(path: str | Path) -> Path:
    """Return an absolute path without symbolic links, as far as they can be followed.

    `Path.resolve` raises RuntimeError for circular links; this function does not. If the current folder has been
    removed, a relative path is returned unchanged.
    """
    try:
        return Path(os.path.realpath(path))
    except FileNotFoundError:
        return Path(path)


def matching(folder: Path, pattern: str) -> list[Path]:
    """Return the paths in `folder` that match a glob pattern, sorted; an empty list if the folder cannot be read."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


_UMASK_LOCK = threading.Lock()
UNFINISHED = ".writing-"
"""Prefix of the names of files that are being written."""
PAGES = ".pages-"
"""Prefix of the names of folders for pages that wait for earlier pages."""
Move = Callable[[Path, Path], Path]
"""Gives a finished file its final name: takes the temporary and the wanted path, and returns the path it now has."""
RECORD_BYTES = 500_000_000
"""Upper limit of a record in bytes; the record of a million photos takes less."""


def process_token() -> str:
    """Return 16 hexadecimal digits unique to this process, which identify the files of a killed process."""
    return _token_of(os.getpid())


@cache
def _token_of(process: int) -> str:
    return secrets.token_hex(8)


def unfinished_prefix() -> str:
    """Return the prefix of the names of files that this process is writing."""
    return f"{UNFINISHED}{process_token()}-"


@contextmanager
def complete_file(path: Path, expected_bytes: int = 0, move: Move = Path.replace) -> Iterator[Path]:
    """Yield a temporary path next to `path`, and move the written file to `path` if the block succeeds.

    The temporary name keeps the suffix, since Keras and Pillow choose the file format by it. If anything inside fails
    or is interrupted, the temporary file is removed.

    Args:
        path: The file to write.
        expected_bytes: Free disk space that must be available.
        move: How the file gets its final name. The default replaces an existing file; `move_to_unused` does not.

    Raises:
        ColorizeError: The file cannot be written, or there is not enough disk space.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Keras requires both suffixes of "x.weights.h5".
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
            with suppress(OSError):  # it was moved; or it stays hidden, and the next run removes it
                temporary.unlink()


def move_to_unused(temporary: Path, wanted: Path) -> Path:
    """Move a finished file to `wanted`, or to the next number if that name is taken.

    Nothing is replaced, even if other processes choose the same name at the same moment. An existing file of that name
    with the same content counts as this one.

    Returns:
        The final path.

    Raises:
        OSError: The file cannot be moved.
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
    """Write `text` to `path` as UTF-8, complete or not at all; file names that are not valid text keep their bytes."""
    with complete_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape")


def write_bytes(path: Path, content: bytes, move: Move = Path.replace) -> None:
    """Write `content` to `path`, complete or not at all; `move` as in `complete_file`.

    Pillow's encoders do not notice if the disk fills up while they write the last piece to a file. They should encode
    into memory, and this function writes the result.
    """
    with complete_file(path, move=move) as temporary:
        temporary.write_bytes(content)


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading; raise OSError also for a pipe or a device, which might block forever."""
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
        raise InvalidDocument(f"it is not UTF-8 text ({error})") from error


def read_json(path: Path, allows_nan: bool = False) -> Any:
    """Read a JSON record, whose values the caller must check; raise OSError or InvalidDocument, a ValueError."""
    return parse_json(read_text(path), allows_nan)


def remove_unfinished(folder: Path) -> None:
    """Remove the files that a killed process was writing in `folder` or its subfolders.

    The folder must belong to that process alone.

    Raises:
        ColorizeError: A file cannot be removed.
    """
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
    """Return the permissions that new files and folders of this process lack."""
    # Reading the mask means setting it for all threads at once, so it is read once, under a lock.
    with _UMASK_LOCK:
        current = os.umask(0o077)
        os.umask(current)
        return current


def _reason(error: OSError) -> str:
    """Return the system's message for an error; HDF5 hides the error number in a long message."""
    number = re.search(r"errno = (\d+)", str(error))
    return error.strerror or (os.strerror(int(number[1])) if number else str(error))


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
