"""Parsing of requests: JSON of limited size, numbers and adjustments; invalid values raise ColorizeError."""

from __future__ import annotations

import math
import re
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request

from colorizer.documents import parse_json
from colorizer.errors import ColorizeError
from colorizer.studio.session import TooMuch
from colorizer.studio.views import Box

_LARGEST_JSON = 1_000_000
"""Maximum size in bytes; 500 hints take a tenth of it."""
_LARGEST_VIEW = 4_096
"""Maximum side of a view, in pixels."""
_MOST_VIVID = 2.0
_LARGEST_PALETTE, _LONGEST_ID = 500, 100
_COLOR = re.compile("#[0-9a-f]{6}")
_LATEST = 1_000_000.0
"""Maximum time in seconds; no film is longer."""


async def json_body(request: Request) -> dict[str, Any]:
    """Read a body that is a JSON object."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_JSON:
            raise TooMuch(f"A request of more than {_LARGEST_JSON / 1e6:g} MB is too large.")
    try:
        said = parse_json(body.decode())
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise ColorizeError("A JSON object is wanted.")
    return said


def vividness(said: dict[str, Any]) -> float:
    """Read the vividness; 1 if missing."""
    vivid = said.get("vividness", 1.0)
    if isinstance(vivid, bool) or not isinstance(vivid, int | float) or not 0 <= vivid <= _MOST_VIVID:
        raise ColorizeError(f"Vividness is a number from 0 to {_MOST_VIVID:g}.")
    return float(vivid)


def revision(said: dict[str, Any], name: str) -> int | None:
    """Read the revision of a photo's colors; None if missing."""
    value = said.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ColorizeError("A revision is a whole number.")
    return value


def truth(said: dict[str, Any], name: str, what: str) -> bool:
    """Read a boolean; false if missing. `what` names it in the error message."""
    value = said.get(name, False)
    if not isinstance(value, bool):
        raise ColorizeError(f"{what} is true or false.")
    return value


def page_settings(said: dict[str, Any]) -> dict[str, Any]:
    """Read settings of the page: "palette", names with colors; "open", the id of a photo; and "place"."""
    settings = {}
    if "palette" in said:
        palette = said["palette"]
        if not isinstance(palette, list) or len(palette) > _LARGEST_PALETTE or not all(map(_is_named, palette)):
            raise ColorizeError("A palette is a list of names, each with a color such as #b03030.")
        settings["palette"] = palette
    if "place" in said:
        if said["place"] not in ("downloads", "original", "folder"):
            raise ColorizeError("Photos are saved to downloads, next to the original, or into a folder.")
        settings["place"] = said["place"]
    if "open" in said:
        if not isinstance(said["open"], str) or len(said["open"]) > _LONGEST_ID:
            raise ColorizeError("The open photo is named by its id.")
        settings["open"] = said["open"]
    return settings


def _is_named(entry: Any) -> bool:
    if not isinstance(entry, list) or [type(part) for part in entry] != [str, str]:
        return False
    return len(entry[0]) <= _LONGEST_ID and _COLOR.fullmatch(entry[1]) is not None


def number(text: str | None) -> int:
    """Read a whole number, such as one of pixels."""
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > 7:
        raise ColorizeError("A whole number is wanted.")
    return int(text)


def seconds(said: Any) -> float:
    """Read a time in a film, in seconds since its first frame."""
    try:
        time = float(said) if isinstance(said, str | int | float) and not isinstance(said, bool) else math.nan
    except (ValueError, OverflowError):
        time = math.nan
    if not 0 <= time <= _LATEST:
        raise ColorizeError("A time in seconds since the film's first frame is wanted.")
    return time


def view(asked: QueryParams) -> tuple[bool, Box, tuple[int, int]]:
    """Read the part of a photo to view: whether it is the original, the box, and the maximum size."""
    left, top, right, bottom = (number(asked.get(side)) for side in ("left", "top", "right", "bottom"))
    width, height = (min(max(number(asked.get(side)), 1), _LARGEST_VIEW) for side in ("width", "height"))
    return asked.get("side") == "original", (left, top, right, bottom), (width, height)
