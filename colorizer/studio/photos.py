"""The photos of a session: colorize one after another, display and save them."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from colorizer.dataset.find import HINTS_ENDING
from colorizer.errors import ColorizeError
from colorizer.files import complete_file, move_to_unused
from colorizer.inference.colorize import colorize_decoded
from colorizer.inference.hinted import PREVIEW_SIDE
from colorizer.inference.hints_file import hints_text
from colorizer.marks import mark_beside
from colorizer.network.network import Network
from colorizer.photos.formats import named_format
from colorizer.photos.memory import give_back_memory
from colorizer.photos.photo import Photo
from colorizer.photos.reading import page_count, read_photo
from colorizer.photos.writing import file_name, write_pages, write_photo
from colorizer.progress import Pace
from colorizer.settings import PhotoLimits
from colorizer.studio.archive import Member, inside
from colorizer.studio.session import Conflict, Session
from colorizer.studio.storage import FAILED, READY, WAITING, Colors, SessionPhoto
from colorizer.studio.views import Box, OpenPhoto, OpenPhotos, encoded, in_color, jpeg, part_of, small, with_alpha

_PATIENCE = 1.0
"""Seconds that waiting photos yield to the user's requests, and seconds of idleness before memory is released."""
UNEXPECTED = "something went wrong in the studio. The terminal that started it shows the details."
SIDE_BY_SIDE, SPLIT = "side-by-side", "split"
"""Layouts of a picture of before and after."""
_COMPARED_SIDE = 4_096
"""Longest side of its halves, in pixels."""
_ADDED, _FORMERLY_ADDED = "-color", "-colour"
"""Added to the name of a copy next to its original."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class SavedPhoto:
    """A colorized photo, ready to be sent."""

    path: Path
    name: str
    id: str = ""
    """Id of the photo."""
    colors: Colors | None = None
    """Its colors when it was colorized."""


class Photos:
    """Colorizes the photos of a session in its own thread; other methods are thread-safe."""

    def __init__(
        self,
        network: Network,
        model_id: str,
        session: Session,
        limits: PhotoLimits,
        progress: Callable[[Pace, int, int], None],
    ):
        """Start the thread.

        Args:
            network: The network to colorize with.
            model_id: Id of its model file.
            session: The photos.
            limits: Limits of a photo.
            progress: Called from the colorizing thread with the pace, the number of finished photos and the total.
        """
        self.session, self.limits, self._progress = session, limits, progress
        self._thumbnails: dict[str, bytes] = {}
        self._asked = threading.Condition()
        self._answering, self._is_closed, self._holds_memory = 0, False, True
        self.use(network, model_id)
        self._thread = threading.Thread(target=self._colour_waiting, daemon=True)
        self._thread.start()

    def use(self, network: Network, model_id: str) -> None:
        """Switch to another network and colorize all photos again."""
        self.network, self.model_id = network, model_id
        self.opened = OpenPhotos()
        self.session.set_states((READY,), WAITING)
        self.wake()

    def wake(self) -> None:
        """Signal that photos may be waiting, or that other work that used memory has ended."""
        with self._asked:
            self._holds_memory = True
            self._asked.notify_all()

    def give_way(self) -> None:
        """Let the user's requests go first, for a limited time, before background work continues."""
        with self._asked:
            self._asked.wait_for(lambda: self._answering == 0, _PATIENCE)

    def close(self, seconds: float) -> bool:
        """Start no more photos, and wait up to `seconds` for current ones; return whether all work has ended.

        Work that continues after that writes no files.
        """
        self._is_closed = True
        with self._asked:
            self._asked.notify_all()
            is_answered = self._asked.wait_for(lambda: self._answering == 0, seconds)
        self._thread.join(0 if not is_answered else seconds)
        return is_answered and not self._thread.is_alive()

    def recolour(self, id_: str, colors: Colors, base: int | None = None) -> tuple[tuple[bytes, str], SessionPhoto]:
        """Set a photo's colors, merged with changes made since revision `base`, if there is one.

        Returns:
            A preview of at most 512 pixels with its media type, and the photo as it is now.

        Raises:
            Conflict: Something else was made of the same hint or adjustment since.
            ColorizeError: A hint is outside the photo, or the photo cannot be read or colorized.
        """
        with self._open(id_) as (before, opened):
            colors = self.session.merged(id_, colors, base)
            if replace(before, is_in_color=opened.is_in_color).keeps_colors:
                preview = small(opened.photo.eight_bits(), PREVIEW_SIDE)
            else:
                preview = opened.hinted(colors.adjustment).preview(colors.hints)
            self._thumbnails[id_] = jpeg(small(preview), 85)
            preview = with_alpha(preview, opened.photo)
            facts = _facts(opened.photo, opened.is_in_color)
            chosen = {"hints": colors.hints, "adjustment": colors.adjustment}
            photo = self.session.change(id_, state=READY, sentence="", **chosen, **facts)
        return encoded(preview, 92), photo

    def view(self, id_: str, is_original: bool, box: Box, size: tuple[int, int]) -> tuple[bytes, str]:
        """Render a box (left, top, right, bottom) of a photo, colorized or original, at most as large as `size`.

        Returns:
            The encoded image and its media type.

        Raises:
            ColorizeError: The photo cannot be read or colorized.
        """
        with self._open(id_) as (photo, opened):
            is_original = is_original or photo.keeps_colors
            shown = opened.photo.eight_bits() if is_original else opened.picture(photo.hints, photo.adjustment).image
            return part_of(with_alpha(shown, opened.photo), box, size)

    def likeliest(self, id_: str, x: float, y: float) -> tuple[str, ...]:
        """Return the most likely colors of a place, as "#rrggbb". Raises ColorizeError."""
        from colorizer.inference import likeliest_colours

        with self._open(id_) as (photo, opened):
            return likeliest_colours(opened.hinted(photo.adjustment), x, y)

    def thumbnail(self, id_: str) -> bytes | None:
        """Return a small JPEG of the colorized photo; None if there is none yet."""
        return self._thumbnails.get(id_)

    def gray_thumbnail(self, id_: str) -> bytes:
        """Return a small gray JPEG of a photo that is not colorized yet. Raises ColorizeError."""
        photo = self.session.photo(id_)
        if photo.film is not None:
            raise LookupError(id_)
        with named(photo):
            image = small(read_photo(photo.path, self.limits).eight_bits())
        return jpeg(image.convert("L"), 85)

    def compared(self, id_: str, layout: str, share: float, revision: int | None) -> tuple[Image.Image, str]:
        """Return a picture of before and after, and the photo's name.

        Args:
            id_: Id of the photo.
            layout: `SIDE_BY_SIDE`, or `SPLIT` for one picture that is gray up to a line.
            share: Place of that line, from 0 to 1 of the width.
            revision: The colors to show; None for the present ones.

        Raises:
            Conflict: The photo has another revision.
            ColorizeError: The photo cannot be read or colorized.
        """
        with self._open(id_) as (photo, opened):
            if revision not in (None, photo.revision):
                raise _changed_elsewhere(photo)
            after = small(opened.picture(photo.hints, photo.adjustment).image, _COMPARED_SIDE)
            before = opened.photo.eight_bits().convert("L").resize(after.size, Image.Resampling.LANCZOS).convert("RGB")
        line = max(1, round(max(after.size) / 400))
        if layout == SIDE_BY_SIDE:
            both = Image.new("RGB", (2 * after.width + 2 * line, after.height), "white")
            both.paste(after, (after.width + 2 * line, 0))
            both.paste(before)
            return both, photo.name
        at = round(share * after.width)
        after.paste(before.crop((0, 0, at, after.height)))
        after.paste("white", (max(0, at - line // 2), 0, min(after.width, at + (line + 1) // 2), after.height))
        return after, photo.name

    def show_small(self, id_: str, picture: Image.Image) -> None:
        """Store a picture of a film as its thumbnail, if it has none yet."""
        if id_ not in self._thumbnails:
            self._thumbnails[id_] = jpeg(small(picture), 85)

    def save(self, id_: str, revision: int | None = None) -> SavedPhoto:
        """Write a photo in color at its full size, with all pages and metadata of its original.

        With a `revision`, only these colors are saved.
        Hints apply to the first page, which is the one that the studio displays. The caller deletes the file.

        Raises:
            Conflict: The photo has another revision.
            ColorizeError: A page cannot be read, colorized or written.
        """
        with self.answering(id_) as photo:
            if revision not in (None, photo.revision):
                raise _changed_elsewhere(photo)
            original, pages = read_photo(photo.path, self.limits), page_count(photo.path)
            if replace(photo, is_in_color=in_color(original)).keeps_colors:
                raise ColorizeError(f"{photo.name} is already in color, and was left as it is.")
            name = file_name(photo.name, "" if named_format(photo.name) else original.format)
            if pages > 1 and named_format(name) != "TIFF":
                name += ".tif"
            path = self.session.new_path(Path(name).suffix)
            if pages == 1:
                self._write_page(photo, original, path)
            else:
                write_pages(path, self._written_pages(photo, pages))
        return SavedPhoto(path, name, photo.id, photo.colors)

    def mark_saved(self, saved: SavedPhoto) -> None:
        """Mark a photo as saved by the user, unless its colors have changed since."""
        with suppress(LookupError):  # removed meanwhile
            if self.session.photo(saved.id).colors == saved.colors:
                self.session.change(saved.id, is_saved=True)

    def deliver(self, saved: SavedPhoto, to: Path | None) -> Path:
        """Copy a saved photo or film into the folder `to`, or next to its original for None; nothing is overwritten.

        Returns:
            The path of the copy.

        Raises:
            ColorizeError: It cannot be written, or nothing is known of the original's folder.
        """
        photo, name = self.session.photo(saved.id), Path(inside(saved.name))
        if to is None and photo.is_copy:
            raise ColorizeError(f"Where {saved.name} comes from is not known, because it was dropped. Download it.")
        stem = name.stem.removesuffix(_ADDED).removesuffix(_FORMERLY_ADDED) + _ADDED
        wanted = photo.path.with_name(stem + name.suffix) if to is None else to / name
        written = []

        def move(temporary: Path, path: Path) -> Path:
            written.append(move_to_unused(temporary, path))
            return written[0]

        with complete_file(wanted, saved.path.stat().st_size, move) as temporary:
            shutil.copyfile(saved.path, temporary)
        if to is None:
            mark_beside(written[0].parent, [written[0].name])
        self.mark_saved(saved)
        return written[0]

    def _written_pages(self, photo: SessionPhoto, count: int) -> Iterator[Path]:
        """Yield a file for each page of a photo; the caller deletes them."""
        for page in range(count):
            path = self.session.new_path(".tif")
            self._write_page(photo, read_photo(photo.path, self.limits, page), path)
            yield path

    def _write_page(self, photo: SessionPhoto, original: Photo, path: Path) -> None:
        hints = () if original.page else photo.hints
        picture = colorize_decoded(self.network, original, photo.adjustment, hints)
        if self._is_closed:
            raise ColorizeError("The studio has ended.")
        write_photo(path, picture, original, self.limits)

    def members(self, progress: Callable[[int, int], None]) -> Iterator[Member]:
        """Yield all colorized photos as zip members, each with its hints, and finally a list of photos that failed.

        `progress` is called as ``progress(done, total)``.
        """
        photos, failures = [photo for photo in self.session.photos() if photo.film is None], []
        for done, photo in enumerate(photos):
            progress(done, len(photos))
            try:
                saved = self.save(photo.id)
            except LookupError:  # removed meanwhile
                continue
            except ColorizeError as error:
                failures.append(str(error))
                continue
            yield Member(saved.name, saved.path)
            self.mark_saved(saved)
            if photo.hints:
                yield Member(photo.name + HINTS_ENDING, hints_text(photo.hints))
        if failures:
            yield Member("not in color.txt", "\n".join(failures) + "\n")
        progress(len(photos), len(photos))

    def forget(self, id_: str) -> None:
        """Remove a photo and its results. Raises LookupError."""
        self.session.remove(id_)
        self._thumbnails.pop(id_, None)
        self.opened.forget(id_)
        self.wake()

    @contextmanager
    def _open(self, id_: str) -> Iterator[tuple[SessionPhoto, OpenPhoto]]:
        """Yield a photo and its open version, to answer the user."""
        with self.answering(id_) as photo, self.opened.use(id_, lambda: self._set(photo)) as opened:
            yield self.session.photo(id_), opened

    @contextmanager
    def answering(self, id_: str) -> Iterator[SessionPhoto]:
        """Yield a photo while waiting photos are paused; errors refer to the photo by its name."""
        photo = self.session.photo(id_)
        with self._asked:
            self._answering += 1
        try:
            with named(photo):
                yield photo
        finally:
            with self._asked:
                self._answering -= 1
                self._holds_memory = True
                self._asked.notify_all()

    def _set(self, photo: SessionPhoto) -> OpenPhoto:
        return OpenPhoto(read_photo(photo.path, self.limits), self.network, self.limits)

    def _colour_waiting(self) -> None:
        pace = Pace()
        while not self._is_closed:
            photos = self.session.photos()
            waiting = [photo for photo in photos if photo.state == WAITING]
            if not waiting:
                self._rest()
                pace = Pace()
                continue
            self.give_way()
            pace.move(len(photos) - len(waiting), len(photos))
            self._progress(pace, len(photos) - len(waiting), len(photos))
            self._colour(waiting[0])
            if len(waiting) == 1:
                self._progress(pace, len(photos), len(photos))

    def _rest(self) -> None:
        """Wait for photos to colorize; release memory after a while without requests."""
        with self._asked:
            while not self._has_work():
                is_quiet = not self._asked.wait(_PATIENCE if self._holds_memory else None)
                if is_quiet and self._answering == 0:
                    give_back_memory()
                    self._holds_memory = False

    def _has_work(self) -> bool:
        return self._is_closed or any(photo.state == WAITING for photo in self.session.photos())

    def _colour(self, photo: SessionPhoto) -> None:
        """Colorize a photo's thumbnail, which shows whether it can be colorized at all."""
        network = self.network
        try:
            with named(photo):
                if photo.film is not None:
                    thumbnail, changes = self._examined(photo)
                else:
                    thumbnail, changes = self._coloured(photo)
        except ColorizeError as error:
            thumbnail, changes = None, {"state": FAILED, "sentence": str(error)}
        except Exception:  # a bug must not leave the other photos gray
            _LOG.exception("%s could not be coloured", photo.id)
            thumbnail, changes = None, {"state": FAILED, "sentence": f"{photo.name}: {UNEXPECTED}"}
        try:
            if self.session.photo(photo.id).version != photo.version:  # the user has changed it meanwhile
                return
            if thumbnail:
                self._thumbnails[photo.id] = thumbnail
            if film := changes.pop("film", None):
                self.session.change_film(photo.id, **film)
            self.session.change(photo.id, **changes)
            if self.network is not network:  # another model was chosen meanwhile
                self.session.change(photo.id, state=WAITING)
        except LookupError:  # removed meanwhile
            self._thumbnails.pop(photo.id, None)

    def _coloured(self, photo: SessionPhoto) -> tuple[bytes, dict[str, Any]]:
        """Return a photo's colorized thumbnail, and its changed fields."""
        original = read_photo(photo.path, self.limits)
        reduced = replace(original, image=small(original.image), alpha=None)
        across, down = reduced.width / original.width, reduced.height / original.height
        placed = [hint.in_pixels(original.width, original.height) for hint in photo.hints]
        hints = [hint.scaled(across, down) for hint in placed]
        facts = _facts(original, in_color(original))
        if replace(photo, is_in_color=facts["is_in_color"]).keeps_colors:
            shown = reduced.image
        else:
            shown = colorize_decoded(self.network, reduced, photo.adjustment, hints).image
        return jpeg(shown, 85), {"state": READY, "sentence": "", **facts}

    def _examined(self, photo: SessionPhoto) -> tuple[bytes, dict[str, Any]]:
        """Return a film's colorized thumbnail, and its changed fields."""
        from colorizer.studio.film_frames import examined, told

        frame, facts = examined(photo, self.network, self.limits)
        known = {"width": facts.width, "height": facts.height, "film": told(facts)}
        return jpeg(small(frame.hinted().preview()), 85), {"state": READY, "sentence": "", **known}


@contextmanager
def named(photo: SessionPhoto) -> Iterator[None]:
    """Convert errors to ColorizeError with the name of the photo that the user knows."""
    try:
        yield
    except Conflict:
        raise
    except ColorizeError as error:
        raise ColorizeError(by_name(photo, str(error))) from error
    except MemoryError as error:
        raise ColorizeError(
            f"There is not enough memory for {photo.name}. Close other programs, or make the photo smaller."
        ) from error


def by_name(photo: SessionPhoto, sentence: str) -> str:
    """Replace the file's name in a sentence by the photo's or film's name that the user knows."""
    return sentence.replace(str(photo.path), photo.name).replace(photo.path.name, photo.name)


def _changed_elsewhere(photo: SessionPhoto) -> Conflict:
    return Conflict(f"{photo.name} was changed in another tab. Look at it, and save it again.")


def _facts(photo: Photo, is_in_color: bool) -> dict[str, Any]:
    return {"width": photo.width, "height": photo.height, "format": photo.format, "is_in_color": is_in_color}
