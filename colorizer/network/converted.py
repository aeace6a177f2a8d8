"""Networks converted for LiteRT: the one that ships, and those of a person's own models, kept in the cache.

A file is a `.tflite` flatbuffer, to which a zip archive is appended that holds `network.json`, as files that belong to
such a model are (https://ai.google.dev/edge/litert/models/metadata): any LiteRT opens it. It is found by the content of
the model it was made of, so that it cannot outlive it.
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
"""In the cache; the number is raised whenever its files change their meaning."""
_MOST_KEPT = 8
_MOST_BYTES = 2 * 1024**3
"""What a flatbuffer can hold."""


@dataclass(frozen=True)
class Record:
    """What must be known of a converted network."""

    model: str
    """SHA-256 of the model file it was made of, in hexadecimal."""
    weights: str
    """`engines.digest_of_weights` of that model."""
    size: int
    """Side of the square it works on, in pixels."""
    flatbuffer: str
    """SHA-256 of the flatbuffer, in hexadecimal: LiteRT would not survive every damage."""
    flatbuffer_bytes: int


@dataclass(frozen=True)
class Converted:
    """A converted network as it lies in a file."""

    record: Record
    flatbuffer: bytes


def find(model: Path, cache_folder: Path | None) -> Converted | None:
    """Return what was made of a model file with this very content; None where there is nothing, or nothing sound.

    In the cache, only files are trusted that belong to this user and that nobody else may write.
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
            os.utime(kept)  # the ones used longest ago are forgotten
    return converted


def keep(converted: Converted, cache_folder: Path) -> None:
    """Keep a converted network in the cache, if its disk takes it, and forget the ones used longest ago."""
    path = _place(cache_folder, converted.record.model)
    with suppress(ColorizeError, OSError):
        write(converted, path)
        path.chmod(0o600)  # as `find` wants it, whatever new files usually allow
        oldest = sorted(matching(path.parent, "*.tflite"), key=lambda file: file.stat().st_mtime)
        for file in oldest[:-_MOST_KEPT]:
            file.unlink()


def give_up(digest: str, cache_folder: Path) -> None:
    """Note that a model file with this digest cannot be converted, so that it is not tried at every use."""
    with suppress(ColorizeError):
        write_text(_place(cache_folder, digest).with_suffix(".none"), "")


def is_given_up(digest: str, cache_folder: Path) -> bool:
    """Say whether that was noted."""
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
    """Return the record of a flatbuffer that was made of the model file with that digest."""
    return Record(model, weights, size, hashlib.sha256(flatbuffer).hexdigest(), len(flatbuffer))


def _place(cache_folder: Path, digest: str) -> Path:
    return cache_folder / _FOLDER / f"{digest}.tflite"


def _read(path: Path, model: str) -> Converted | None:
    """Return what a file holds if it is sound and was made of this model."""
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
    """Say whether a file is this user's, and no other's to write; where the system knows no owners, it is."""
    try:
        state = path.lstat()
    except OSError:
        return False
    if not stat.S_ISREG(state.st_mode):
        return False
    return not hasattr(os, "getuid") or (state.st_uid == os.getuid() and not state.st_mode & 0o022)
