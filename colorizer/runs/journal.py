"""Files of one JSON object per line that processes append to, and that survive whatever becomes of these."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from colorizer.dataset.shards import Shard
from colorizer.documents import parse_json
from colorizer.errors import ColorizeError
from colorizer.files import complete_file, exists, is_file, matching, open_regular

MANIFEST, CHECK, EVALUATION = "manifest", "check", "evaluation"
"""Kinds of journals: of pictures that were made, of photos that were only checked, and of photos that were scored."""
_LONGEST_LINE = 50_000_000
"""Characters; a line of an evaluation, the longest kind, has less than a hundredth of it."""


def journal_path(folder: Path, kind: str, shard: Shard | None = None) -> Path:
    """Return where a kind of journal lies in a folder of results: that of all, or the part of one shard."""
    part = f"-{shard.number}-of-{shard.count}" if shard else ""
    return folder / f"{kind}{part}.jsonl"


def parts(folder: Path, kind: str) -> dict[Path, Shard]:
    """Return the parts of a kind of journal that are in a folder, sorted by shard."""
    found = {}
    for path in matching(folder, f"{kind}-*-of-*.jsonl"):
        numbers = re.fullmatch(rf"{kind}-(\d{{1,9}})-of-(\d{{1,9}})\.jsonl", path.name)
        if numbers:
            found[path] = Shard(int(numbers[1]), int(numbers[2]))
    return dict(sorted(found.items(), key=lambda item: (item[1].count, item[1].number)))


def missing_shards(folder: Path, kind: str) -> list[str]:
    """Return which parts are not there of those that belong to the parts that are, such as ["3/40"]."""
    there = {(shard.number, shard.count) for shard in parts(folder, kind).values()}
    counts = sorted({count for _, count in there if count <= 100_000})
    return [f"{number}/{count}" for count in counts for number in range(count) if (number, count) not in there]


def is_begun(folder: Path, kind: str) -> bool:
    """Say whether a folder has a kind of journal, or a part of one."""
    return is_file(journal_path(folder, kind)) or bool(parts(folder, kind))


def read_journal(path: Path) -> Iterator[dict | None]:
    """Yield the objects of a journal, and None for each line that is not one; nothing if there is no journal.

    A line is torn when a process or a machine dies while it writes. What it would have said counts as not done. Raises
    ColorizeError if the journal cannot be read.
    """
    try:
        if not is_file(path):  # nor a pipe, which would be waited for
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
    """Yield what appends an object to a journal, there for every other process as soon as it returns.

    A torn last line of before is cut off. Raises ColorizeError, also inside the block, when the disk refuses.
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
            line = json.dumps(record).encode() + b"\n"  # names that are no UTF-8 are kept by JSON's escapes
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
    """Write a whole journal, complete or not at all; raise ColorizeError."""
    with complete_file(path) as temporary, temporary.open("w", encoding="ascii") as file:
        file.writelines(f"{json.dumps(record)}\n" for record in records)


def _end_of_last_line(path: Path, step: int = 65_536) -> int:
    """Return how many bytes a journal has up to the end of its last whole line."""
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
