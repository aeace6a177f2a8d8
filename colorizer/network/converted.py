"""Networks converted for LiteRT: the shipped one, and those of the user's own models in the cache.

A file is a `.tflite` flatbuffer with an appended zip archive that holds `network.json`. Such archives are the standard
way to store a model's associated files (https://ai.google.dev/edge/litert/models/metadata), so any LiteRT opens it. A
converted network is looked up by the content of its original model, so it is never used for a changed model.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import zipfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from colorizer.documents import parse_json
from colorizer.errors import ColorizeError
from colorizer.files import complete_file, exists, matching, write_text

SHIPPED = Path(__file__).parents[1] / "pretrained" / "colorizer.tflite"
"""The model that ships with the program, converted."""
_RECORD = "network.json"
_FOLDER = "networks-1"
"""Folder in the cache; the number is increased whenever the meaning of its files changes."""
_MOST_KEPT = 8
_MOST_BYTES = 2 * 1024**3
"""Largest flatbuffer."""


@dataclass(frozen=True)
class Record:
    """Metadata of a converted network."""

    model: str
    """SHA-256 of the original model file, in hexadecimal."""
    weights: str
    """`engines.digest_of_weights` of that model."""
    size: int
    """Side of the network's input, a square, in pixels."""
    flatbuffer: str
    """SHA-256 of the flatbuffer, in hexadecimal: LiteRT crashes on some damaged files."""
    flatbuffer_bytes: int


@dataclass(frozen=True)
class Converted:
    """A converted network as stored in a file."""

    record: Record
    flatbuffer: bytes


def find(model: Path, cache_folder: Path | None) -> Converted | None:
    """Find the converted network of a model file with exactly this content.

    In the cache, only files that belong to this user and that nobody else may write are trusted.

    Returns:
        The converted network, or None if it does not exist or is damaged.
    """
    digest = digest_of_file(model)
    shipped = _read(SHIPPED, digest)
    if shipped is not None or cache_folder is None:
        return shipped
    kept = _place(cache_folder, digest)
    if not _is_own(kept):
        return None
    converted = _read(kept, digest)
    with suppress(OSError):
        if converted is None:
            kept.unlink()
        else:
            os.utime(kept)  # marks it as used, so that it is not the next to be removed
    return converted


def keep(converted: Converted, cache_folder: Path) -> None:
    """Store a converted network in the cache, if the disk allows it, and remove the least recently used ones."""
    path = _place(cache_folder, converted.record.model)
    with suppress(ColorizeError, OSError):
        write(converted, path)
        path.chmod(0o600)  # `find` requires this, whatever permissions new files usually have
        oldest = sorted(matching(path.parent, "*.tflite"), key=lambda file: file.stat().st_mtime)
        for file in oldest[:-_MOST_KEPT]:
            file.unlink()


def give_up(digest: str, cache_folder: Path) -> None:
    """Note that a model file with this digest cannot be converted, so that it is not tried again at every use."""
    with suppress(ColorizeError):
        write_text(_place(cache_folder, digest).with_suffix(".none"), "")


def is_given_up(digest: str, cache_folder: Path) -> bool:
    """Return whether `give_up` noted this digest."""
    return exists(_place(cache_folder, digest).with_suffix(".none"))


def write(converted: Converted, path: Path) -> None:
    """Write a converted network, complete or not at all; raise ColorizeError."""
    with complete_file(path, len(converted.flatbuffer)) as temporary:
        temporary.write_bytes(converted.flatbuffer)
        with zipfile.ZipFile(temporary, "a") as appended:
            appended.writestr(_RECORD, json.dumps(asdict(converted.record)))


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal; raise OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def made_record(flatbuffer: bytes, model: str, weights: str, size: int) -> Record:
    """Create the record of a flatbuffer.

    Args:
        flatbuffer: The converted network.
        model: SHA-256 of the original model file, in hexadecimal.
        weights: `engines.digest_of_weights` of that model.
        size: Side of the network's input, in pixels.
    """
    return Record(model, weights, size, hashlib.sha256(flatbuffer).hexdigest(), len(flatbuffer))


def _place(cache_folder: Path, digest: str) -> Path:
    return cache_folder / _FOLDER / f"{digest}.tflite"


def _read(path: Path, model: str) -> Converted | None:
    """Read a converted network; return None if it is damaged or was made from another model."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as appended:
            record = Record(**parse_json(appended.read(_RECORD).decode()))
        flatbuffer = content[: record.flatbuffer_bytes]
        is_sound = record.model == model and hashlib.sha256(flatbuffer).hexdigest() == record.flatbuffer
        return Converted(record, flatbuffer) if is_sound and int(record.size) > 0 else None
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile, RuntimeError):
        return None


def _is_own(path: Path) -> bool:
    """Return whether a file belongs to this user and nobody else may write it; True on systems without file owners."""
    try:
        state = path.lstat()
    except OSError:
        return False
    if not stat.S_ISREG(state.st_mode):
        return False
    return not hasattr(os, "getuid") or (state.st_uid == os.getuid() and not state.st_mode & 0o022)
