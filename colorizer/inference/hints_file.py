"""Hints as JSON: one file for many photos, or one file next to each photo.

A file for many photos looks like `{"photo.jpg": [{"x": 120, "y": 80, "colour": "#b03030"}, ...], ...}`, with names
relative to the dataset's folder. A file next to a photo, `photo.jpg.hints.json` or `photo.hints.json`, holds only the
list. docs/HINTS.md describes the whole format. Reading hints does not need TensorFlow and does not open photos.
"""

from __future__ import annotations

import json
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from colorizer.dataset.find import hints_file_of, spellings
from colorizer.documents import InvalidDocument, parse_json, quoted, relative_path
from colorizer.errors import ColorizeError
from colorizer.files import is_file, read_text, write_text
from colorizer.inference.hints import (
    MAXIMUM_HINTS,
    OBJECT,
    PIXEL,
    AnyHint,
    Hint,
    Rectangle,
    Scribble,
    hint_chroma,
)

MAXIMUM_BYTES = 16_000_000
"""Larger files are rejected: they cannot be hints made by hand."""
_PALETTE, _FROM_PALETTE = "palette", "palette:"
_PLACES = {"x", "y", "points", "rectangle"}
_COLORS = ("color", "colour")
_OPTIONS = {"unit", "reach", "scope"}

Palette = dict[str, str]
"""Colors by user-defined name."""


def find_hints(
    photos: Sequence[Path], root: Path, file: Path | None = None, beside: bool = True
) -> dict[Path, tuple[AnyHint, ...]]:
    """Find the hints for photos.

    Args:
        photos: The photos.
        root: The folder to which names in `file` are relative.
        file: A file of hints for many photos. It takes precedence over files next to the photos it names.
        beside: Whether to read files next to photos.

    Raises:
        ColorizeError: As in `read_hints` and `hints_beside`.
    """
    return (hints_beside(photos) if beside else {}) | (read_hints(file, root, photos) if file else {})


def read_hints(path: Path, root: Path, photos: Sequence[Path]) -> dict[Path, tuple[AnyHint, ...]]:
    """Read a file of hints for many photos.

    Args:
        path: The file.
        root: The folder to which names in the file are relative.
        photos: The photos to return hints for. Other existing photos named in the file are ignored.

    Raises:
        ColorizeError: The file has an invalid hint, or names a photo that does not exist. The message names the file.
    """
    content = read_hints_json(path)
    if not isinstance(content, dict):
        raise ColorizeError(
            f'{path} contains no hints. Write them as {{"photo.jpg": [{{"x": 120, "y": 80, "color": "teal"}}]}}.'
        )
    palette = _palette(path, content.pop(_PALETTE)) if isinstance(content.get(_PALETTE), dict | str) else {}
    known = _PhotoNames(root, photos)
    hints: dict[Path, tuple[AnyHint, ...]] = {}
    for name, listed in content.items():
        found = _hints(listed, palette, f"{path}, hints of {quoted(name)}")
        photo = known.find(path, name)
        if photo in hints:
            raise ColorizeError(f"{path} lists the photo {quoted(name)} twice. Combine its hints.")
        if photo is not None:
            hints[photo] = found
    return hints


class _PhotoNames:
    """Photos by their names relative to a folder, independent of Unicode normalization."""

    def __init__(self, root: Path, photos: Sequence[Path]):
        self._root = root
        self._exact = {photo.relative_to(root).as_posix(): photo for photo in photos}
        self._normalized: dict[str, list[Path]] = {}
        for name, photo in self._exact.items():
            self._normalized.setdefault(unicodedata.normalize("NFC", name), []).append(photo)

    def find(self, file: Path, name: str) -> Path | None:
        """Return the photo with this name; None if it exists but is not one of these photos.

        Raises ColorizeError if there is no such photo, or if several match the name.
        """
        try:
            relative = relative_path(name).as_posix()
        except InvalidDocument as error:
            raise ColorizeError(f"{file} has hints for a photo outside {self._root}: {quoted(name)}.") from error
        if relative in self._exact:
            return self._exact[relative]
        found = self._normalized.get(unicodedata.normalize("NFC", relative), [])
        if len(found) > 1:
            raise ColorizeError(
                f"{file} has hints for {quoted(name)}, but several photos in {self._root} have this name. Rename them."
            )
        if not found and not any(_is_file(self._root, spelling) for spelling in spellings(relative)):
            raise ColorizeError(f"{file} has hints for a photo that does not exist in {self._root}: {quoted(name)}.")
        return found[0] if found else None


def hints_beside(photos: Sequence[Path]) -> dict[Path, tuple[AnyHint, ...]]:
    """Read the hint files next to photos, if any; raise ColorizeError, naming the file, for an invalid one."""
    files = ((photo, hints_file_of(photo)) for photo in photos)
    return {photo: _hints(read_hints_json(path), {}, f"{path}, hints") for photo, path in files if path}


def parsed_hints(listed: Any) -> tuple[AnyHint, ...]:
    """Convert a decoded JSON list, as in a file next to a photo, to hints; raise ColorizeError."""
    return _hints(listed, {}, "hints")


def hints_text(hints: Sequence[AnyHint]) -> str:
    """Format hints as JSON, as in a file next to a photo."""
    return json.dumps([_as_json(hint) for hint in hints], indent=2) + "\n"


