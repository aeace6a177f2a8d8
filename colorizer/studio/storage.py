"""The photos and films of a session, and their form on disk, from which an earlier session can be continued.

A session is a private folder with `page.json` (palette and open photo), and for each photo `<id>.json` (name, hints,
adjustment), `<id>.history.json` (its undo history) and the copy of its file. `owner.json` names the process that uses
the folder. A photo's record is written after its copy, so a copy without a record is an upload that was cut off.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import psutil

from colorizer.errors import ColorizeError
from colorizer.files import is_file, is_folder, is_link, matching, read_json, write_text
from colorizer.film.hints_file import TimedHints, timed_hints, timed_hints_text
from colorizer.inference.colorize import AS_MEANT, Adjustment
from colorizer.inference.hints import AnyHint
from colorizer.inference.hints_file import hints_text, parsed_hints

WAITING, READY, FAILED, STOPPED = "waiting", "ready", "failed", "stopped"
"""States of a photo: not colorized yet, colorized, not a readable photo, left gray because the user stopped."""
UNTOUCHED, QUEUED, COLOURING, BROKEN, DONE = "untouched", "queued", "colouring", "broken", "done"
"""Stages of a film whose frames can be viewed: not requested, waiting for another film, in progress, failed, and
finished; or `STOPPED`, with the frames finished so far kept.
"""
DAYS_KEPT = 30
PREFIX = "colorizer-studio-"
"""Prefix of the names of temporary folders."""
_VERSION = 1
_OWNER, _PAGE, _HISTORY = "owner.json", "page.json", ".history.json"
_SECONDS_OF_DAY = 86_400
_NAMES_LISTED = 3
_FILM_FACTS = ("seconds", "rate", "frames", "sound", "done", "said", "is_side_by_side", "is_changed")


@dataclass(frozen=True)
class SessionFilm:
    """Properties that only films have."""

    seconds: float = 0.0
    rate: float = 0.0
    """Frames per second."""
    frames: int = 0
    """Approximate number of frames; 0 if not known yet."""
    sound: str = ""
    """FFmpeg's name of the audio codec; empty for a silent film."""
    hints: TimedHints = field(default_factory=dict)
    stage: str = UNTOUCHED
    done: int = 0
    """Number of colorized frames that are kept."""
    said: str = ""
    """Why it failed, or remarks on its colors."""
    is_side_by_side: bool = False
    """Whether a before-and-after film is also requested."""
    is_changed: bool = False
    """Whether hints, vividness or model have changed since it was colorized."""
    result: Path | None = None
    """The colorized film."""
    beside: Path | None = None
    """The before-and-after film."""


@dataclass(frozen=True)
class Colors:
    """What the user has chosen for a photo or film."""

    hints: tuple[AnyHint, ...] | TimedHints
    """Hints of a photo, or of a film."""
    adjustment: Adjustment = AS_MEANT


@dataclass(frozen=True)
class SessionPhoto:
    """The current state of one photo or film."""

    id: str
    """Generated here; also the name of its file, apart from a film's extension."""
    name: str
    """Name on the user's computer, including folders. It is displayed and sent back, but never used as a path."""
    path: Path
    state: str = WAITING
    sentence: str = ""
    """Why it failed, or another remark."""
    width: int = 0
    height: int = 0
    format: str = ""
    """Pillow's name of the file format; empty until it has been read."""
    hints: tuple[AnyHint, ...] = ()
    adjustment: Adjustment = AS_MEANT
    film: SessionFilm | None = None
    """Properties of a film; None for a photo."""
    version: int = 0
    """Number of changes, to recognize outdated results."""
    revision: int = 0
    """Number of changes to hints and adjustment."""
    is_saved: bool = False
    """Whether the user has saved it with its present hints and adjustment."""

    is_in_color: bool = False
    """Whether the file has colors of its own; known once it has been read."""
    is_recolored: bool = False
    """Whether the user wants new colors for a photo that has its own."""
    is_copy: bool = True
    """Whether its file is a copy in the session's folder, and not the original."""

    @property
    def keeps_colors(self) -> bool:
        """Whether the photo is left in its own colors."""
        return self.is_in_color and not self.is_recolored

    @property
    def colors(self) -> Colors:
        """What the user has chosen."""
        return Colors(self.film.hints if self.film is not None else self.hints, self.adjustment)


