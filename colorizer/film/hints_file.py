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

from colorizer.dataset.find import HINTS_ENDING
from colorizer.errors import ColorizeError
from colorizer.files import is_file, read_json
from colorizer.inference.hints import MAXIMUM_HINTS, AnyHint
from colorizer.inference.hints_file import MAXIMUM_BYTES, hints_text, parsed_hints
from colorizer.shown import shown

TimedHints = Mapping[float, tuple[AnyHint, ...]]
"""Hints by the time of their frame, in seconds since the film's first."""
_LATEST = 1_000_000.0
"""Seconds; no film is longer."""


def film_hints(film: Path, file: Path | None = None) -> dict[float, tuple[AnyHint, ...]]:
    """Read a film's hints from a file, or where none is named from the one beside it; raise ColorizeError, naming the
    file, for whatever in it is no hint.
    """
    beside = (film.with_name(film.name + HINTS_ENDING), film.with_name(film.stem + HINTS_ENDING))
    path = file or next((path for path in beside if is_file(path)), None)
    if path is None:
        return {}
    try:
        return timed_hints(_parsed(path))
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


def _parsed(path: Path) -> Any:
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise ColorizeError(f"{path} is too large for a file of hints: the most is {MAXIMUM_BYTES / 1e6:g} MB.")
        return read_json(path)
    except OSError as error:
        raise ColorizeError(f"Cannot read {path}: {error.strerror or error}.") from error
    except ValueError as error:  # no UTF-8, or no JSON
        raise ColorizeError(f"{path} is no JSON: {shown(str(error))[:100]}.") from error