def read_palette(path: Path) -> Palette:
    """Read a palette, `{"dress": "#b03030", ...}`; raise ColorizeError."""
    return _checked_palette(path, read_hints_json(path))


def save_palette(palette: Mapping[str, str], path: Path) -> None:
    """Save a palette as JSON, completely or not at all; raise ColorizeError, including for an invalid color."""
    for colour in palette.values():
        hint_chroma(colour)
    write_text(path, json.dumps(dict(palette), ensure_ascii=False, indent=2) + "\n")


def read_hints_json(path: Path) -> Any:
    """Decode a file of hints or a palette without validating its values; raise ColorizeError."""
    try:
        return parse_json(read_text(path, MAXIMUM_BYTES))
    except OSError as error:
        raise ColorizeError(f"Cannot read {path}: {error.strerror or error}.") from error
    except InvalidDocument as error:
        raise ColorizeError(f"Cannot read {path}: {textwrap.shorten(str(error), 200, placeholder='…')}.") from error


def _palette(path: Path, said: dict | str) -> Palette:
    """Return the palette of a file of hints, which is either inline or the path of a palette file relative to it."""
    if isinstance(said, dict):
        return _checked_palette(path, said)
    found = next((spelling for spelling in spellings(said) if _is_file(path.parent, spelling)), None)
    if found is None:
        raise ColorizeError(f"{path} names a palette that does not exist: {quoted(said)}.")
    return read_palette(path.parent / found)


def _checked_palette(path: Path, content: Any) -> Palette:
    if not isinstance(content, dict):
        raise ColorizeError(f'{path} contains no palette. Write one as {{"dress": "#b03030"}}.')
    for name, colour in content.items():
        try:
            hint_chroma(colour)
        except ColorizeError as error:
            raise ColorizeError(f"{path}, color {quoted(name)} of the palette: {error}") from error
    return content


def _hints(listed: Any, palette: Palette, what: str) -> tuple[AnyHint, ...]:
    """Convert a decoded list to hints; `what` describes it in error messages."""
    if not isinstance(listed, list):
        raise ColorizeError(f"{what}: this must be a list of hints.")
    if len(listed) > MAXIMUM_HINTS:
        raise ColorizeError(f"{what}: {len(listed):,} are too many for one photo; the limit is {MAXIMUM_HINTS}.")
    hints = []
    for number, said in enumerate(listed, 1):
        try:
            hints.append(_hint(said, palette))
        except ColorizeError as error:
            raise ColorizeError(f"{what}, number {number}: {error}") from error
    return tuple(hints)


def _hint(said: Any, palette: Palette) -> AnyHint:
    given = [key for key in _COLORS if isinstance(said, dict) and key in said]
    if not given:
        raise ColorizeError('a hint must look like {"x": 120, "y": 80, "color": "#b03030"}.')
    if len(given) > 1:
        raise ColorizeError('a hint must have "color" or "colour", not both.')
    colour, places = _colour(said[given[0]], palette), said.keys() & _PLACES
    strange = said.keys() - _PLACES - _OPTIONS - {*_COLORS, "radius"}
    if strange:
        raise ColorizeError(f"{quoted(min(strange))} is not a valid key of a hint.")
    options = {key: said[key] for key in _OPTIONS & said.keys()}
    if places == {"x", "y"}:
        return Hint(said["x"], said["y"], colour, said.get("radius", 0), **options)
    if places == {"points"}:
        points = tuple(_numbers(point, 2) for point in _list(said["points"]))
        return Scribble(points, colour, said.get("radius", 0), **options)
    if places == {"rectangle"} and "radius" not in said:
        left, top, right, bottom = _numbers(said["rectangle"], 4)
        return Rectangle(left, top, right, bottom, colour, **options)
    raise ColorizeError('a hint must have either "x" and "y", or "points", or a "rectangle" without "radius".')


def _as_json(hint: AnyHint) -> dict[str, Any]:
    usual = {"unit": PIXEL, "reach": 1.0, "scope": OBJECT}
    options = {key: getattr(hint, key) for key, value in usual.items() if getattr(hint, key) != value}
    if isinstance(hint, Rectangle):
        return {"rectangle": [hint.left, hint.top, hint.right, hint.bottom], "colour": hint.colour, **options}
    place = {"x": hint.x, "y": hint.y} if isinstance(hint, Hint) else {"points": [list(point) for point in hint.points]}
    return {**place, "colour": hint.colour, **({"radius": hint.radius} if hint.radius else {}), **options}


def _colour(said: Any, palette: Palette) -> Any:
    if not isinstance(said, str) or not said.startswith(_FROM_PALETTE):
        return said
    name = said.removeprefix(_FROM_PALETTE)
    if name not in palette:
        raise ColorizeError(f"the palette has no color {quoted(name)}.")
    return palette[name]


def _numbers(said: Any, count: int) -> tuple[Any, ...]:
    if len(_list(said)) != count:
        raise ColorizeError(f"this must be a list of {count} numbers.")
    return tuple(said)


def _list(said: Any) -> list:
    if not isinstance(said, list):
        raise ColorizeError('"points" and "rectangle" must be lists of numbers.')
    return said


def _is_file(root: Path, name: str) -> bool:
    return is_file(root / name)
