"""Hints as JSON: one file for many photos, or one beside each photo.

One file for many, `{"photo.jpg": [{"x": 120, "y": 80, "colour": "#b03030"}, ...], ...}`: names are relative to the
dataset's folder. Beside a photo, `photo.jpg.hints.json` or `photo.hints.json` holds the list alone. docs/HINTS.md has
the whole format. Reading it needs no TensorFlow, and no photo is opened.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from colorizer.dataset.find import HINTS_ENDING
from colorizer.errors import ColorizeError
from colorizer.files import is_file, write_text
from colorizer.inference.hints import MAXIMUM_HINTS, PIXEL, AnyHint, Hint, Rectangle, Scribble, hint_chroma

MAXIMUM_BYTES = 16_000_000
"""A larger file holds no hints that a person made."""
_PALETTE, _FROM_PALETTE = "palette", "palette:"
_PLACES = {"x", "y", "points", "rectangle"}

Palette = dict[str, str]
"""Colours by the names a person gave them."""


def find_hints(
    photos: Sequence[Path], root: Path, file: Path | None = None, beside: bool = True
) -> dict[Path, tuple[AnyHint, ...]]:
    """Return what is known of the colours of photos: from a file of hints, if there is one, and for photos it does not
    name from files beside them, if these are wanted. Raises ColorizeError as `read_hints` and `hints_beside` do.
    """
    return (hints_beside(photos) if beside else {}) | (read_hints(file, root, photos) if file else {})


def read_hints(path: Path, root: Path, photos: Sequence[Path]) -> dict[Path, tuple[AnyHint, ...]]:
    """Read a file of hints for many photos; return those of each photo of `photos` it names.

    `root`: the folder its names are relative to. A photo that is there, but not among `photos`, is passed over. Raises
    ColorizeError, naming the file, for whatever in it is no hint, and for a photo that is not there.
    """
    content = _parsed(path)
    if not isinstance(content, dict):
        raise ColorizeError(f'{path} holds no hints: {{"photo.jpg": [{{"x": 120, "y": 80, "colour": "teal"}}]}} does.')
    palette = _palette(path, content.pop(_PALETTE)) if isinstance(content.get(_PALETTE), dict | str) else {}
    known = {photo.relative_to(root).as_posix(): photo for photo in photos}
    hints = {}
    for name, listed in content.items():
        found = _hints(listed, palette, f"{path}, hints of {_shown(name)}")
        if name in known:
            hints[known[name]] = found
        elif not _is_file(root, name):
            raise ColorizeError(f"{path} has hints for a photo that is not there: {_shown(name)} in {root}.")
    return hints


def hints_beside(photos: Sequence[Path]) -> dict[Path, tuple[AnyHint, ...]]:
    """Read the hints beside photos, where there are any; raise ColorizeError, naming the file, for one that is none."""
    hints = {}
    for photo in photos:
        for path in (photo.with_name(photo.name + HINTS_ENDING), photo.with_name(photo.stem + HINTS_ENDING)):
            if is_file(path):
                hints[photo] = _hints(_parsed(path), {}, f"{path}, hints")
                break
    return hints


def parsed_hints(listed: Any) -> tuple[AnyHint, ...]:
    """Return the hints of a list as it stands beside a photo, once it is no longer text; raise ColorizeError."""
    return _hints(listed, {}, "hints")


def hints_text(hints: Sequence[AnyHint]) -> str:
    """Return hints as they are written into a file beside their photo, JSON."""
    return json.dumps([_as_json(hint) for hint in hints], indent=2) + "\n"


def read_palette(path: Path) -> Palette:
    """Read a palette, `{"dress": "#b03030", ...}`; raise ColorizeError."""
    return _checked_palette(path, _parsed(path))


def save_palette(palette: Mapping[str, str], path: Path) -> None:
    """Save a palette as JSON, complete or not at all; raise ColorizeError, also for a colour that is none."""
    for colour in palette.values():
        hint_chroma(colour)
    write_text(path, json.dumps(dict(palette), ensure_ascii=False, indent=2) + "\n")


def _parsed(path: Path) -> Any:
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise ColorizeError(f"{path} is too large for a file of hints: the most is {MAXIMUM_BYTES / 1e6:g} MB.")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ColorizeError(f"Cannot read {path}: {error.strerror or error}.") from error
    except RecursionError as error:
        raise ColorizeError(f"{path} is nested too deeply for a file of hints.") from error
    except ValueError as error:  # no UTF-8, no JSON, or a number of too many digits
        reason = textwrap.shorten(str(error), 100, placeholder="…")
        raise ColorizeError(f"{path} is no JSON: {reason}.") from error


def _palette(path: Path, said: dict | str) -> Palette:
    """Return the palette a file of hints has in itself, or names: a file relative to it."""
    if isinstance(said, dict):
        return _checked_palette(path, said)
    if not _is_file(path.parent, said):
        raise ColorizeError(f"{path} names a palette that is not there: {_shown(said)}.")
    return read_palette(path.parent / said)


def _checked_palette(path: Path, content: Any) -> Palette:
    if not isinstance(content, dict):
        raise ColorizeError(f'{path} holds no palette: {{"dress": "#b03030"}} does.')
    for name, colour in content.items():
        try:
            hint_chroma(colour)
        except ColorizeError as error:
            raise ColorizeError(f"{path}, colour {_shown(name)} of the palette: {error}") from error
    return content


def _hints(listed: Any, palette: Palette, what: str) -> tuple[AnyHint, ...]:
    """Return the hints of a list; `what` says whose they are, the file's name before it."""
    if not isinstance(listed, list):
        raise ColorizeError(f"{what}: a list of hints is wanted.")
    if len(listed) > MAXIMUM_HINTS:
        raise ColorizeError(f"{what}: {len(listed):,} are too many for one photo, {MAXIMUM_HINTS} the most.")
    hints = []
    for number, said in enumerate(listed, 1):
        try:
            hints.append(_hint(said, palette))
        except ColorizeError as error:
            raise ColorizeError(f"{what}, number {number}: {error}") from error
    return tuple(hints)


