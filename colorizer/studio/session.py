"""A session: the photos and films that a user has added to the page, their colors, and their folder."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any

from colorizer.dataset.find import gather
from colorizer.errors import ColorizeError, shown
from colorizer.film.containers import ENDINGS, refuse_without_packages
from colorizer.film.hints_file import TimedHints
from colorizer.inference.colorize import Adjustment
from colorizer.inference.hints import OBJECT, AnyHint
from colorizer.inference.hints_file import hints_beside
from colorizer.photos.formats import VIDEO, kind_of
from colorizer.studio import storage
from colorizer.studio.storage import READY, UNTOUCHED, WAITING, Colors, SessionFilm, SessionPhoto

_LONGEST_NAME = 1_000
_MOST_REMOVED = 100
"""Number of removed photos that can be restored."""
_MOST_REVISIONS = 100
"""Number of earlier colors of a photo with which late changes can be merged."""
_LOG = logging.getLogger(__name__)


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


class TooMuch(ColorizeError):
    """A photo, or all of them together, exceeds the limits of a session."""


class Conflict(ColorizeError):
    """The same thing was changed in two ways."""


class Session:
    """The photos of one run of the studio, kept in a folder as they change; thread-safe."""

    def __init__(
        self,
        folder: Path,
        limits: SessionLimits = SessionLimits(),
        changed: Callable[[SessionPhoto], None] = lambda photo: None,
    ):
        """Start an empty session.

        Args:
            folder: An empty, private folder (`storage.own`).
            limits: Limits of the session.
            changed: Called with every photo that changes.
        """
        self.folder, self.limits = folder, limits
        self.page: dict[str, Any] = {}
        """Settings of the page: its palette and the id of the photo that is open."""
        self._changed = changed
        self._photos: dict[str, SessionPhoto] = {}
        self._removed: dict[str, tuple[int, SessionPhoto]] = {}  # with their positions among the others, oldest first
        self._bytes = 0
        self._numbers: dict[str, int] = {}  # the order in which photos were added
        self._records: dict[str, dict[str, Any]] = {}  # as they are on disk
        self._earlier: dict[str, dict[int, Colors]] = {}  # by revision
        self._lock = threading.RLock()

    @property
    def id(self) -> str:
        return self.folder.name

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
                self._add(photo, written)
        except TimeoutError as error:
            path.unlink(missing_ok=True)
            raise ColorizeError(f"The upload of {name} took too long and was stopped. Try again.") from error
        except OSError as error:
            path.unlink(missing_ok=True)
            raise ColorizeError(f"{name} could not be kept: {error.strerror}.") from error
        except BaseException:  # also when the page is closed meanwhile
            path.unlink(missing_ok=True)
            raise
        self._changed(photo)
        return photo

    def open(self, sources: Sequence[Path], earlier: Mapping[Path, SessionPhoto] = MappingProxyType({})) -> None:
        """Add photos, films, and all photos and films in folders, where they are.

        They get their colors in an `earlier` session if there are any, or else the hints next to them.

        Raises:
            TooMuch: There are too many.
            ColorizeError: A source cannot be read, or is neither a photo nor a film; or hints are invalid.
        """
        if not sources:
            return
        for path in sources:
            kind = kind_of(path)
            if kind is not None and kind is not VIDEO:
                raise ColorizeError(f"Cannot open {path}: {kind.sentence}.")
        dataset = gather([path.absolute() for path in sources])
        files = [path for path in dataset.files if film_ending(path.name) or kind_of(path) is None]
        if any(film_ending(path.name) for path in files):
            refuse_without_packages()
        if not files:
            raise ColorizeError(f"No photos or films found in {', '.join(map(str, sources))}.")
        if len(files) > self.limits.maximum_photos:
            raise TooMuch(f"{len(files):,} photos are too many; {self.limits.maximum_photos:,} are the most at once.")
        hints = hints_beside([path for path in files if not film_ending(path.name)])
        with self._lock:
            for path in files:
                film = SessionFilm() if film_ending(path.name) else None
                name = shown(path.relative_to(dataset.root).as_posix())
                chosen = {"film": film, "hints": hints.get(path, ())}
                known = earlier.get(path)
                if known is not None and (known.revision or known.is_recolored):
                    chosen = {name: getattr(known, name) for name in ("hints", "adjustment", "is_recolored")}
                    chosen["film"] = film and SessionFilm(hints=known.film.hints)
                self._add(SessionPhoto(secrets.token_hex(16), name, path, is_copy=False, **chosen), 0)

    def copy(self, source: Path) -> SessionPhoto:
        """Add a copy of a photo. Raises TooMuch or ColorizeError."""
        self._check_room(source.name, source.stat().st_size)
        path = self.new_path()
        try:
            shutil.copyfile(source, path)
        except OSError as error:
            raise ColorizeError(f"{source.name} could not be copied: {error.strerror}.") from error
        photo = SessionPhoto(path.stem, source.name, path)
        with self._lock:
            self._add(photo, path.stat().st_size)
        self._changed(photo)
        return photo

    def _add(self, photo: SessionPhoto, size: int) -> None:
        self._photos[photo.id] = photo
        self._numbers[photo.id] = max(self._numbers.values(), default=0) + 1
        self._bytes += size
        self._write(photo)

    def _write(self, photo: SessionPhoto) -> None:
        """Write a photo's record; if that fails, the photo is kept in memory alone, and the reason is logged."""
        is_removed = photo.id in self._removed
        try:
            storage.write_photo(self.folder, photo, self._numbers[photo.id], is_removed, self._records)
        except ColorizeError as error:
            _LOG.error("%s cannot be kept for the next start. %s", photo.name, error)

    def change(self, id_: str, **changes: Any) -> SessionPhoto:
        """Change a photo's fields, notify `changed`, and return the new state. Raises LookupError."""
        with self._lock:
            before = self._photos[id_]
            photo = replace(before, **changes, version=before.version + 1)
            if photo.colors != before.colors:
                earlier = self._earlier.setdefault(id_, {})
                earlier[before.revision] = before.colors
                if len(earlier) > _MOST_REVISIONS:
                    del earlier[min(earlier)]
                photo = replace(photo, revision=before.revision + 1, is_saved=False)
            self._photos[id_] = photo
            self._write(photo)
        self._changed(photo)
        return photo

    def change_film(self, id_: str, adjustment: Adjustment | None = None, **changes: Any) -> SessionPhoto:
        """Change fields that only films have, and maybe the adjustment, as `change` does."""
        with self._lock:
            photo = self._photos[id_]
            film = replace(photo.film, **changes)
            return self.change(id_, film=film, adjustment=adjustment or photo.adjustment)

    def adjust_all(self, adjustment: Adjustment) -> None:
        """Change the adjustment of all photos; they wait to be colorized again."""
        with self._lock:
            for photo in self.photos():
                if photo.film is None and photo.adjustment != adjustment and photo.state in (READY, WAITING):
                    self.change(photo.id, adjustment=adjustment, state=WAITING)

    def merged(self, id_: str, colors: Colors, base: int | None) -> Colors:
        """Merge colors that were chosen on revision `base` of a photo with its present ones; None overwrites these.

        Raises:
            Conflict: Something else was made of the same hint or adjustment since, or the base is not known any more.
            LookupError: No photo has this id.
        """
        with self._lock:
            photo = self._photos[id_]
            if base in (None, photo.revision) or colors == photo.colors:
                return colors
            earlier = self._earlier.get(id_, {}).get(base)
            if earlier is None:
                raise _conflict(photo)
            changed = {}
            for name in ("vividness", "restore_contrast", "repair"):
                was, mine, theirs = (getattr(each.adjustment, name) for each in (earlier, colors, photo.colors))
                if was not in (mine, theirs) and mine != theirs:
                    raise _conflict(photo)
                changed[name] = theirs if mine == was else mine
            return Colors(_merged_hints(earlier, colors, photo), replace(colors.adjustment, **changed))

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
            self._write(photo)
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
            self._write(photo)
        self._changed(photo)
        return photo

    def _delete_oldest_removed(self) -> None:
        _, photo = self._removed.pop(next(iter(self._removed)))
        self._records.pop(photo.id, None)
        self._earlier.pop(photo.id, None)
        storage.forget_photo(self.folder, photo.id)
        if not photo.is_copy:
            return
        with suppress(OSError):  # on Windows, an open file cannot be deleted; it goes with the folder
            self._bytes -= photo.path.stat().st_size
            photo.path.unlink()

    def resume(self, folder: Path) -> list[str]:
        """Continue the session in another folder; the own one, which has no photos, is deleted. `changed` isn't called.

        Returns:
            A sentence for each photo that could not be restored.

        Raises:
            ColorizeError: There are photos in this session, or the other one cannot be used.
        """
        with self._lock:
            if self._photos:
                raise ColorizeError("Remove the photos that are here before you continue another session.")
            while self._removed:
                self._delete_oldest_removed()
            storage.own(folder)
            photos, failures = storage.read_photos(folder)
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder, self.page = folder, storage.read_page(folder)
            self._numbers, self._records, self._bytes = {}, {}, 0
            for photo in photos:
                with suppress(OSError):
                    self._add(photo, photo.path.stat().st_size if photo.is_copy else 0)
        return failures

    def set_page(self, settings: dict[str, Any]) -> None:
        """Keep some settings of the page. Raises ColorizeError."""
        with self._lock:
            self.page = {**self.page, **settings}
            storage.write_page(self.folder, self.page)

    def close(self, is_kept: bool) -> None:
        """Delete removed photos, and everything unless it `is_kept` and there are photos."""
        with self._lock:
            while self._removed:
                self._delete_oldest_removed()
            if not is_kept or not self._photos:
                shutil.rmtree(self.folder, ignore_errors=True)

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
                f"{name} does not fit: all photos together can have {limits.maximum_bytes / 1e9:,.4g} GB. "
                "Save and remove some."
            )
        if self.is_disk_full():
            raise TooMuch(f"The disk is nearly full, so {name} was not added. Free some space and try again.")

    def is_disk_full(self) -> bool:
        """Return whether less disk space is free than the limit requires."""
        return shutil.disk_usage(self.folder).free < self.limits.bytes_left_free


