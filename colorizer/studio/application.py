"""The page's requests and their answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import anyio
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from colorizer import network as networks
from colorizer.errors import ColorizeError
from colorizer.film.containers import ENDINGS, refuse_without_packages
from colorizer.film.hints_file import timed_hints_text
from colorizer.inference.colorize import Adjustment
from colorizer.inference.hints import color_names
from colorizer.inference.hints_file import hints_text, parsed_hints
from colorizer.studio import requested
from colorizer.studio.archive import zip_stream
from colorizer.studio.events import Events
from colorizer.studio.film_answers import SIZE_HEADER, colors_headers, film_routes
from colorizer.studio.films import Films
from colorizer.studio.models import identifier, model_choices
from colorizer.studio.photos import SIDE_BY_SIDE, SPLIT, UNEXPECTED, Photos, SavedPhoto
from colorizer.studio.session import Conflict, Session, TooMuch
from colorizer.studio.storage import (
    STOPPED,
    WAITING,
    Colors,
    SavedSession,
    SessionFilm,
    SessionPhoto,
    read_history,
    saved_sessions,
    write_history,
)
from colorizer.studio.views import jpeg, png

NAME_HEADER = "X-Photo-Name"
PAGE = Path(__file__).parent / "page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_SAMPLE = Path(__file__).parents[1] / "samples" / "camera.png"
_MOST_RECENT = 5
"""Maximum number of earlier sessions that are listed."""
_MOST_SAVED = 8
"""Maximum number of saved photos that wait to be downloaded."""
_AT_ONCE = 2
"""Maximum number of answers computed at the same time; more would compete for the same cores."""


@dataclass(frozen=True)
class Studio:
    """Everything that answers are computed from."""

    session: Session
    photos: Photos
    films: Films
    events: Events
    output: Path
    """The folder with trained models."""
    model: Path
    """The model file the studio was started with."""
    program: str
    """The command that starts the program."""
    sessions: Path | None = None
    """The folder of sessions that can be continued; None if nothing is kept."""
    to: Path | None = None
    """The folder that photos can be saved into."""


def application(studio: Studio) -> Starlette:
    """Build the ASGI application; `guard.Guard` must wrap it."""
    answers = Answers(studio)
    routes = [
        Route("/", partial(_file, "page.html")),
        *(Route(f"/{path.name}", partial(_file, path.name)) for path in PAGE.iterdir() if path.suffix in _TYPES),
        Route("/session", answers.session),
        Route("/events", answers.events),
        Route("/sessions", answers.delete_sessions, methods=["DELETE"]),
        Route("/sessions/{id}", answers.delete_session, methods=["DELETE"]),
        Route("/sessions/{id}/continued", answers.continue_session, methods=["POST"]),
        Route("/adjusted", answers.adjust_all, methods=["POST"]),
        Route("/sample", answers.sample, methods=["POST"]),
        Route("/page", answers.set_page, methods=["PUT"]),
        Route("/photos", answers.take, methods=["POST"]),
        Route("/photos/{id}", answers.photo),
        Route("/photos/{id}", answers.remove, methods=["DELETE"]),
        Route("/photos/{id}/restored", answers.restore, methods=["POST"]),
        Route("/photos/{id}/recolored", answers.recolor, methods=["POST"]),
        Route("/photos/{id}/colours", answers.recolour, methods=["PUT"]),
        Route("/photos/{id}/view", answers.view),
        Route("/photos/{id}/thumbnail", answers.thumbnail),
        Route("/photos/{id}/compared", answers.compared),
        Route("/photos/{id}/likeliest", answers.likeliest),
        Route("/photos/{id}/hints", answers.hints),
        Route("/photos/{id}/history", answers.history),
        Route("/photos/{id}/history", answers.set_history, methods=["PUT"]),
        Route("/photos/{id}/saved", answers.save, methods=["POST"]),
        Route("/photos/{id}/delivered", answers.deliver, methods=["POST"]),
        Route("/saved/{id}", answers.saved),
        Route("/zip", answers.zip),
        Route("/stop", answers.stop, methods=["POST"]),
        Route("/go-on", answers.go_on, methods=["POST"]),
        Route("/model", answers.use, methods=["POST"]),
        *film_routes(studio.films, studio.session, answers.in_thread),
    ]
    handlers = {
        ColorizeError: _sentence,
        LookupError: _sentence,
        HTTPException: _sentence,
        ClientDisconnect: _sentence,
        Exception: _sentence,  # Starlette logs it too
    }
    return Starlette(routes=routes, exception_handlers=handlers)


class Answers:
    """One method for each kind of request."""

    def __init__(self, studio: Studio):
        self._studio = studio
        self._saved: dict[str, SavedPhoto] = {}
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)
        self._reading = anyio.CapacityLimiter(1)  # apart, so that gray thumbnails never delay a preview
        self._writing = anyio.CapacityLimiter(1)  # apart, so that a zip never delays a preview

    async def session(self, request: Request) -> Response:
        """Return everything that the page needs when it loads."""
        studio = self._studio
        limits = studio.session.limits
        models = await self.in_thread(model_choices, studio.output, studio.model)
        recent = await self.in_thread(self._recent)
        return JSONResponse(
            {
                "id": studio.session.id,
                "is_private": studio.sessions is None,
                "recent": [
                    {"id": saved.id, "photos": saved.photos, "names": saved.names, "changed": saved.changed}
                    for saved in recent[:_MOST_RECENT]
                ],
                "page": studio.session.page,
                "folder": studio.to and str(studio.to),
                "program": studio.program,
                "model": studio.photos.model_id,
                "models": [{"id": choice.id, "name": choice.name, "line": choice.line} for choice in models],
                "limits": {"bytes": limits.maximum_photo_bytes, "film_bytes": limits.maximum_film_bytes},
                "color_names": color_names(),
                "films": {"endings": ENDINGS, "refusal": _refusal_of_films()},
                "photos": [described(photo) for photo in studio.session.photos()],
            }
        )

    def _recent(self) -> list[SavedSession]:
        return [] if self._studio.sessions is None else saved_sessions(self._studio.sessions)

    def _saved_session(self, id_: str) -> SavedSession:
        """Return a session that can be continued. Raises LookupError."""
        return {saved.id: saved for saved in self._recent()}[id_]

    async def continue_session(self, request: Request) -> Response:
        """Continue an earlier session; the answer has a sentence for each photo that could not be restored."""

        def resume() -> list[str]:
            return self._studio.session.resume(self._saved_session(request.path_params["id"]).folder)

        failures = await self.in_thread(resume)
        self._studio.photos.wake()
        self._studio.events.tell("session", {"id": self._studio.session.id})
        return JSONResponse({"failures": failures})

    async def delete_session(self, request: Request) -> Response:
        """Delete an earlier session."""

        def delete() -> None:
            shutil.rmtree(self._saved_session(request.path_params["id"]).folder, ignore_errors=True)

        await self.in_thread(delete)
        return Response(status_code=204)

    async def delete_sessions(self, request: Request) -> Response:
        """Delete all earlier sessions."""

        def delete() -> None:
            for saved in self._recent():
                shutil.rmtree(saved.folder, ignore_errors=True)

        await self.in_thread(delete)
        return Response(status_code=204)

    async def set_page(self, request: Request) -> Response:
        """Keep the palette or the id of the open photo for later pages."""
        settings = requested.page_settings(await requested.json_body(request))
        await self.in_thread(self._studio.session.set_page, settings)
        if "palette" in settings:
            self._studio.events.tell("palette", settings["palette"])
        return Response(status_code=204)

    async def history(self, request: Request) -> Response:
        """Return a photo's undo history, as the page sent it; empty if there is none."""
        session = self._studio.session
        photo = session.photo(request.path_params["id"])
        return JSONResponse(await self.in_thread(read_history, session.folder, photo.id))

    async def set_history(self, request: Request) -> Response:
        """Keep a photo's undo history."""
        session = self._studio.session
        photo, history = session.photo(request.path_params["id"]), await requested.json_body(request)
        await self.in_thread(write_history, session.folder, photo.id, history)
        return Response(status_code=204)

    async def events(self, request: Request) -> Response:
        """Stream all events from now on."""
        if self._studio.events.is_full:
            raise HTTPException(503, "Too many pages of the studio are open; close some.")
        return StreamingResponse(self._studio.events.listen(), media_type="text/event-stream")

    async def take(self, request: Request) -> Response:
        """Add a photo: its bytes are the body, and its name is in a header."""
        name = unquote(request.headers.get(NAME_HEADER, ""))
        length = request.headers.get("content-length", "")
        photo = await self._studio.session.take(name, request.stream(), int(length) if length.isdecimal() else None)
        self._studio.photos.wake()
        return JSONResponse(described(photo), 201)

    async def remove(self, request: Request) -> Response:
        """Remove a photo; it can be restored."""
        id_ = request.path_params["id"]
        await self.in_thread(self._studio.photos.forget, id_)
        await self.in_thread(self._studio.films.forget, id_)
        self._studio.events.tell("removed", {"id": id_})  # after all other events about it
        return Response(status_code=204)

    async def restore(self, request: Request) -> Response:
        """Restore a removed photo."""
        photo = self._studio.session.restore(request.path_params["id"])
        self._studio.photos.wake()
        return JSONResponse(described(photo))

    async def recolour(self, request: Request) -> Response:
        """Set a photo's hints and adjustment; the answer is a preview."""
        said = await requested.json_body(request)
        colors, base = Colors(parsed_hints(said.get("hints")), _adjustment(said)), requested.revision(said, "base")
        preview, photo = await self.in_thread(self._studio.photos.recolour, request.path_params["id"], colors, base)
        headers = {SIZE_HEADER: f"{photo.width}x{photo.height}", **colors_headers(photo, colors)}
        return Response(preview[0], media_type=preview[1], headers=headers)

    async def recolor(self, request: Request) -> Response:
        """Give new colors to a photo that has its own."""
        self._studio.session.change(request.path_params["id"], is_recolored=True, state=WAITING)
        self._studio.photos.wake()
        return Response(status_code=204)

    async def photo(self, request: Request) -> Response:
        """Describe one photo."""
        return JSONResponse(described(self._studio.session.photo(request.path_params["id"])))

    async def view(self, request: Request) -> Response:
        """Return a part of a photo, colorized or original, at a requested size."""
        part = requested.view(request.query_params)
        content, media_type = await self.in_thread(self._studio.photos.view, request.path_params["id"], *part)
        return Response(content, media_type=media_type)

    async def thumbnail(self, request: Request) -> Response:
        """Return a thumbnail of a colorized photo."""
        id_ = request.path_params["id"]
        thumbnail = self._studio.photos.thumbnail(id_)
        if thumbnail is None and request.query_params.get("gray") == "1":
            work = partial(self._studio.photos.gray_thumbnail, id_)
            thumbnail = await anyio.to_thread.run_sync(work, limiter=self._reading, abandon_on_cancel=True)
        if thumbnail is None:
            raise HTTPException(404, "This photo has no thumbnail yet.")
        return Response(thumbnail, media_type="image/jpeg")

    async def compared(self, request: Request) -> Response:
        """Send a picture of before and after, as JPEG or PNG."""
        asked, id_ = request.query_params, request.path_params["id"]
        layout, share, revision = asked.get("layout", SIDE_BY_SIDE), asked.get("percent", "50"), asked.get("revision")
        quality, is_png = requested.number(asked.get("quality", "90")), asked.get("format") == "png"
        if layout not in (SIDE_BY_SIDE, SPLIT) or not 1 <= quality <= 100:
            raise ColorizeError("A layout is side-by-side or split, and a quality is a number from 1 to 100.")

        def render() -> tuple[bytes, str]:
            known = None if revision is None else requested.number(revision)
            picture, name = self._studio.photos.compared(id_, layout, min(requested.number(share), 100) / 100, known)
            return png(picture) if is_png else jpeg(picture, quality), name

        content, name = await self.in_thread(render, is_writing=True)
        name = f"{Path(name).stem}-{layout}.{'png' if is_png else 'jpg'}"
        disposition = f"attachment; filename*=utf-8''{quote(name)}"
        media_type = "image/png" if is_png else "image/jpeg"
        return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})

    async def adjust_all(self, request: Request) -> Response:
        """Give all photos the same adjustment."""
        adjustment = _adjustment(await requested.json_body(request))
        await self.in_thread(self._studio.session.adjust_all, adjustment)
        self._studio.photos.wake()
        return Response(status_code=204)

    async def sample(self, request: Request) -> Response:
        """Add a photo to try the studio with."""
        photo = await self.in_thread(self._studio.session.copy, _SAMPLE)
        self._studio.photos.wake()
        return JSONResponse(described(photo), 201)

    async def likeliest(self, request: Request) -> Response:
        """Return the most likely colors of a place."""
        x, y = (requested.number(request.query_params.get(name)) for name in ("x", "y"))
        colours = await self.in_thread(self._studio.photos.likeliest, request.path_params["id"], x, y)
        return JSONResponse({"colours": colours})

    async def hints(self, request: Request) -> Response:
        """Return a photo's hints in the format of a hints file."""
        photo = self._studio.session.photo(request.path_params["id"])
        return Response(hints_text(photo.hints), media_type="application/json")

    async def save(self, request: Request) -> Response:
        """Save a colorized photo at full size, to be downloaded once."""
        revision = request.query_params.get("revision")
        revision = None if revision is None else requested.number(revision)
        saved = await self.in_thread(self._studio.photos.save, request.path_params["id"], revision, is_writing=True)
        self._saved[saved.path.stem] = saved
        while len(self._saved) > _MOST_SAVED:  # never downloaded
            oldest = self._saved.pop(next(iter(self._saved)))
            oldest.path.unlink(missing_ok=True)
        return JSONResponse({"id": saved.path.stem, "name": _download_name(saved)})

    async def deliver(self, request: Request) -> Response:
        """Save a colorized photo or film next to its original, or into the folder the studio was started with."""
        asked, id_ = request.query_params, request.path_params["id"]
        place, revision = asked.get("place"), asked.get("revision")
        if place not in ("original", "folder") or (place == "folder" and self._studio.to is None):
            raise HTTPException(404, "This place is not known; reload the page.")

        def write() -> Path:
            to = self._studio.to if place == "folder" else None
            if self._studio.session.photo(id_).film is not None:
                return self._studio.photos.deliver(self._studio.films.result(id_, asked.get("side") == "both"), to)
            saved = self._studio.photos.save(id_, None if revision is None else requested.number(revision))
            try:
                return self._studio.photos.deliver(saved, to)
            finally:
                saved.path.unlink(missing_ok=True)

        path = await self.in_thread(write, is_writing=True)
        return JSONResponse({"name": path.name, "folder": str(path.parent)})

    async def saved(self, request: Request) -> Response:
        """Send a photo that `save` prepared."""
        saved = self._saved.pop(request.path_params["id"])
        gone = BackgroundTask(self._delivered, saved)
        return FileResponse(saved.path, filename=_download_name(saved), background=gone)

    def _delivered(self, saved: SavedPhoto) -> None:
        saved.path.unlink(missing_ok=True)
        self._studio.photos.mark_saved(saved)

    async def zip(self, request: Request) -> Response:
        """Send all colorized photos as a zip, created while it is sent."""

        def progress(done: int, total: int) -> None:
            self._studio.events.tell("zip", {"done": done, "total": total})

        name = {"Content-Disposition": 'attachment; filename="color-photos.zip"'}
        stream = zip_stream(self._studio.photos.members(progress))

        async def chunks() -> AsyncIterator[bytes]:
            while (chunk := await self.in_thread(next, stream, None, is_writing=True)) is not None:
                yield chunk

        return StreamingResponse(chunks(), media_type="application/zip", headers=name)

    async def stop(self, request: Request) -> Response:
        """Stop colorizing; photos that are waiting stay gray."""
        self._studio.session.set_states((WAITING,), STOPPED)
        return Response(status_code=204)

    async def go_on(self, request: Request) -> Response:
        """Colorize the photos that `stop` left gray."""
        self._studio.session.set_states((STOPPED,), WAITING)
        self._studio.photos.wake()
        return Response(status_code=204)

    async def use(self, request: Request) -> Response:
        """Switch to another model for all photos."""
        studio, wanted = self._studio, (await requested.json_body(request)).get("id")
        choices = await self.in_thread(model_choices, studio.output, studio.model)
        path = next((choice.path for choice in choices if choice.id == wanted), None)
        if path is None:
            raise HTTPException(404, "This model is no longer there; reload the page for those that are.")
        network = await self.in_thread(networks.load_model, path)
        studio.photos.use(network, identifier(path))
        studio.films.model_changed()
        studio.events.tell("model", {"id": identifier(path)})
        return JSONResponse({"id": identifier(path)})

    async def in_thread(self, work: Callable, *values: Any, is_writing: bool = False) -> Any:
        """Run work in a thread, a few at a time, so that other requests are answered meanwhile.

        It is abandoned when the page closes or the studio ends. `is_writing` is for photos at full size.
        """
        limiter = self._writing if is_writing else self._limiter
        return await anyio.to_thread.run_sync(partial(work, *values), limiter=limiter, abandon_on_cancel=True)


