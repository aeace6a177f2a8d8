"""What a person knows of a film's colours: hints as photos have them, each with the time of its frame, JSON.

`FILM.hints.json` beside a film holds a list, `[{"time": 12.5, "x": 120, "y": 80, "colour": "#b03030"}, ...]`: `time` in
seconds since the film's first frame, everything else as in docs/HINTS.md, places in pixels of the film's frames as
players show them, upright.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from colorizer.dataset.find import hints_file_of
from colorizer.errors import ColorizeError
from colorizer.inference.hints import MAXIMUM_HINTS, AnyHint
from colorizer.inference.hints_file import hints_text, parsed_hints, read_hints_json

TimedHints = Mapping[float, tuple[AnyHint, ...]]
"""Hints by the time of their frame, in seconds since the film's first."""
_LATEST = 1_000_000.0
"""Seconds; no film is longer."""


def film_hints(film: Path, file: Path | None = None) -> dict[float, tuple[AnyHint, ...]]:
    """Read a film's hints from a file, or where none is named from the one beside it; raise ColorizeError, naming the
    file, for whatever in it is no hint.
    """
    path = file or hints_file_of(film)
    if path is None:
        return {}
    content = read_hints_json(path)
    try:
        return timed_hints(content)
    except ColorizeError as error:
        raise ColorizeError(f"{path}: {error}") from error


def timed_hints(listed: Any) -> dict[float, tuple[AnyHint, ...]]:
    """Return the hints of a list as a film's file has it, once it is no longer text; raise ColorizeError."""
    if not isinstance(listed, list):
        raise ColorizeError('no list of hints, such as [{"time": 1.5, "x": 120, "y": 80, "colour": "teal"}].')
    if len(listed) > MAXIMUM_HINTS:
        raise ColorizeError(f"{len(listed):,} hints are too many for one film, {MAXIMUM_HINTS} the most.")
    by_time: dict[float, list[dict]] = {}
    for number, said in enumerate(listed, 1):
        time = said.get("time") if isinstance(said, dict) else None
        if isinstance(time, bool) or not isinstance(time, int | float) or not 0 <= time <= _LATEST:
            raise ColorizeError(
                f'hint number {number}: its "time" is wanted, in seconds since the film\'s first frame.'
            )
        by_time.setdefault(float(time), []).append({key: said[key] for key in said if key != "time"})
    return {time: parsed_hints(those) for time, those in sorted(by_time.items())}


def timed_hints_text(hints: TimedHints) -> str:
    """Return a film's hints as they are written into a file beside it, JSON."""
    listed = [{"time": time, **hint} for time, those in sorted(hints.items()) for hint in json.loads(hints_text(those))]
    return json.dumps(listed, indent=2) + "\n"