def _hint(said: Any, palette: Palette) -> AnyHint:
    if not isinstance(said, dict) or "colour" not in said:
        raise ColorizeError('a hint is wanted, such as {"x": 120, "y": 80, "colour": "#b03030"}.')
    colour, places = _colour(said["colour"], palette), said.keys() & _PLACES
    strange = said.keys() - _PLACES - {"colour", "radius", "unit"}
    if strange:
        raise ColorizeError(f"{_shown(min(strange))} means nothing in a hint.")
    radius, unit = said.get("radius", 0), said.get("unit", PIXEL)
    if places == {"x", "y"}:
        return Hint(said["x"], said["y"], colour, radius, unit)
    if places == {"points"}:
        return Scribble(tuple(_numbers(point, 2) for point in _list(said["points"])), colour, radius, unit)
    if places == {"rectangle"} and "radius" not in said:
        return Rectangle(*_numbers(said["rectangle"], 4), colour, unit)
    raise ColorizeError('a hint has either "x" and "y", or "points", or a "rectangle" without radius.')


def _as_json(hint: AnyHint) -> dict[str, Any]:
    unit = {} if hint.unit == PIXEL else {"unit": hint.unit}
    if isinstance(hint, Rectangle):
        return {"rectangle": [hint.left, hint.top, hint.right, hint.bottom], "colour": hint.colour, **unit}
    place = {"x": hint.x, "y": hint.y} if isinstance(hint, Hint) else {"points": [list(point) for point in hint.points]}
    return {**place, "colour": hint.colour, **({"radius": hint.radius} if hint.radius else {}), **unit}


def _colour(said: Any, palette: Palette) -> Any:
    if not isinstance(said, str) or not said.startswith(_FROM_PALETTE):
        return said
    name = said.removeprefix(_FROM_PALETTE)
    if name not in palette:
        raise ColorizeError(f"There is no colour {_shown(name)} in the palette.")
    return palette[name]


def _numbers(said: Any, count: int) -> tuple[Any, ...]:
    if len(_list(said)) != count:
        raise ColorizeError(f"a list of {count} numbers is wanted.")
    return tuple(said)


def _list(said: Any) -> list:
    if not isinstance(said, list):
        raise ColorizeError('"points" and "rectangle" are lists of numbers.')
    return said


def _is_file(root: Path, name: str) -> bool:
    return is_file(root / name)


def _shown(text: str) -> str:
    """Return a text of a person's file, quoted, short and of printable characters alone."""
    return repr(text if len(text) <= 80 else text[:80] + "…")