def _merged_hints(earlier: Colors, colors: Colors, photo: SessionPhoto) -> tuple[AnyHint, ...] | TimedHints:
    was, mine, theirs = (_listed(each.hints) for each in (earlier, colors, photo.colors))
    gone = [hint for hint in was if hint not in mine]
    added, others = [hint for hint in mine if hint not in was], [hint for hint in theirs if hint not in was]
    if (added or others) and added != others and any(hint not in theirs for hint in gone):
        raise _conflict(photo)
    if {_place(hint) for hint in added if hint not in others} & {_place(hint) for hint in others if hint not in added}:
        raise _conflict(photo)
    merged = [hint for hint in theirs if hint not in gone] + [hint for hint in added if hint not in theirs]
    if photo.film is None:
        return tuple(hint for _, hint in merged)
    times = sorted({time for time, _ in merged})
    return {time: tuple(hint for other, hint in merged if other == time) for time in times}


def _listed(hints: tuple[AnyHint, ...] | TimedHints) -> list[tuple[float, AnyHint]]:
    """List hints with their times; those of a photo have the time 0."""
    by_time = hints.items() if isinstance(hints, Mapping) else [(0.0, hints)]
    return [(time, hint) for time, those in by_time for hint in those]


def _place(timed: tuple[float, AnyHint]) -> tuple[Any, ...]:
    time, hint = timed
    return time, replace(hint, colour="gray", reach=1.0, scope=OBJECT)


def _conflict(photo: SessionPhoto) -> Conflict:
    return Conflict(f"{photo.name} was changed in another tab at the same time.")


def film_ending(name: str) -> str:
    """Return the extension of a film's name, if it is a known one; empty for other names."""
    ending = PurePath(name).suffix.lower()
    return ending if ending in ENDINGS else ""
