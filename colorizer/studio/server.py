"""The lifecycle of the studio: opens a port and a private folder, and cleans up at the end."""

from __future__ import annotations

import logging
import secrets
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from colorizer.network.network import Network
from colorizer.progress import Pace
from colorizer.settings import PhotoLimits
from colorizer.studio import storage
from colorizer.studio.address import Address, listen
from colorizer.studio.application import Studio, application, described
from colorizer.studio.events import Events
from colorizer.studio.films import Films
from colorizer.studio.guard import Guard, protocol
from colorizer.studio.models import identifier
from colorizer.studio.photos import Photos
from colorizer.studio.session import Session, SessionLimits
from colorizer.studio.storage import FAILED

_LAST_SECONDS = 0.2
"""Time for current photos when the studio ends, in seconds; requests get one second before that."""
_LAST_FILM_SECONDS = 2.0
"""Time for a film's current frames, in seconds: for a batch that is already being computed and encoded."""
_MOST_CONNECTIONS = 256
_SECONDS_OPEN = 75
"""Seconds before an idle connection is closed; closing it just as the page sends a request would lose that request."""


@dataclass(frozen=True)
class StudioJob:
    """Settings of a studio to be opened."""

    network: Network
    model: Path
    """The file of the network."""
    output: Path
    """The folder with trained models."""
    program: str
    """The command that starts the program."""
    host: str = "127.0.0.1"
    port: int = 7860
    """Port to listen on; if it is in use, the next free one."""
    public: str = ""
    """Address behind a proxy: `address.Address.public`."""
    token: str = ""
    """Token that opens the page; empty for a random one."""
    limits: PhotoLimits = field(default_factory=PhotoLimits)
    session_limits: SessionLimits = field(default_factory=SessionLimits)
    is_private: bool = False
    """Whether nothing is kept when the studio ends."""
    paths: tuple[Path, ...] = ()
    """Photos, films and folders to open at once, without copying them."""
    to: Path | None = None
    """Folder that photos can be saved into."""


@dataclass(frozen=True)
class Ended:
    """What is left when the studio has ended."""

    is_done: bool
    """Whether all work has ended. A thread that still computes a large photo would keep the process alive."""
    photos: int
    """Number of photos and films in the session."""
    unsaved: tuple[str, ...]
    """Names of those that the user has not saved since they were last changed."""
    days_kept: int = storage.DAYS_KEPT


def serve(job: StudioJob, answers: Callable[[Address, str, str], None]) -> Ended:
    """Serve the page until Ctrl-C or SIGTERM.

    Args:
        job: Settings of the studio.
        answers: Called once the studio answers, with its address, the token, and a pass. The pass is a token that opens
            the page only once. It is meant for a browser's command line, which other users of the machine can read.

    Raises:
        ColorizeError: No port is available, `job.paths` cannot be opened, or the session's folder cannot be created.
    """
    token, pass_ = job.token or secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    listening = listen(job.host, job.port)
    address = Address(job.host, listening.getsockname()[1], job.public)
    events = Events()
    root = storage.sessions_folder()
    storage.clear_old(root)
    folder = Path(tempfile.mkdtemp(prefix=storage.PREFIX)) if job.is_private else root / secrets.token_hex(8)
    storage.own(folder)
    with listening:
        session = Session(folder, job.session_limits, lambda photo: events.tell("photo", described(photo)))
        try:
            session.open(job.paths, storage.earlier_work(root))
        except BaseException:
            session.close(is_kept=False)
            raise
        photos = Photos(job.network, identifier(job.model), session, job.limits, _progress(events))
        films = Films(photos, _film_progress(events))
        studio = Studio(
            session, photos, films, events, job.output, job.model, job.program, None if job.is_private else root, job.to
        )
        guarded = Guard(application(studio), address, token, (pass_,))
        config = uvicorn.Config(
            guarded,
            http=protocol(guarded.knows),
            lifespan="off",
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=_SECONDS_OPEN,
            timeout_graceful_shutdown=1,
        )
        try:
            _Server(config, events, lambda: answers(address, token, pass_)).run([listening])
        except KeyboardInterrupt:  # uvicorn raises it again after it has ended
            pass
        finally:
            is_film_done = films.close(_LAST_FILM_SECONDS)
            is_done = photos.close(_LAST_SECONDS) and is_film_done
            left = session.photos()
            session.close(is_kept=not job.is_private)
    unsaved = tuple(photo.name for photo in left if photo.state != FAILED and not photo.is_saved)
    return Ended(is_done, len(left), unsaved)


class _Server(uvicorn.Server):
    """Calls `answers` once it has started, and disconnects listening pages when it ends."""

    def __init__(self, config: uvicorn.Config, events: Events, answers: Callable[[], None]):
        super().__init__(config)
        self._events, self._answers = events, answers

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._answers()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._events.close()
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # abandoned requests are not errors at this point
        await super().shutdown(sockets)


def _progress(events: Events) -> Callable[[Pace, int, int], None]:
    def tell(pace: Pace, done: int, total: int) -> None:
        events.tell("progress", {"done": done, "total": total, "rate": pace.rate, "seconds": pace.remaining})

    return tell


def _film_progress(events: Events) -> Callable[[str, Pace, int, int], None]:
    def tell(id_: str, pace: Pace, done: int, total: int) -> None:
        told = {"id": id_, "done": done, "total": total, "rate": pace.rate, "seconds": pace.remaining}
        events.tell("film", told)

    return tell
