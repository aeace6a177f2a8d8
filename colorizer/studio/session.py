"""A session: the photos and films that a user has added to the page, their colors, and their folder."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

from colorizer.errors import ColorizeError, shown
from colorizer.film.containers import ENDINGS, refuse_without_packages
from colorizer.film.propagation import TimedHints
from colorizer.inference.colorize import AS_MEANT, Adjustment
from colorizer.inference.hints import AnyHint

WAITING, READY, FAILED, STOPPED = "waiting", "ready", "failed", "stopped"
"""States of a photo: not colorized yet, colorized, not a readable photo, left gray because the user stopped."""
UNTOUCHED, QUEUED, COLOURING, BROKEN, DONE = "untouched", "queued", "colouring", "broken", "done"
"""Stages of a film whose frames can be viewed: not requested, waiting for another film, in progress, failed, and
finished; or `STOPPED`, with the frames finished so far kept.
"""
_LONGEST_NAME = 1_000
_MOST_REMOVED = 100
"""Number of removed photos that can be restored."""


@dataclass(frozen=True)
class SessionLimits:
    """Limits of a session."""

    maximum_photos: int = 2_000
    maximum_photo_bytes: int = 1_000_000_000
    """For one file: a 16-bit scan of 150 megapixels in three channels."""
    maximum_film_bytes: int = 10_000_000_000
    """For one film file: two hours at 1080p and 10 megabits per second."""
    maximum_bytes: int = 20_000_000_000
    """For all files together."""
    bytes_left_free: int = 500_000_000
    """Minimum free disk space."""
    maximum_seconds: float = 1_800
    """Time limit for uploading one file, even over a slow connection."""


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


class TooMuch(ColorizeError):
    """A photo, or all of them together, exceeds the limits of a session."""


class Session:
    """The photos of one run of the studio; thread-safe."""

    def __init__(
        self,
        folder: Path,
        limits: SessionLimits = SessionLimits(),
        changed: Callable[[SessionPhoto], None] = lambda photo: None,
    ):
        """Start an empty session.

        Args:
            folder: An empty, private folder; the caller deletes it.
            limits: Limits of the session.
            changed: Called with every photo that changes.
        """
        self.id = secrets.token_hex(8)
        self.folder, self.limits = folder, limits
        self._changed = changed
        self._photos: dict[str, SessionPhoto] = {}
        self._removed: dict[str, tuple[int, SessionPhoto]] = {}  # with their positions among the others, oldest first
        self._bytes = 0
        self._lock = threading.RLock()

    def photos(self) -> list[SessionPhoto]:
        """Return all photos in the order they were added."""
        with self._lock:
            return list(self._photos.values())

    def photo(self, id_: str) -> SessionPhoto:
        """Return one photo. Raises LookupError if no photo has this id."""
        with self._lock:
            return self._photos[id_]

    async def take(self, name: str, chunks: AsyncIterator[bytes], announced: int | None) -> SessionPhoto:
        """Write an uploaded photo to disk as its bytes arrive, and return it.

        Args:
            name: Name on the user's computer.
            chunks: The content.
            announced: Size in bytes, if the request states it.

        Raises:
            TooMuch: It exceeds a limit.
            ColorizeError: It cannot be stored.
        """
        name = shown(name)[:_LONGEST_NAME] or "photo"
        ending = film_ending(name)
        if ending:
            refuse_without_packages()
        self._check_room(name, announced or 0)
        path, written = self.new_path(ending), 0
        try:
            with path.open("xb") as file:
                async with asyncio.timeout(self.limits.maximum_seconds):
                    async for chunk in chunks:
                        written += len(chunk)
                        self._check_room(name, written)
                        file.write(chunk)
            with self._lock:
                self._check_room(name, written)
                photo = SessionPhoto(path.stem, name, path, film=SessionFilm() if ending else None)
                self._photos[photo.id] = photo
                self._bytes += written
        except TimeoutError as error:
            path.unlink(missing_ok=True)
            raise ColorizeError(f"{name} came too slowly, and was given up; try it again.") from error
        except OSError as error:
            path.unlink(missing_ok=True)
            raise ColorizeError(f"{name} could not be kept: {error.strerror}.") from error
        except BaseException:  # also when the page is closed meanwhile
            path.unlink(missing_ok=True)
            raise
        self._changed(photo)
        return photo

    def change(self, id_: str, **changes: Any) -> SessionPhoto:
        """Change a photo's fields, notify `changed`, and return the new state. Raises LookupError."""
        with self._lock:
            before = self._photos[id_]
            photo = replace(before, **changes, version=before.version + 1)
            self._photos[id_] = photo
        self._changed(photo)
        return photo

    def change_film(self, id_: str, **changes: Any) -> SessionPhoto:
        """Change fields that only films have, as `change` does."""
        with self._lock:
            return self.change(id_, film=replace(self._photos[id_].film, **changes))

    def set_states(self, before: Iterable[str], after: str) -> None:
        """Change every photo in one of the states `before` to the state `after`."""
        with self._lock:
            for photo in self.photos():
                if photo.state in before:
                    self.change(photo.id, state=after)

    def remove(self, id_: str) -> None:
        """Remove a photo; `restore` can bring it back until its space is needed. Raises LookupError."""
        with self._lock:
            photo = self._photos[id_]
            self._removed[id_] = list(self._photos).index(id_), photo
            del self._photos[id_]
            if len(self._removed) > _MOST_REMOVED:
                self._delete_oldest_removed()

    def restore(self, id_: str) -> SessionPhoto:
        """Restore a removed photo to its position. Raises LookupError if it has been deleted.

        Its results are computed again: a photo waits to be colorized, and a film starts without colors.
        """
        with self._lock:
            place, photo = self._removed.pop(id_)
            fresh = {"stage": UNTOUCHED, "done": 0, "said": "", "is_changed": False, "result": None, "beside": None}
            photo = replace(
                photo,
                film=photo.film and replace(photo.film, **fresh),
                state=WAITING if photo.state == READY else photo.state,
                version=photo.version + 1,
            )
            photos = list(self._photos.items())
            photos.insert(place, (id_, photo))
            self._photos = dict(photos)
        self._changed(photo)
        return photo

    def _delete_oldest_removed(self) -> None:
        _, photo = self._removed.pop(next(iter(self._removed)))
        with suppress(OSError):  # on Windows, an open file cannot be deleted; it goes with the folder
            self._bytes -= photo.path.stat().st_size
            photo.path.unlink()

    def new_path(self, ending: str = "") -> Path:
        """Return an unused, unguessable path in the folder."""
        return self.folder / (secrets.token_hex(16) + ending)

    def _check_room(self, name: str, size: int) -> None:
        limits = self.limits
        if len(self._photos) >= limits.maximum_photos:
            raise TooMuch(f"{limits.maximum_photos:,} photos are the most at once; remove some before {name}.")
        most = limits.maximum_film_bytes if film_ending(name) else limits.maximum_photo_bytes
        if size > most:
            raise TooMuch(f"{name} is too large: {most / 1e6:,.6g} MB are the most for one file.")
        with self._lock:
            while self._removed and (self._bytes + size > limits.maximum_bytes or self.is_disk_full()):
                self._delete_oldest_removed()
        if self._bytes + size > limits.maximum_bytes:
            raise TooMuch(
                f"{name} is too much: {limits.maximum_bytes / 1e9:,.4g} GB are the most for all photos together; save, "
                "and remove some."
            )
        if self.is_disk_full():
            raise TooMuch(f"The disk is nearly full, so {name} was not taken; make room, and try it again.")

    def is_disk_full(self) -> bool:
        """Return whether less disk space is free than the limit requires."""
        return shutil.disk_usage(self.folder).free < self.limits.bytes_left_free


def film_ending(name: str) -> str:
    """Return the extension of a film's name, if it is a known one; empty for other names."""
    ending = PurePath(name).suffix.lower()
    return ending if ending in ENDINGS else ""
