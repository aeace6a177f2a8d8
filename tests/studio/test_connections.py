"""Connections that send nothing, over real sockets."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager

import httpx2
import pytest
import uvicorn

from colorizer.studio import guard
from tests.studio.serving import served_by

COOKIE = {"Cookie": "studio=known"}


async def answer(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def is_known(scope) -> bool:
    return (b"cookie", COOKIE["Cookie"].encode()) in scope["headers"]


@contextmanager
def serving(seconds: float):
    http = guard.protocol(is_known, seconds)
    config = uvicorn.Config(answer, http=http, lifespan="off", log_level="critical", limit_concurrency=256)
    with served_by(config) as port:
        yield port


def ask(client: httpx2.Client, port: int, **headers: str) -> str:
    return client.get(f"http://127.0.0.1:{port}/", headers=headers).text


def is_closed(connection: socket.socket) -> bool:
    """Wait until the other side closes a connection."""
    connection.settimeout(30)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_a_connection_that_sends_no_complete_header_is_closed(sent):
    with serving(0.2) as port, socket.create_connection(("127.0.0.1", port)) as silent:
        silent.sendall(sent)
        assert is_closed(silent)


def test_the_second_request_of_a_connection_has_the_same_time():
    with serving(0.2) as port, socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        with slow.makefile("rb") as answer:
            while answer.readline() != b"\r\n":
                pass
            assert answer.read(2) == b"ok"
        slow.sendall(b"GET / HT")
        assert is_closed(slow)


def test_any_number_of_silent_connections_leaves_room_for_those_that_have_the_cookie():
    with serving(60) as port, httpx2.Client(timeout=30) as page, ExitStack() as stack:
        assert ask(page, port, **COOKIE) == "ok"
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(300)]
        assert ask(page, port, **COOKIE) == "ok", "over the connection that was there"
        with httpx2.Client(timeout=30) as other:
            assert ask(other, port, **COOKIE) == "ok"
        assert is_closed(silent[0])
