"""The manifest of a folder that several processes write into: what became of each photo, and so what is done.

`manifest.jsonl` has one line for each photo, JSON: `path` and `result`, relative to the folders of the photos and of
the results; `sha256` of the result; `seconds`, how long its worker took since its line before; `worker`, host and
process. Without a result it has `kind` and `why` instead: what kept the photo from being in colour, in a word or two to
count by, and as a sentence. Each shard appends to a manifest of its own, `manifest-I-of-N.jsonl`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colorizer.documents import InvalidDocument, path_below, relative_path
from colorizer.errors import ColorizeError
from colorizer.files import open_regular
from colorizer.runs.folders import NAMES
from colorizer.runs.journal import MANIFEST, journal_path, parts, read_journal, write_journal
from colorizer.runs.names import read_names

FINE = "fine"
"""The kind of a photo that was only checked and can be in colour."""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one photo; `result` and `sha256` are of its picture, `kind` and `why` say why there is none."""

    path: str
    seconds: float
    worker: str
    result: str | None = None
    sha256: str | None = None
    kind: str | None = None
    why: str | None = None

    def record(self) -> dict[str, Any]:
        """Return it as it stands in the manifest."""
        named = {name: getattr(self, name) for name in ("path", "result", "sha256", "kind", "why", "seconds", "worker")}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True)
class Merged:
    """What the lines of all shards say together."""

    path: Path
    """The manifest they are in now, each photo once, sorted."""
    results: int
    kinds: Mapping[str, int]
    """How many photos have no picture, by kind."""
    reasons: tuple[str, ...]
    """Why, a sentence for each, some of them at most."""
    missing: int
    """Photos that have a name in this folder and no line."""
    ignored: int
    """Lines that were torn, or are not those of a manifest."""

    @property
    def total(self) -> int:
        return self.results + sum(self.kinds.values())


_MOST_REASONS = 20


def lines_of(folder: Path, kind: str, is_wanted: Callable[[str], bool] = lambda path: True) -> dict[str, Line]:
    """Return what the manifest of a folder and its parts say of each photo, by the photo's relative name.

    Of several lines the last one with a picture counts, or else the last one. Where two differ in the picture's
    content, the file itself decides. Raises ColorizeError.
    """
    return _lines(folder, kind, is_wanted)[0]


def _lines(folder: Path, kind: str, is_wanted: Callable[[str], bool]) -> tuple[dict[str, Line], int]:
    """Return what `lines_of` does, and how many lines were ignored."""
    lines: dict[str, Line] = {}
    ignored = 0
    for path in (journal_path(folder, kind), *parts(folder, kind)):
        for record in read_journal(path):
            line = _line(record)
            if line is None:
                ignored += 1
                continue
            if not is_wanted(line.path):
                continue
            known = lines.get(line.path)
            if known is None or known.result is None or (line.result is not None and not _is_true(folder, known, line)):
                lines[line.path] = line
    return lines, ignored


def is_as_written(folder: Path, line: Line) -> bool:
    """Say whether a line's picture is there, and has the content it had when it was written."""
    if line.result is None or line.sha256 is None:
        return False
    try:
        return digest(path_below(folder, line.result)) == line.sha256
    except InvalidDocument:
        return False


def digest(path: Path) -> str | None:
    """Return the SHA-256 of a file's content, in hexadecimal; None if it cannot be read or is not a regular file."""
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def merge_manifest(folder: Path, kind: str = MANIFEST) -> Merged:
    """Bring what all shards have appended into one manifest, each photo once, sorted by name; raise ColorizeError.

    The parts stay where they are: it can be done again, also while shards are still at work.
    """
    lines, ignored = _lines(folder, kind, lambda path: True)
    if not lines:
        raise ColorizeError(f"There is no {kind}.jsonl in {folder}, nor a part of one that has a line.")
    ordered = [lines[path] for path in sorted(lines)]
    path = journal_path(folder, kind)
    write_journal(path, (line.record() for line in ordered))
    without = [line for line in ordered if line.result is None]
    named = read_names(folder / NAMES) if kind == MANIFEST else {}
    return Merged(
        path=path,
        results=len(ordered) - len(without),
        kinds=dict(Counter(line.kind for line in without).most_common()),
        reasons=tuple(line.why for line in without if line.why)[:_MOST_REASONS],
        missing=sum(name not in lines for name in named),
        ignored=ignored,
    )


def _is_true(folder: Path, known: Line, other: Line) -> bool:
    """Say whether the line that is known need not give way to a later one with a picture."""
    return known.sha256 == other.sha256 or is_as_written(folder, known)


def _line(record: dict | None) -> Line | None:
    """Return the line that an object of a journal is; None if it is not one, or leads out of its folder."""
    match record:
        case {"path": str(path), "seconds": float() | int() as seconds, "worker": str(worker)}:
            texts = {name: record.get(name) for name in ("result", "sha256", "kind", "why")}
            result = texts["result"]
            is_whole = result is not None or bool(texts["kind"])
            if not (is_whole and all(isinstance(text, str | None) for text in texts.values())):
                return None
            with suppress(InvalidDocument):
                relative_path(path)
                if result is not None:
                    relative_path(result)
                return Line(path, seconds, worker, **texts)
    return None
