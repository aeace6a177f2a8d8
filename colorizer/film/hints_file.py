"""Hints on films with their times, as JSON. Imports none of the packages that films need.

`FILM.hints.json` next to a film holds a list, `[{"time": 12.5, "x": 120, "y": 80, "color": "#b03030"}, ...]`. `time`
is in seconds since the film's first frame. Everything else is as in docs/HINTS.md. Coordinates are pixels of the
upright frames, as players show them.
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
"""Hints by the time of their frame, in seconds since the film's first frame."""
_LATEST = 1_000_000.0
"""Maximum time, in seconds; longer than any film."""


def film_hints(film: Path, file: Path | None = None) -> dict[float, tuple[AnyHint, ...]]:
    """Read a film's hints.

    Args:
        film: The film.
        file: The file of hints. By default, the one next to the film, if there is one.

    Raises:
        ColorizeError: A hint is invalid. The message names the file.
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
    """Convert a decoded JSON list, as in a film's file of hints, to hints; raise ColorizeError."""
    if not isinstance(listed, list):
        raise ColorizeError(
            'this must be a list of hints, such as [{"time": 1.5, "x": 120, "y": 80, "color": "teal"}].'
        )
    if len(listed) > MAXIMUM_HINTS:
        raise ColorizeError(f"{len(listed):,} hints are too many for one film; the limit is {MAXIMUM_HINTS}.")
    by_time: dict[float, list[dict]] = {}
    for number, said in enumerate(listed, 1):
        time = said.get("time") if isinstance(said, dict) else None
        if isinstance(time, bool) or not isinstance(time, int | float) or not 0 <= time <= _LATEST:
            raise ColorizeError(
                f'hint number {number}: "time" must be the number of seconds since the film\'s first frame.'
            )
        by_time.setdefault(float(time), []).append({key: said[key] for key in said if key != "time"})
    return {time: parsed_hints(those) for time, those in sorted(by_time.items())}


def timed_hints_text(hints: TimedHints) -> str:
    """Format hints as JSON, as in the file next to a film."""
    listed = [{"time": time, **hint} for time, those in sorted(hints.items()) for hint in json.loads(hints_text(those))]
    return json.dumps(listed, indent=2) + "\n"
