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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colorizer.errors import ColorizeError
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

    @property
    def total(self) -> int:
        return self.results + sum(self.kinds.values())


_MOST_REASONS = 20


def lines_of(folder: Path, kind: str, is_wanted: Callable[[str], bool] = lambda path: True) -> dict[str, Line]:
    """Return what the manifest of a folder and its parts say of each photo, by the photo's relative name.

    Of several lines the last one with a picture counts, or else the last one. Where two differ in the picture's
    content, the file itself decides. Raises ColorizeError.
    """
    lines: dict[str, Line] = {}
    for path in (journal_path(folder, kind), *parts(folder, kind)):
        for record in read_journal(path):
            line = _line(record)
            if line is None or not is_wanted(line.path):
                continue
            known = lines.get(line.path)
            if known is None or known.result is None or (line.result is not None and not _is_true(folder, known, line)):
                lines[line.path] = line
    return lines


def is_as_written(folder: Path, line: Line) -> bool:
    """Say whether a line's picture is there, and has the content it had when it was written."""
    return line.result is not None and line.sha256 is not None and digest(folder / line.result) == line.sha256


def digest(path: Path) -> str | None:
    """Return the SHA-256 of a file's content, in hexadecimal; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def merge_manifest(folder: Path, kind: str = MANIFEST) -> Merged:
    """Bring what all shards have appended into one manifest, each photo once, sorted by name; raise ColorizeError.

    The parts stay where they are: it can be done again, also while shards are still at work.
    """
    lines = lines_of(folder, kind)
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
    )


def _is_true(folder: Path, known: Line, other: Line) -> bool:
    """Say whether the line that is known need not give way to a later one with a picture."""
    return known.sha256 == other.sha256 or is_as_written(folder, known)


def _line(record: dict) -> Line | None:
    """Return the line that an object of a journal is; None for one that is none."""
    match record:
        case {"path": str(path), "seconds": float() | int() as seconds, "worker": str(worker)}:
            texts = {name: record.get(name) for name in ("result", "sha256", "kind", "why")}
            if all(text is None or isinstance(text, str) for text in texts.values()):
                is_done = texts["result"] is not None
                return Line(path, seconds, worker, **texts) if is_done or texts["kind"] else None
    return None
