"""The page's requests about films, and their answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from colorizer.film.hints_file import timed_hints, timed_hints_text
from colorizer.inference.colorize import Adjustment
from colorizer.studio import requested
from colorizer.studio.films import Films
from colorizer.studio.session import Session
from colorizer.studio.storage import Colors, SessionPhoto

SIZE_HEADER, TIME_HEADER = "X-Photo-Size", "X-Frame-Time"
_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/mp4",  # the same to browsers, which may refuse QuickTime by name
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
}
InThread = Callable[..., Awaitable[Any]]


def film_routes(films: Films, session: Session, in_thread: InThread) -> list[BaseRoute]:
    """Return the routes below ``/films``; `in_thread(work, *values)` computes while other requests are answered."""
    answers = FilmAnswers(films, session, in_thread)
    return [
        Route("/films/{id}/colours", answers.recolour, methods=["PUT"]),
        Route("/films/{id}/view", answers.view),
        Route("/films/{id}/likeliest", answers.likeliest),
        Route("/films/{id}/hints", answers.hints),
        Route("/films/{id}/colouring", answers.start, methods=["POST"]),
        Route("/films/{id}/colouring", answers.stop, methods=["DELETE"]),
        Route("/films/{id}/colour", answers.film),
    ]


def colors_headers(photo: SessionPhoto, requested_colors: Colors) -> dict[str, str]:
    """Return headers with the revision of a photo's colors, and whether others than the requested ones are in them."""
    is_merged = photo.colors != requested_colors
    return {"X-Photo-Revision": str(photo.revision), "X-Photo-Merged": str(int(is_merged))}


class FilmAnswers:
    """One method for each kind of request."""

    def __init__(self, films: Films, session: Session, in_thread: InThread):
        self._films, self._session, self._in_thread = films, session, in_thread

    async def recolour(self, request: Request) -> Response:
        """Set a film's hints and vividness; the answer is a preview of the frame at a time."""
        said = await requested.json_body(request)
        time, hints = requested.seconds(said.get("time")), timed_hints(said.get("hints"))
        colors, base = Colors(hints, Adjustment(requested.vividness(said))), requested.revision(said, "base")
        preview = await self._in_thread(self._films.preview, request.path_params["id"], time, colors, base)
        headers = {SIZE_HEADER: "x".join(map(str, preview.size)), TIME_HEADER: repr(preview.seconds)}
        headers |= colors_headers(preview.film, colors)
        return Response(preview.content, media_type="image/jpeg", headers=headers)

    async def view(self, request: Request) -> Response:
        """Return a part of a frame, colorized or original, at a requested size."""
        time, part = requested.seconds(request.query_params.get("time")), requested.view(request.query_params)
        content, media_type = await self._in_thread(self._films.view, request.path_params["id"], time, *part)
        return Response(content, media_type=media_type)

    async def likeliest(self, request: Request) -> Response:
        """Return the most likely colors of a place in a frame."""
        asked = request.query_params
        time, x, y = requested.seconds(asked.get("time")), *(requested.number(asked.get(name)) for name in ("x", "y"))
        colours = await self._in_thread(self._films.likeliest, request.path_params["id"], time, x, y)
        return JSONResponse({"colours": colours})

    async def hints(self, request: Request) -> Response:
        """Return a film's hints in the format of a hints file."""
        film = self._session.photo(request.path_params["id"]).film
        if film is None:
            raise LookupError
        return Response(timed_hints_text(film.hints), media_type="application/json")

    async def start(self, request: Request) -> Response:
        """Start or resume colorizing a film."""
        said = await requested.json_body(request)
        is_side_by_side = requested.truth(said, "side_by_side", "Whether a film of before and after is made, too,")
        await self._in_thread(self._films.start, request.path_params["id"], is_side_by_side)
        return Response(status_code=204)

    async def stop(self, request: Request) -> Response:
        """Stop colorizing a film."""
        await self._in_thread(self._films.stop, request.path_params["id"])
        return Response(status_code=204)

    async def film(self, request: Request) -> Response:
        """Send a colorized film, or any range of it, which browsers request for playback (RFC 9110, 14)."""
        asked = request.query_params
        result = self._films.result(request.path_params["id"], asked.get("side") == "both")
        is_saved = asked.get("save") == "1"
        marked = BackgroundTask(self._films.mark_saved, result) if is_saved else None
        return FileResponse(
            result.path,
            media_type=_TYPES.get(Path(result.name).suffix.lower(), "application/octet-stream"),
            filename=result.name,
            content_disposition_type="attachment" if is_saved else "inline",
            background=marked,
        )
