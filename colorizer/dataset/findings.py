"""Findings of earlier checks about files that have not changed since."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from colorizer.errors import ColorizeError
from colorizer.files import Fingerprint, matching, read_json, resolved, write_text
from colorizer.settings import CacheSettings

_VERSION = 5
"""Increased whenever the meaning of a finding changes; files of other versions are ignored."""


class Findings:
    """Findings of earlier checks about the files of one folder, stored as a JSON file."""

    def __init__(self, folder: Path | None, root: Path, settings: CacheSettings | None = None):
        self._settings = settings or CacheSettings()
        name = hashlib.sha256(str(resolved(root)).encode("utf-8", "surrogateescape")).hexdigest()[:24]
        self._file = folder / f"checks-{_VERSION}" / f"{name}.json" if folder else None
        self._known = self._read()
        self._found: dict[str, list] = {}

    def recall(self, path: str, now: Fingerprint | None) -> list | None:
        """Return the finding about a file, or None if it has changed or is unknown."""
        known = self._known.get(path)
        if known is None or now is None or known[0] != now[0] or known[1] != now[1]:
            return None
        self._found[path] = known
        return known[2]

    def remember(self, path: str, now: Fingerprint | None, finding: list) -> None:
        """Note a finding about a file. Without a cache, or if the file has disappeared, do nothing."""
        if now is not None and self._file is not None:
            self._found[path] = [*now, finding]

    def save(self) -> None:
        """Save all findings, and remove those about the folders checked longest ago."""
        if self._file is None or self._found == self._known:
            return
        with suppress(ColorizeError, OSError):  # the check itself is complete, even if the cache cannot be written
            write_text(self._file, json.dumps(self._found, separators=(",", ":")))
            oldest = sorted(matching(self._file.parent, "*.json"), key=lambda file: file.stat().st_mtime)
            for file in oldest[: -self._settings.remembered_folders]:
                file.unlink()

    def _read(self) -> dict[str, list]:
        if self._file is None:
            return {}
        try:
            known = read_json(self._file)
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) and all(map(_is_note, known.values())) else {}


def _is_note(note: Any) -> bool:
    """Return whether a parsed value is a fingerprint and a list of plain values."""
    match note:
        case [int(), int(), [*parts]]:
            return all(isinstance(part, str | int | None) for part in parts)
    return False