@dataclass(frozen=True)
class SavedSession:
    """A session of an earlier run that can be continued."""

    id: str
    folder: Path
    photos: int
    """Number of photos and films."""
    names: tuple[str, ...]
    """Names of the first few."""
    changed: float
    """Time of the last change, in seconds since 1970."""


def sessions_folder() -> Path:
    """Return the folder of all sessions in the user's data folder."""
    from platformdirs import user_data_path

    return user_data_path("colorizer", appauthor=False) / "studio"


def own(folder: Path) -> None:
    """Create a private folder, or take over an abandoned one, for this process. Raises ColorizeError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ColorizeError(f"Could not create {folder}: {error.strerror}. Use --private to keep nothing.") from error
    process = psutil.Process()
    owner = {"process": process.pid, "started": process.create_time(), "host": platform.node()}
    write_text(folder / _OWNER, json.dumps(owner))


def is_in_use(folder: Path) -> bool:
    """Return whether a running studio uses a folder. Without a readable owner, or if it ran on another machine, a
    folder counts as in use for a day after its last change.
    """
    try:
        owner = read_json(folder / _OWNER)
        if owner["host"] == platform.node():
            return abs(psutil.Process(owner["process"]).create_time() - owner["started"]) < 1
    except psutil.NoSuchProcess:
        return False
    except (OSError, ValueError, TypeError, LookupError, psutil.Error):
        pass
    return time.time() - _changed(folder) < _SECONDS_OF_DAY


def saved_sessions(root: Path) -> list[SavedSession]:
    """Return the sessions that can be continued, the latest first."""
    found = []
    for folder in matching(root, "*"):
        if is_folder(folder) and not is_link(folder) and not is_in_use(folder):
            names = [name for _, _, name in _records(folder)]
            if names:
                found.append(
                    SavedSession(folder.name, folder, len(names), tuple(names[:_NAMES_LISTED]), _changed(folder))
                )
    return sorted(found, key=lambda session: session.changed, reverse=True)


def earlier_work(root: Path) -> dict[Path, SessionPhoto]:
    """Return the photos that earlier sessions opened in place, by path, each as the latest session left it."""
    found = {}
    for session in reversed(saved_sessions(root)):
        for _, path, _ in _records(session.folder):
            with suppress(OSError, ValueError, TypeError, LookupError, ColorizeError):
                photo = _photo(session.folder, path)
                if not photo.is_copy:
                    found[photo.path] = photo
    return found


def clear_old(root: Path) -> None:
    """Delete sessions that were not changed for `DAYS_KEPT` days, and folders of killed studios."""
    for folder in matching(root, "*"):
        is_old = time.time() - _changed(folder) > DAYS_KEPT * _SECONDS_OF_DAY
        if not is_link(folder) and not is_in_use(folder) and (is_old or not _records(folder)):
            shutil.rmtree(folder, ignore_errors=True)
    for folder in matching(Path(tempfile.gettempdir()), f"{PREFIX}*"):
        with suppress(OSError):
            is_own = not hasattr(os, "getuid") or folder.lstat().st_uid == os.getuid()
            if is_own and not is_link(folder) and not is_in_use(folder):
                shutil.rmtree(folder, ignore_errors=True)


def write_photo(folder: Path, photo: SessionPhoto, number: int, is_removed: bool, written: dict[str, Any]) -> None:
    """Write a photo's record, unless it is the `written` one of its id already. Raises ColorizeError."""
    record = _record(folder, photo, number, is_removed)
    if written.get(photo.id) != record:
        write_text(folder / f"{photo.id}.json", json.dumps(record))
        written[photo.id] = record


def _record(folder: Path, photo: SessionPhoto, number: int, is_removed: bool) -> dict[str, Any]:
    hints = hints_text(photo.hints) if photo.film is None else timed_hints_text(photo.film.hints)
    record = {
        "version": _VERSION,
        "number": number,
        "is_removed": is_removed,
        "name": photo.name,
        "path": _relative(folder, photo.path),
        "width": photo.width,
        "height": photo.height,
        "revision": photo.revision,
        "is_saved": photo.is_saved,
        "is_recolored": photo.is_recolored,
        "hints": json.loads(hints),
        "adjustment": asdict(photo.adjustment),
        "film": None,
    }
    if photo.film is not None:
        results = {name: path and _relative(folder, path) for name, path in _results(photo).items()}
        record["film"] = {name: getattr(photo.film, name) for name in _FILM_FACTS} | results
    return record


