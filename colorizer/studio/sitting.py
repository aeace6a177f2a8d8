"""A sitting: the photos and films a person has brought to the page, their colours, and the folder they lie in."""

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

from colorizer.errors import ColorizeError
from colorizer.film.containers import ENDINGS, refuse_without_packages
from colorizer.film.hints_file import TimedHints
from colorizer.inference.colorize import AS_MEANT, Adjustment
from colorizer.inference.hints import AnyHint
from colorizer.shown import shown

WAITING, READY, FAILED, STOPPED = "waiting", "ready", "failed", "stopped"
"""States of a photo: not in colour yet, in colour, no photo after all, left gray because the person stopped it."""
UNTOUCHED, QUEUED, COLOURING, BROKEN, DONE = "untouched", "queued", "colouring", "broken", "done"
"""Stages of a film whose frames can be seen: not to be coloured yet, waiting for another film, under way, given up for
a reason that is said, in colour; or `STOPPED`, with what is written so far kept."""
_LONGEST_NAME = 1_000
_MOST_REMOVED = 100
"""Removed photos that are kept, so that they can be restored."""


@dataclass(frozen=True)
class SittingLimits:
    """What a sitting may hold."""

    maximum_photos: int = 2_000
    maximum_photo_bytes: int = 1_000_000_000
    """Of one file: a 16-bit scan of 150 megapixels in three channels."""
    maximum_film_bytes: int = 10_000_000_000
    """Of the file of one film: two hours at 1080p and 10 megabits a second."""
    maximum_bytes: int = 20_000_000_000
    """Of all files together."""
    bytes_left_free: int = 500_000_000
    """What must be left on the disk."""
    maximum_seconds: float = 1_800
    """For one file to come, over however slow a line."""


@dataclass(frozen=True)
class SittingFilm:
    """What is known of a film beside what a photo has too."""

    seconds: float = 0.0
    rate: float = 0.0
    """Frames per second."""
    frames: int = 0
    """How many there are, about; 0 as long as that is not known."""
    sound: str = ""
    """FFmpeg's name of how its sound is encoded; empty for a silent film."""
    hints: TimedHints = field(default_factory=dict)
    stage: str = UNTOUCHED
    done: int = 0
    """Frames in colour that are kept."""
    said: str = ""
    """Why it was given up, or what else is to be said of its colours."""
    is_side_by_side: bool = False
    """Whether a film of before and after is wanted, too."""
    is_changed: bool = False
    """Whether its hints, its vividness or the model are others than its colours were made with."""
    result: Path | None = None
    """The film in colour."""
    beside: Path | None = None
    """The film that shows before and after."""


@dataclass(frozen=True)
class SittingPhoto:
    """One photo, or film, as it stands."""

    id: str
    """Made here; it is also all that its file is called, but for the ending of a film."""
    name: str
    """As the person's computer calls it, folders in front. It is shown and sent back, and never used as a path."""
    path: Path
    state: str = WAITING
    sentence: str = ""
    """Why it failed, or what else is to be said of it."""
    width: int = 0
    height: int = 0
    format: str = ""
    """Pillow's name of the file format; empty as long as it has not been read."""
    hints: tuple[AnyHint, ...] = ()
    adjustment: Adjustment = AS_MEANT
    film: SittingFilm | None = None
    """What is known of a film; None for a photo."""
    version: int = 0
    """Counts what changed, so that what is known of it can be told from what was."""


class TooMuch(ColorizeError):
    """A photo, or all of them together, is larger than a sitting may hold."""


class Sitting:
    """The photos of one run of the studio; may be used from several threads."""

    def __init__(
        self,
        folder: Path,
        limits: SittingLimits = SittingLimits(),
        changed: Callable[[SittingPhoto], None] = lambda photo: None,
    ):
        """`folder`: empty, private, and removed by who made it. `changed` is called with every photo that changes."""
        self.id = secrets.token_hex(8)
        self.folder, self.limits = folder, limits
        self._changed = changed
        self._photos: dict[str, SittingPhoto] = {}
        self._removed: dict[str, tuple[int, SittingPhoto]] = {}  # with their places among the others, oldest first
        self._bytes = 0
        self._lock = threading.RLock()

    def photos(self) -> list[SittingPhoto]:
        """Return every photo, in the order they came."""
        with self._lock:
            return list(self._photos.values())

    def photo(self, id_: str) -> SittingPhoto:
        """Return one photo; raise LookupError when there is none of this id."""
        with self._lock:
            return self._photos[id_]

    async def take(self, name: str, chunks: AsyncIterator[bytes], announced: int | None) -> SittingPhoto:
        """Write a photo's bytes to the disk as they come, and return it; raise ColorizeError: TooMuch where there is no
        room for it.

        `announced`: how many bytes are to come, if that is said.
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
                photo = SittingPhoto(path.stem, name, path, film=SittingFilm() if ending else None)
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

    def change(self, id_: str, **changes: Any) -> SittingPhoto:
        """Change what is known of a photo, tell it, and return it as it is now; raise LookupError."""
        with self._lock:
            before = self._photos[id_]
            photo = replace(before, **changes, version=before.version + 1)
            self._photos[id_] = photo
        self._changed(photo)
        return photo

    def change_film(self, id_: str, **changes: Any) -> SittingPhoto:
        """Change what is known of a film beside what a photo has too, as `change` does."""
        with self._lock:
            return self.change(id_, film=replace(self._photos[id_].film, **changes))

    def set_states(self, before: Iterable[str], after: str) -> None:
        """Give every photo of some states another one."""
        with self._lock:
            for photo in self.photos():
                if photo.state in before:
                    self.change(photo.id, state=after)

    def remove(self, id_: str) -> None:
        """Remove a photo, which `restore` brings back as long as its room is not needed; raise LookupError."""
        with self._lock:
            photo = self._photos[id_]
            self._removed[id_] = list(self._photos).index(id_), photo
            del self._photos[id_]
            if len(self._removed) > _MOST_REMOVED:
                self._delete_oldest_removed()

    def restore(self, id_: str) -> SittingPhoto:
        """Bring a removed photo back to its place; raise LookupError when it is gone.

        What was computed from it is computed again: a photo waits for its colors, and a film has none.
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
        with suppress(OSError):  # on Windows, of one that is open; it goes with the folder
            self._bytes -= photo.path.stat().st_size
            photo.path.unlink()

    def new_path(self, ending: str = "") -> Path:
        """Return a path in the folder that nobody can guess and nothing has yet."""
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
        """Say whether less is free on the disk than must be left on it."""
        return shutil.disk_usage(self.folder).free < self.limits.bytes_left_free


def film_ending(name: str) -> str:
    """Return the ending that says that a name is a film's, one of those that are known; an empty text for any other."""
    ending = PurePath(name).suffix.lower()
    return ending if ending in ENDINGS else ""
