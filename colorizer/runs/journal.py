"""Append-only files with one JSON object per line, which survive crashes of the processes that write them."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from colorizer.dataset.split import Shard
from colorizer.documents import parse_json
from colorizer.errors import ColorizeError
from colorizer.files import complete_file, exists, is_file, matching, open_regular

MANIFEST, CHECK, EVALUATION = "manifest", "check", "evaluation"
"""Kinds of journals: for pictures made, for photos only checked, and for photos scored."""
_LONGEST_LINE = 50_000_000
"""Maximum line length in characters; the longest kind, an evaluation, needs less than a hundredth of it."""


def journal_path(folder: Path, kind: str, shard: Shard | None = None) -> Path:
    """Return the path of a journal in a folder of results: the complete one, or the part of one shard."""
    part = f"-{shard.number}-of-{shard.count}" if shard else ""
    return folder / f"{kind}{part}.jsonl"


def parts(folder: Path, kind: str) -> dict[Path, Shard]:
    """Return the parts of a journal in a folder, sorted by shard."""
    found = {}
    for path in matching(folder, f"{kind}-*-of-*.jsonl"):
        numbers = re.fullmatch(rf"{kind}-(\d{{1,9}})-of-(\d{{1,9}})\.jsonl", path.name)
        if numbers:
            found[path] = Shard(int(numbers[1]), int(numbers[2]))
    return dict(sorted(found.items(), key=lambda item: (item[1].count, item[1].number)))


def missing_shards(folder: Path, kind: str) -> list[str]:
    """Return the missing shards of all sets that have at least one part, such as ["3/40"]."""
    there = {(shard.number, shard.count) for shard in parts(folder, kind).values()}
    counts = sorted({count for _, count in there if count <= 100_000})
    return [f"{number}/{count}" for count in counts for number in range(count) if (number, count) not in there]


def is_begun(folder: Path, kind: str) -> bool:
    """Return whether a folder has a journal of this kind, or a part of one."""
    return is_file(journal_path(folder, kind)) or bool(parts(folder, kind))


def read_journal(path: Path) -> Iterator[dict | None]:
    """Yield the objects of a journal, and None for each invalid line; yield nothing if there is no journal.

    A line is incomplete if a process or machine dies while writing it. Its entry counts as not done. Raises
    ColorizeError if the journal cannot be read.
    """
    try:
        if not is_file(path):  # a pipe would block
            return
        with open_regular(path) as file:
            while line := file.readline(_LONGEST_LINE):
                try:
                    record = parse_json(line.decode())
                except ValueError:
                    record = None
                yield record if isinstance(record, dict) else None
    except OSError as error:
        raise ColorizeError(f"Cannot read {path}: {error.strerror}.") from error


@contextmanager
def appended(path: Path) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Yield a function that appends an object to a journal, visible to other processes as soon as it returns.

    An incomplete last line is removed first. Raises ColorizeError, also inside the block, if writing fails.
    """
    with _refused(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if exists(path) and not is_file(path):
            raise OSError(errno.EINVAL, "it is not a regular file")
        file = path.open("a+b", buffering=0)
    with file:
        with _refused(path):
            file.truncate(_end_of_last_line(path))

        def append(record: Mapping[str, Any]) -> None:
            line = json.dumps(record).encode() + b"\n"  # JSON escapes preserve names that are not valid UTF-8
            with _refused(path):
                if file.write(line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        yield append


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ColorizeError(f"Could not write {path}: {error.strerror}.") from error


def write_journal(path: Path, records: Iterator[Mapping[str, Any]]) -> None:
    """Write a whole journal, completely or not at all; raise ColorizeError."""
    with complete_file(path) as temporary, temporary.open("w", encoding="ascii") as file:
        file.writelines(f"{json.dumps(record)}\n" for record in records)


def _end_of_last_line(path: Path, step: int = 65_536) -> int:
    """Return the length of a journal up to the end of its last complete line, in bytes."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            begin = max(0, end - step)
            file.seek(begin)
            newline = file.read(end - begin).rfind(b"\n")
            if newline >= 0:
                return begin + newline + 1
            end = begin
    return 0