def read_photos(folder: Path) -> tuple[list[SessionPhoto], list[str]]:
    """Read the photos of a session in their order, and delete files that belong to none.

    Returns:
        The photos, and a sentence for each that could not be read.
    """
    photos, failures, kept = [], [], {_OWNER, _PAGE}
    for _, path, _ in _records(folder):
        try:
            photo = _photo(folder, path)
        except (OSError, ValueError, TypeError, LookupError, ColorizeError) as error:
            failures.append(f"A photo of this session could not be restored: {error}.")
            continue
        photos.append(photo)
        kept |= {path.name, f"{photo.id}{_HISTORY}", f"{photo.id}-film", photo.path.name}
    for path in matching(folder, "*"):
        if path.name not in kept:
            with suppress(OSError):
                shutil.rmtree(path) if is_folder(path) and not is_link(path) else path.unlink()
    return photos, failures


def _photo(folder: Path, path: Path) -> SessionPhoto:
    record = read_json(path)
    film, hints = record["film"], record["hints"]
    known = {field.name for field in fields(Adjustment)}
    adjustment = Adjustment(**{name: value for name, value in record["adjustment"].items() if name in known})
    if film is not None:
        results = {name: film[name] and folder / film[name] for name in ("result", "beside")}
        is_done = bool(results["result"]) and is_file(results["result"])
        stage = DONE if is_done else STOPPED if film["done"] else UNTOUCHED
        facts = {name: film[name] for name in _FILM_FACTS}
        film = SessionFilm(**facts, **results, hints=timed_hints(hints), stage=stage)
    return SessionPhoto(
        id=path.stem,
        is_copy=not Path(record["path"]).is_absolute(),
        name=str(record["name"]),
        path=folder / record["path"],
        width=int(record["width"]),
        height=int(record["height"]),
        revision=int(record["revision"]),
        is_saved=bool(record["is_saved"]),
        is_recolored=bool(record.get("is_recolored")),
        hints=() if film is not None else parsed_hints(hints),
        adjustment=adjustment,
        film=film,
    )


def forget_photo(folder: Path, id_: str) -> None:
    """Delete a photo's record, undo history and film results; its file is the caller's."""
    with suppress(OSError):
        (folder / f"{id_}.json").unlink(missing_ok=True)
        (folder / f"{id_}{_HISTORY}").unlink(missing_ok=True)
    shutil.rmtree(folder / f"{id_}-film", ignore_errors=True)


def write_history(folder: Path, id_: str, history: dict[str, Any]) -> None:
    """Write the page's undo history of a photo. Raises ColorizeError."""
    write_text(folder / f"{id_}{_HISTORY}", json.dumps(history))


def read_history(folder: Path, id_: str) -> dict[str, Any]:
    """Read the page's undo history of a photo; empty if there is none."""
    return _read(folder / f"{id_}{_HISTORY}")


def write_page(folder: Path, page: dict[str, Any]) -> None:
    """Write the page's settings. Raises ColorizeError."""
    write_text(folder / _PAGE, json.dumps(page))


def read_page(folder: Path) -> dict[str, Any]:
    """Read the page's settings; empty if there are none."""
    return _read(folder / _PAGE)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _records(folder: Path) -> list[tuple[int, Path, str]]:
    """Return number, record and name of all photos that were not removed, in their order."""
    found = []
    for path in matching(folder, "*.json"):
        record = _read(path) if "." not in path.stem else {}
        if record.get("version") == _VERSION and record.get("is_removed") is False:
            found.append((record.get("number", 0), path, str(record.get("name", ""))))
    return sorted(found)


def _results(photo: SessionPhoto) -> dict[str, Path | None]:
    return {"result": photo.film and photo.film.result, "beside": photo.film and photo.film.beside}


def _relative(folder: Path, path: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _changed(folder: Path) -> float:
    """Return the time of the last change in a folder: each change of a session renames a file in it."""
    try:
        return folder.stat().st_mtime
    except OSError:
        return time.time()
