"""Unpack a zip from any source into a folder that appears complete or not at all."""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from colorizer.errors import ColorizeError, NoRoomToUnpack, reason
from colorizer.files import is_abandoned, is_file, is_folder, matching, numbered, owned, read_json, umask, write_text
from colorizer.progress import Progress, no_progress
from colorizer.settings import ArchiveLimits
from colorizer.zip_members import inflated

RECORD = ".unpacked-from.json"
"""File inside an unpacked folder that identifies its archive."""
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
    RuntimeError,
)
"""Exceptions for damaged archives. An unknown packing method raises NotImplementedError, a RuntimeError."""
_UNPACKING = ".unpacking-"
_LINK, _KIND = 0o120000, 0o170000
"""File type of a symbolic link, and the mask of file types, in Unix mode bits."""


def is_archive(path: Path) -> bool:
    """Return whether a file is a zip, by its name or by its content."""
    return is_file(path) and (path.suffix.lower() == ".zip" or zipfile.is_zipfile(path))


def came_from(folder: Path, archive: Path) -> bool:
    """Return whether a folder was unpacked from the current version of an archive.

    Name, size, modification time and list of members must match.
    """
    try:
        return read_json(folder / RECORD) == _identity(archive)
    except (ColorizeError, OSError, *_DAMAGED):
        return False


def holds(folder: Path, archive: Path) -> bool:
    """Return whether a folder holds this archive unpacked, with all its members still present."""
    if not came_from(folder, archive):
        return False
    try:
        with zipfile.ZipFile(archive) as opened:
            return all(is_file(folder / _inside(archive, member)) for member in _files(opened))
    except (ColorizeError, OSError, *_DAMAGED):
        return False


def unpack(archive: Path, target: Path, limits: ArchiveLimits | None = None, progress: Progress = no_progress) -> Path:
    """Unpack a zip into the folder `target`.

    A folder that already holds this archive is reused. If `target` is anything else, the next free name ("photos-2") is
    used. A member that is the `RECORD` of an earlier unpacking is left out.

    Members are refused if they would land outside the folder, on each other or below `RECORD`, or if they are links.
    Encrypted archives are refused, and so are those whose contents exceed `limits` or the free disk space.

    Args:
        archive: The zip.
        target: The folder to create.
        limits: Limits on the contents.
        progress: Called with the number of unpacked members.

    Returns:
        The folder that holds the files.

    Raises:
        ColorizeError: The archive is refused, damaged or cannot be read, or the folder cannot be written.
    """
    limits = limits or ArchiveLimits()
    temporary = None
    try:
        identity = _identity(archive)
        for candidate in numbered(target):
            if holds(candidate, archive):
                return candidate
            if not os.path.lexists(candidate):
                target = candidate
                break
        there = next(folder for folder in target.absolute().parents if is_folder(folder))
        with zipfile.ZipFile(archive) as opened:
            members = _files(opened)
            _refuse_unbounded(archive, members, limits, shutil.disk_usage(there).free)
            target.parent.mkdir(parents=True, exist_ok=True)
            _sweep(target.parent)
            temporary = Path(tempfile.mkdtemp(prefix=_UNPACKING, dir=target.parent))
            with owned(temporary):
                for done, member in enumerate(members, 1):
                    _extract(archive, opened, member, temporary)
                    progress(done, len(members))
        write_text(temporary / RECORD, json.dumps(identity))
        temporary.chmod(0o777 & ~umask())
        temporary.rename(target)
    except ColorizeError:
        raise
    except (*_DAMAGED, OSError) as error:
        why = f"{error.strerror}." if isinstance(error, OSError) and error.strerror else reason(error)
        raise ColorizeError(f"Cannot unpack {archive}: {why}") from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return target


def _sweep(folder: Path) -> None:
    """Remove what killed processes were unpacking into a folder."""
    for path in matching(folder, f"{_UNPACKING}*"):
        # An empty folder may have just been created, and have no owner yet.
        if is_folder(path) and any(path.iterdir()) and is_abandoned(path):
            shutil.rmtree(path, ignore_errors=True)


