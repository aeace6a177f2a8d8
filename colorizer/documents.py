"""Strict parsing of JSON and TOML files that others may have written, and of the paths in them.

Every record, manifest, settings file and file of hints is read through this module. Python's own parsers keep the last
of two equal keys, accept NaN, infinite numbers and lone surrogates, and nest as deeply as the stack allows.
"""

from __future__ import annotations

import json
import math
import os
import re
import tomllib
from pathlib import Path, PurePath
from typing import Any

MAXIMUM_DEPTH = 32
"""Limit of nested lists and tables; the program's own records have at most six levels."""
MAXIMUM_TOML_BYTES = 1_000_000
"""Largest TOML file, which is usually written by hand."""
_MAXIMUM_DIGITS = 30
"""Limit of decimal digits of an integer; a time in nanoseconds has 19. From 309 digits on it has no floating-point
value.
"""
_TOO_LARGE = 10**_MAXIMUM_DIGITS
_DEEP_KEY = re.compile(rf"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{MAXIMUM_DEPTH}}}""")
"""Matches a dotted key with more than `MAXIMUM_DEPTH` parts, for which tomllib takes quadratic time
(https://toml.io/en/v1.0.0#keys).
"""


class InvalidDocument(ValueError):
    """Text that is not the expected document; the message gives the reason, to follow a colon."""


def parse_json(text: str, allows_nan: bool = False) -> Any:
    """Parse JSON (RFC 8259).

    Args:
        text: The document.
        allows_nan: Whether it may hold NaN and infinite numbers, as records of diverged trainings do.

    Raises:
        InvalidDocument: The text is not JSON; has a key twice in one object; is nested more than `MAXIMUM_DEPTH` levels
            deep; holds NUL, a surrogate that does not represent a byte of a file name (PEP 383), or an integer of more
            than `_MAXIMUM_DIGITS` digits; or, unless `allows_nan`, a number that is not finite.
    """
    try:
        parsed = _JSON.decode(text)
    except RecursionError as error:
        raise InvalidDocument(f"it is nested more than {MAXIMUM_DEPTH} levels deep") from error
    except InvalidDocument:
        raise
    except ValueError as error:
        raise InvalidDocument(f"it is not valid JSON ({error})") from error
    _check_values(parsed, allows_nan)
    return parsed


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML 1.0; raise InvalidDocument as `parse_json` does."""
    if len(text) > MAXIMUM_TOML_BYTES:
        raise InvalidDocument(f"it is larger than {MAXIMUM_TOML_BYTES / 1e6:g} MB")
    if _DEEP_KEY.search(text):
        raise InvalidDocument(f"it has a key of more than {MAXIMUM_DEPTH} parts")
    try:
        parsed = tomllib.loads(text)
    except RecursionError as error:
        raise InvalidDocument(f"it is nested more than {MAXIMUM_DEPTH} levels deep") from error
    except ValueError as error:
        raise InvalidDocument(f"it is not valid TOML ({error})") from error
    _check_values(parsed)
    return parsed


def _check_values(parsed: Any, allows_nan: bool = False) -> None:
    """Raise InvalidDocument for depths, numbers and texts that `parse_json` refuses."""
    level = [parsed]
    for _ in range(MAXIMUM_DEPTH + 1):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str):
                _check_text(value)
            elif isinstance(value, int):
                if abs(value) >= _TOO_LARGE:
                    raise InvalidDocument(f"it holds a number of more than {_MAXIMUM_DIGITS} digits")
            elif isinstance(value, float) and not (allows_nan or math.isfinite(value)):
                raise InvalidDocument(f"it holds the number {value}, which is not finite")
        if not below:
            return
        level = below
    raise InvalidDocument(f"it is nested more than {MAXIMUM_DEPTH} levels deep")


def relative_path(text: str) -> PurePath:
    """Convert a name from a document to a path relative to any folder.

    Raises:
        InvalidDocument: It is empty or absolute, has a drive or `..`, or is not a valid file name.
    """
    try:
        encodable = "\0" not in text and os.fsdecode(os.fsencode(text)) == text
    except UnicodeError:
        encodable = False
    path = PurePath(text) if encodable else None
    if path is None or not path.parts or path.anchor or ".." in path.parts:
        raise InvalidDocument(f"{quoted(text)} is not a name below a folder")
    return path


def path_below(folder: Path, text: str) -> Path:
    """Convert a name from a document to a path below `folder`, even after all links in it are followed.

    Raises:
        InvalidDocument: As for `relative_path`, or a link leads out of the folder.
    """
    path = folder / relative_path(text)
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise InvalidDocument(f"{quoted(text)} is not a name below a folder")
    return path


def quoted(text: str) -> str:
    """Quote at most 80 characters of a document's text for a sentence."""
    return repr(text if len(text) <= 80 else text[:80] + "…")


def _check_text(text: str) -> None:
    if "\0" in text:
        raise InvalidDocument("it holds the character NUL")
    if text.isascii():
        return
    try:
        is_sound = text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") == text
    except UnicodeEncodeError:
        is_sound = False
    if not is_sound:
        raise InvalidDocument("it holds half of a surrogate pair")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise InvalidDocument(f"the key {quoted(key)} appears twice")
            seen.add(key)
    return table


_JSON = json.JSONDecoder(object_pairs_hook=_unique)
