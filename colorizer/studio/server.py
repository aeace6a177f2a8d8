"""The studio from its first moment to its last: a port, a private folder, and nothing left behind."""

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
from colorizer.pace import Pace
from colorizer.settings import PhotoLimits
from colorizer.studio.address import Address, listen
from colorizer.studio.application import Studio, application, described
from colorizer.studio.connections import protocol
from colorizer.studio.events import Events
from colorizer.studio.films import Films
from colorizer.studio.guard import Guard
from colorizer.studio.models import identifier
from colorizer.studio.sitting import Sitting, SittingLimits
from colorizer.studio.workshop import Workshop

_LAST_SECONDS = 0.2
"""What the photos at hand have left when the studio ends; requests have one second before."""
_LAST_FILM_SECONDS = 2.0
"""What the frames at hand of a film have: a batch, as far as it is computed and encoded."""
_MOST_CONNECTIONS = 256
_SECONDS_OPEN = 75
"""How long a connection without requests is kept: one that is closed while the page sends the next loses it."""


@dataclass(frozen=True)
class StudioJob:
    """A studio that is to be opened."""

    network: Network
    model: Path
    """The file the network is from."""
    output: Path
    """The folder with models that were trained."""
    program: str
    """What a person types to start the program."""
    host: str = "127.0.0.1"
    port: int = 7860
    """Where it is taken, the next free one."""
    public: str = ""
    """Where a proxy shows the studio: `guard.Address.public`."""
    token: str = ""
    """What opens the page; empty for a random one."""
    limits: PhotoLimits = field(default_factory=PhotoLimits)
    sitting_limits: SittingLimits = field(default_factory=SittingLimits)


def serve(job: StudioJob, answers: Callable[[Address, str, str], None]) -> bool:
    """Serve the page until Ctrl-C or SIGTERM, and say whether nothing is computed any more; a large photo may be, and
    its thread would hold the process up. Raises ColorizeError where no port can be had.

    Once the studio answers, `answers` is called with its address, the token, and a pass: a token that opens the page
    once, for a browser's command line, which other users of the machine can read.
    """
    token, pass_ = job.token or secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    listening = listen(job.host, job.port)
    address = Address(job.host, listening.getsockname()[1], job.public)
    events = Events()
    with listening, tempfile.TemporaryDirectory(prefix="colorizer-studio-", ignore_cleanup_errors=True) as folder:
        sitting = Sitting(Path(folder), job.sitting_limits, lambda photo: events.tell("photo", described(photo)))
        workshop = Workshop(job.network, identifier(job.model), sitting, job.limits, _progress(events))
        films = Films(workshop, _film_progress(events))
        studio = Studio(sitting, workshop, films, events, job.output, job.model, job.program)
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
        except KeyboardInterrupt:  # which uvicorn hands on when it has ended
            pass
        finally:
            is_film_done = films.close(_LAST_FILM_SECONDS)
            is_done = workshop.close(_LAST_SECONDS) and is_film_done
    return is_done


class _Server(uvicorn.Server):
    """Says when it answers, and lets the pages that listen go when it ends."""

    def __init__(self, config: uvicorn.Config, events: Events, answers: Callable[[], None]):
        super().__init__(config)
        self._events, self._answers = events, answers

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._answers()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._events.close()
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # that a request is given up is no error now
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