def _files(opened: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the members that are files, except the record of a folder that was unpacked once and zipped again."""
    # As ZipInfo.is_dir does for names that are not empty.
    files = [member for member in opened.infolist() if not member.filename.endswith("/")]
    return [member for member in files if not _is_record(PurePosixPath(member.filename.replace("\\", "/")).parts)]


def _is_record(parts: tuple[str, ...]) -> bool:
    """Return whether a path inside the folder is that of its record.

    Some file systems ignore case, and dots and spaces at the end of a name.
    """
    return len(parts) == 1 and parts[0].rstrip(". ").casefold() == RECORD


def _identity(archive: Path) -> dict:
    """Return what identifies this version of an archive: name, size, time, and a digest of its list of members."""
    try:
        state = archive.stat()
        with zipfile.ZipFile(archive) as opened:
            members = [(member.filename, member.file_size, member.CRC) for member in opened.infolist()]
    except OSError as error:
        raise ColorizeError(f"Cannot read {archive}: {error.strerror or error}.") from error
    digest = hashlib.sha256(json.dumps(members).encode()).hexdigest()
    return {"name": archive.name, "bytes": state.st_size, "modified_ns": state.st_mtime_ns, "members": digest}


def _inside(archive: Path, member: zipfile.ZipInfo) -> PurePosixPath:
    """Return the path of a member within the folder; raise ColorizeError for a path outside it."""
    if not member.filename.strip("/\\. "):
        raise ColorizeError(
            f"Cannot unpack {archive}: one of its members has no name. Unpack it yourself and choose the folder."
        )
    path = PurePosixPath(member.filename.replace("\\", "/"))
    is_drive = any(len(part) > 1 and part[1] == ":" for part in path.parts)
    if not path.parts or path.is_absolute() or ".." in path.parts or is_drive:
        raise ColorizeError(
            f"Cannot unpack {archive}: its member {member.filename!r} would be written outside the target folder. "
            "Choose an archive you trust."
        )
    if _is_record(path.parts[:1]):
        raise ColorizeError(
            f"Cannot unpack {archive}: the name of its member {member.filename!r} is reserved for this program. "
            "Unpack it yourself and choose the folder."
        )
    return path


def _refuse_unbounded(archive: Path, members: list[zipfile.ZipInfo], limits: ArchiveLimits, free: int) -> None:
    for member in members:
        if len(_inside(archive, member).parts) > limits.maximum_depth:
            raise ColorizeError(
                f"Cannot unpack {archive}: its folders are nested more than {limits.maximum_depth} deep. Unpack it "
                "yourself and choose the folder."
            )
        if (member.external_attr >> 16) & _KIND == _LINK:
            raise ColorizeError(
                f"Cannot unpack {archive}: its member {member.filename!r} is a link. Unpack it yourself and choose "
                "the folder."
            )
        if member.flag_bits & 1:
            raise ColorizeError(f"Cannot unpack {archive}: it is encrypted. Unpack it yourself and choose the folder.")
    if len(members) > limits.maximum_files:
        raise ColorizeError(
            f"Cannot unpack {archive}: it contains {len(members):,} files, more than the limit of "
            f"{limits.maximum_files:,}. Unpack it yourself and choose the folder."
        )
    needed = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    size = archive.stat().st_size
    if packed > size:
        raise ColorizeError(
            f"Cannot unpack {archive}: it looks like a zip bomb, because its members overlap. Choose an archive you "
            "trust."
        )
    if needed > limits.bytes_never_refused and needed > limits.maximum_ratio * size:
        raise ColorizeError(
            f"Cannot unpack {archive}: it looks like a zip bomb, because its {size / 1e6:,.1f} MB would become "
            f"{needed / 1e9:,.1f} GB, more than {limits.maximum_ratio} times as much. If you trust it, unpack it "
            "yourself and choose the folder."
        )
    if needed + limits.bytes_left_free > free:
        raise NoRoomToUnpack(
            f"Unpacking {archive} takes {needed / 1e9:.1f} GB, but only {free / 1e9:.1f} GB are free next to it. "
            "Free some disk space, or choose another folder."
        )


def _extract(archive: Path, opened: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    """Write a member; stop if it inflates to more than its header declares."""
    path = folder / _inside(archive, member)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as target:
            for piece in inflated(archive, opened, member):
                target.write(piece)
    except (FileExistsError, NotADirectoryError) as error:
        raise ColorizeError(
            f"Cannot unpack {archive}: its member {member.filename!r} would overwrite another one. Unpack it "
            "yourself and choose the folder."
        ) from error
