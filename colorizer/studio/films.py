"""The films of a session: preview single frames, colorize one film after another, and provide the results."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from colorizer.conversation.question import FILM
from colorizer.errors import ColorizeError, Unfinished
from colorizer.progress import Pace
from colorizer.runs.folders import new_run
from colorizer.studio.photos import UNEXPECTED, Photos, SavedPhoto, by_name
from colorizer.studio.storage import BROKEN, COLOURING, DONE, QUEUED, READY, STOPPED, Colors, SessionPhoto
from colorizer.studio.views import Box, jpeg, part_of

if TYPE_CHECKING:
    from colorizer.film.decode import FilmFacts
    from colorizer.runs.film import FilmJob
    from colorizer.studio.film_frames import OpenFrame

_FRAMES_BETWEEN = 16
"""Frames of a batch; after each, check for a stop, free disk space and waiting requests."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Preview:
    """Preview of a frame."""

    content: bytes
    """A JPEG of at most 512 pixels."""
    size: tuple[int, int]
    """Width and height of the film's frames."""
    seconds: float
    """Time of the frame, in seconds since the film's first frame."""
    film: SessionPhoto
    """The film as it is now."""


class _Stopped(ColorizeError):
    """Raised to stop a film on the user's request or when the studio ends."""


class Films:
    """Colorizes the films of a session in its own thread; other methods are thread-safe."""

    def __init__(self, photos: Photos, progress: Callable[[str, Pace, int, int], None]):
        """Start the thread.

        Args:
            photos: The photos whose session and network are used.
            progress: Called from the colorizing thread with the film's id, the pace, the number of finished frames and
                the total.
        """
        self._photos, self._session, self._progress = photos, photos.session, progress
        self._asked = threading.Condition()
        self._is_closed = False
        self._facts: dict[str, FilmFacts] = {}
        self._made: dict[str, tuple] = {}
        self._thread = threading.Thread(target=self._colour_queued, daemon=True)
        self._thread.start()

    def preview(self, id_: str, seconds: float, colors: Colors, base: int | None = None) -> Preview:
        """Set a film's colors as `Photos.recolour` does, and return a preview of the frame at a time."""
        from colorizer.film.propagation import check_hints
        from colorizer.studio.film_frames import told

        with self._open(id_, seconds) as (photo, frame):
            facts = self._facts[id_]
            colors = self._session.merged(id_, colors, base)
            check_hints(colors.hints, facts)
            picture = frame.preview(colors.hints, colors.adjustment.vividness)
            content = jpeg(picture, 92)
            self._photos.show_small(id_, picture)
            if photo.state != READY:
                self._session.change_film(id_, **told(facts))
                self._session.change(id_, state=READY, sentence="", width=facts.width, height=facts.height)
            if photo.colors != colors:
                changes = {"hints": colors.hints, "is_changed": photo.film.done > 0}
                self._session.change_film(id_, adjustment=colors.adjustment, **changes)
            film = self._session.photo(id_)
        return Preview(content, (facts.width, facts.height), frame.seconds, film)

    def view(self, id_: str, seconds: float, is_original: bool, box: Box, size: tuple[int, int]) -> tuple[bytes, str]:
        """Render a box (left, top, right, bottom) of the frame at a time, as `Photos.view` does."""
        with self._open(id_, seconds) as (photo, frame):
            said = photo.film.hints, photo.adjustment.vividness
            return part_of(frame.photo.image if is_original else frame.picture(*said), box, size)

    def likeliest(self, id_: str, seconds: float, x: float, y: float) -> tuple[str, ...]:
        """Return the most likely colors of a place in the frame at a time, as `Photos.likeliest` does."""
        from colorizer.inference import likeliest_colours

        with self._open(id_, seconds) as (photo, frame):
            return likeliest_colours(frame.hinted(photo.film.hints, photo.adjustment.vividness), x, y)

    def start(self, id_: str, is_side_by_side: bool) -> None:
        """Queue a film to be colorized after the others; a partly colorized film is continued."""
        with self._asked:
            if self._film(id_).film.stage not in (QUEUED, COLOURING):
                self._session.change_film(id_, stage=QUEUED, is_side_by_side=is_side_by_side, said="")
            self._asked.notify_all()

    def stop(self, id_: str) -> None:
        """Stop colorizing a film; finished frames are kept."""
        with self._asked:
            if self._film(id_).film.stage in (QUEUED, COLOURING):
                self._session.change_film(id_, stage=STOPPED)

    def model_changed(self) -> None:
        """Mark colorized films as outdated after a change of the model."""
        for photo in self._session.photos():
            if photo.film is not None and photo.film.done:
                with suppress(LookupError):  # removed meanwhile
                    self._session.change_film(photo.id, is_changed=True)

    def result(self, id_: str, is_side_by_side: bool) -> SavedPhoto:
        """Return a colorized film, or its before-and-after version. Raises LookupError if it does not exist."""
        photo = self._film(id_)
        path = photo.film.beside if is_side_by_side else photo.film.result
        if path is None:
            raise LookupError(id_)
        name = Path(photo.name)
        return SavedPhoto(
            path, f"{name.stem}-{'side-by-side' if is_side_by_side else 'color'}{path.suffix}", id_, photo.colors
        )

    def mark_saved(self, saved: SavedPhoto) -> None:
        """Mark a film as saved by the user, as `Photos.mark_saved` does."""
        self._photos.mark_saved(saved)

    def forget(self, id_: str) -> None:
        """Delete everything made from a film that is no longer in the session."""
        with self._asked:
            self._facts.pop(id_, None)
            self._made.pop(id_, None)
            shutil.rmtree(self._folder(id_), ignore_errors=True)

    def close(self, seconds: float) -> bool:
        """Stop colorizing, and wait up to `seconds` for the current frames; return whether all work has ended."""
        with self._asked:
            self._is_closed = True
            self._asked.notify_all()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @contextmanager
    def _open(self, id_: str, seconds: float) -> Iterator[tuple[SessionPhoto, OpenFrame]]:
        """Yield a film and one of its frames, to answer the user."""
        from colorizer.film.decode import examine_film
        from colorizer.studio.film_frames import open_frame

        self._film(id_)
        with self._photos.answering(id_) as photo:
            if id_ not in self._facts:
                self._facts[id_] = examine_film(photo.path, self._photos.limits)
            facts, network = self._facts[id_], self._photos.network
            with self._photos.opened.use(id_, lambda: open_frame(network, facts, seconds), seconds) as frame:
                yield self._session.photo(id_), frame

    def _film(self, id_: str) -> SessionPhoto:
        """Return a film. Raises LookupError if no film has this id."""
        photo = self._session.photo(id_)
        if photo.film is None:
            raise LookupError(id_)
        return photo

    def _folder(self, id_: str) -> Path:
        return self._session.folder / f"{id_}-film"

    def _colour_queued(self) -> None:
        while True:
            with self._asked:
                self._asked.wait_for(lambda: self._is_closed or self._next() is not None)
                if self._is_closed:
                    return
                photo = self._next()
                self._session.change_film(photo.id, stage=COLOURING, is_changed=False)
            try:
                changes = self._coloured(photo)
                self._session.change_film(photo.id, **changes)
            except LookupError:  # removed meanwhile
                shutil.rmtree(self._folder(photo.id), ignore_errors=True)
            self._photos.wake()

    def _next(self) -> SessionPhoto | None:
        return next((photo for photo in self._session.photos() if photo.film and photo.film.stage == QUEUED), None)

    def _coloured(self, photo: SessionPhoto) -> dict:
        """Colorize a film, and return the changes to its description. Raises LookupError if it was removed."""
        from colorizer.runs.film import colorize_film, frames_made

        try:
            job = self._job(photo)
            try:
                result = colorize_film(job, self._told(photo.id))
            except Unfinished as error:
                done = {"done": frames_made(job)}
                if isinstance(error.__cause__, _Stopped):  # the caller of stop has changed its stage
                    return done
                return {**done, "stage": BROKEN, "said": _why(photo, error)}
        except (ColorizeError, OSError) as error:
            return {"stage": BROKEN, "said": by_name(photo, str(error))}
        except Exception:  # a bug must not stop the other films
            self._session.photo(photo.id)
            _LOG.exception("%s could not be coloured", photo.id)
            return {"stage": BROKEN, "said": f"{photo.name}: {UNEXPECTED}"}
        return {
            "stage": DONE,
            "done": result.frames,
            "frames": result.frames,
            "said": by_name(photo, " ".join(result.remarks)),
            "result": result.film,
            "beside": result.side_by_side,
        }

    def _job(self, photo: SessionPhoto) -> FilmJob:
        """Build the job for a film; results made with other settings are deleted."""
        from colorizer.runs.film import FilmJob

        how = photo.film.hints, photo.adjustment.vividness, photo.film.is_side_by_side, self._photos.model_id
        with self._asked:
            if self._made.get(photo.id, how) != how:
                shutil.rmtree(self._folder(photo.id), ignore_errors=True)
                self._session.change_film(photo.id, done=0, result=None, beside=None)
            self._made[photo.id] = how
        return FilmJob(
            network=self._photos.network,
            film=photo.path,
            run=new_run(self._folder(photo.id), FILM),
            hints=photo.film.hints,
            vividness=photo.adjustment.vividness,
            limits=self._photos.limits,
            is_side_by_side=photo.film.is_side_by_side,
            goes_on=True,
        )

    def _told(self, id_: str) -> Callable[[int, int], None]:
        """Return the callback for finished frames."""
        pace = Pace()

        def tell(done: int, total: int) -> None:
            if done % _FRAMES_BETWEEN and done != total:
                return
            if self._is_closed or self._session.photo(id_).film.stage != COLOURING:
                raise _Stopped("The film was stopped.")
            if self._session.is_disk_full():
                raise ColorizeError("The disk is nearly full. Free some space, then resume.")
            pace.move(done, total)
            self._progress(id_, pace, done, total)
            self._photos.give_way()

        return tell


def _why(photo: SessionPhoto, error: Unfinished) -> str:
    """Return why a film could not be finished, without paths in the studio's folder."""
    cause = error.__cause__
    return f"It could not be written: {cause.strerror}." if isinstance(cause, OSError) else by_name(photo, str(cause))
