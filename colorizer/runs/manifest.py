"""The manifest of a folder that several processes write into: the outcome of each photo, and so what is done.

`manifest.jsonl` has one JSON line per photo. `path` and `result` are relative to the folders of the photos and of the
results. `sha256` is the digest of the result. `seconds` is the time since the worker's previous line, and `worker` is
its host and process. Without a result, `kind` and `why` replace it: the reason for the failure as a short category, and
as a sentence. Each shard appends to its own manifest, `manifest-I-of-N.jsonl`.
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
"""The kind of a photo that was only checked and can be colorized."""


@dataclass(frozen=True, slots=True)
class Line:
    """A manifest entry for one photo: `result` and `sha256` of its picture, or `kind` and `why` it has none."""

    path: str
    seconds: float
    worker: str
    result: str | None = None
    sha256: str | None = None
    kind: str | None = None
    why: str | None = None

    def record(self) -> dict[str, Any]:
        """Return the entry as an object for the manifest."""
        named = {name: getattr(self, name) for name in ("path", "result", "sha256", "kind", "why", "seconds", "worker")}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True)
class Merged:
    """Summary of the merged entries of all shards."""

    path: Path
    """The merged manifest: each photo once, sorted."""
    results: int
    kinds: Mapping[str, int]
    """Number of photos without a picture, by kind."""
    reasons: tuple[str, ...]
    """Sentences that explain failures, limited in number."""
    missing: int
    """Number of photos with a name in this folder but no entry."""
    ignored: int
    """Number of incomplete or invalid lines."""

    @property
    def total(self) -> int:
        return self.results + sum(self.kinds.values())


_MOST_REASONS = 20


def lines_of(folder: Path, kind: str, is_wanted: Callable[[str], bool] = lambda path: True) -> dict[str, Line]:
    """Read a folder's manifest and its parts, by relative photo name.

    If a photo has several entries, the last one with a picture counts, or else the last one. If two entries disagree on
    the picture's content, the file decides. Raises ColorizeError.
    """
    return _lines(folder, kind, is_wanted)[0]


def _lines(folder: Path, kind: str, is_wanted: Callable[[str], bool]) -> tuple[dict[str, Line], int]:
    """Return the result of `lines_of`, and the number of ignored lines."""
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
    """Return whether an entry's picture exists with the recorded content."""
    if line.result is None or line.sha256 is None:
        return False
    try:
        return digest(path_below(folder, line.result)) == line.sha256
    except InvalidDocument:
        return False


def digest(path: Path) -> str | None:
    """Return the SHA-256 of a file in hexadecimal; None if it cannot be read or is not a regular file."""
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def merge_manifest(folder: Path, kind: str = MANIFEST) -> Merged:
    """Merge the entries of all shards into one manifest, each photo once, sorted by name; raise ColorizeError.

    The parts are kept, so the merge can be repeated, even while shards are running.
    """
    lines, ignored = _lines(folder, kind, lambda path: True)
    if not lines:
        raise ColorizeError(
            f"No entries found: {folder} contains no {kind}.jsonl, or only empty parts of one. Choose the output "
            "folder of a run."
        )
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
    """Return whether a known entry remains valid despite a later one with a picture."""
    return known.sha256 == other.sha256 or is_as_written(folder, known)


def _line(record: dict | None) -> Line | None:
    """Convert an object of a journal to an entry; None if it is invalid or its paths leave the folder."""
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