_DESCRIBED = ("id", "name", "state", "sentence", "width", "height", "version", "revision", "is_saved", "is_copy")


def described(photo: SessionPhoto) -> dict[str, Any]:
    """Return the JSON description of a photo for the page, without the path of its file."""
    told = {name: getattr(photo, name) for name in _DESCRIBED}
    hints = hints_text(photo.hints) if photo.film is None else timed_hints_text(photo.film.hints)
    film = None if photo.film is None else _described(photo.film)
    told["keeps_colors"] = photo.keeps_colors
    return {**told, **asdict(photo.adjustment), "hints": json.loads(hints), "film": film}


def _described(film: SessionFilm) -> dict[str, Any]:
    names = ("seconds", "rate", "frames", "sound", "stage", "done", "said", "is_side_by_side", "is_changed")
    is_there = {"has_result": film.result is not None, "has_side_by_side": film.beside is not None}
    return {**{name: getattr(film, name) for name in names}, **is_there}


def _download_name(saved: SavedPhoto) -> str:
    path = Path(saved.name)
    return f"{path.stem}-color{path.suffix}"


def _refusal_of_films() -> str:
    """Return why films cannot be added; empty if they can."""
    try:
        refuse_without_packages()
    except ColorizeError as error:
        return str(error)
    return ""


def _file(name: str, request: Request) -> Response:
    return FileResponse(PAGE / name, media_type=_TYPES[Path(name).suffix])


def _sentence(request: Request, error: Exception) -> Response:
    """Answer any error with one sentence."""
    if isinstance(error, HTTPException):
        status, sentence = error.status_code, error.detail
    elif isinstance(error, LookupError):
        status, sentence = 404, "This is not there any more; reload the page."
    elif isinstance(error, ColorizeError):
        status = 413 if isinstance(error, TooMuch) else 409 if isinstance(error, Conflict) else 422
        sentence = str(error)
    else:
        status, sentence = 500, f"{UNEXPECTED[0].upper()}{UNEXPECTED[1:]}"
    return JSONResponse({"error": sentence}, status)


def _adjustment(said: dict[str, Any]) -> Adjustment:
    contrast = requested.truth(said, "restore_contrast", "Whether the contrast is restored")
    return Adjustment(
        requested.vividness(said), contrast, requested.truth(said, "repair", "Whether a photo is repaired")
    )
