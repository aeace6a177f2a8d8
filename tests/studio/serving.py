"""Servers to talk to: an application in a thread, and the studio as a person starts it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import uvicorn

from colorizer.studio.address import listen
from colorizer.studio.guard import OWN_HEADER
from tests.conftest import PROJECT

TOKEN = "a-token-for-tests-alone"


@contextmanager
def served(application_at, host: str = "127.0.0.1") -> Iterator[int]:
    """Serve an ASGI application, which `application_at(port)` makes, and yield the port."""
    with listen(host, 0) as listening:
        port = listening.getsockname()[1]
        config = uvicorn.Config(application_at(port), lifespan="off", log_level="critical")
        with _in_a_thread(config, listening):
            yield port


@contextmanager
def served_by(config: uvicorn.Config) -> Iterator[int]:
    """Serve as a configuration says, and yield the port."""
    with listen("127.0.0.1", 0) as listening, _in_a_thread(config, listening):
        yield listening.getsockname()[1]


@contextmanager
def _in_a_thread(config: uvicorn.Config, listening: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@dataclass(frozen=True)
class Running:
    """The studio as a process of its own."""

    process: subprocess.Popen[str]
    address: str
    """As it was printed, with the token."""
    said: tuple[str, ...]
    """What was printed up to the address."""
    folder: Path
    """Where its temporary folder is made."""
    sessions: Path
    """Where its sessions are kept."""

    @property
    def base(self) -> str:
        return self.address.partition("?")[0]

    @contextmanager
    def client(self) -> Iterator[httpx2.Client]:
        """A client that has opened the page, and says of every request that it is the page's."""
        with httpx2.Client(base_url=self.base, headers={OWN_HEADER: "1"}, timeout=120, verify=False) as client:
            assert client.get(self.address).status_code == 200
            yield client


@contextmanager
def running(folder: Path, *flags: str) -> Iterator[Running]:
    """Start the program's studio, and end it if that has not been done; its output and its folder are in `folder`."""
    private = folder / "private"
    private.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, str(PROJECT / "colorize.py"), "studio", "--no-browser", "--output", str(folder), *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            **os.environ,
            "TMPDIR": str(private),
            "XDG_DATA_HOME": str(folder / "data"),
            "PYTHONUNBUFFERED": "1",
        },
    )
    try:
        said = []
        for line in process.stdout:
            said.append(line.rstrip())
            if found := re.search(r"http://\S+", line):
                break
        yield Running(process, found[0], tuple(said), private, folder / "data" / "colorizer" / "studio")
    finally:
        process.kill()
        process.communicate()
