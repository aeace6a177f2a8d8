"""Limits that keep connections from blocking the studio.

Headers must arrive in time, and connections that have not sent the studio's cookie (strangers) are limited in number.
Behind a proxy, a connection is known once any of its requests had the cookie.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_STRANGERS = 128
"""Maximum number of strangers; a new one closes the oldest."""
SECONDS_FOR_HEADERS = 10.0


def protocol(is_known: Callable[[Scope], bool], seconds: float = SECONDS_FOR_HEADERS) -> Callable[..., H11Protocol]:
    """Return the protocol factory that uvicorn calls for each connection.

    Args:
        is_known: Returns whether a request has the studio's cookie.
        seconds: Time limit for all headers of one request.
    """
    return partial(_Connection, is_known=is_known, strangers={}, seconds=seconds)


class _Connection(H11Protocol):
    def __init__(self, *values: Any, is_known: Callable[[Scope], bool], strangers: dict, seconds: float, **named: Any):
        super().__init__(*values, **named)
        self._is_known, self._strangers, self._seconds = is_known, strangers, seconds
        self._due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        if len(self._strangers) >= MOST_STRANGERS:
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            self.connections.discard(oldest)  # uvicorn counts it until it is lost
            oldest.transport.abort()
        self._strangers[self] = None
        self._await_headers()

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        if self._due is None and (before is None or before.response_complete):
            self._await_headers()
        super().data_received(data)
        if self.cycle is not before:
            self._headers_came()
            if self in self._strangers and self._is_known(self.scope):
                del self._strangers[self]

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_came()
        self._strangers.pop(self, None)
        super().connection_lost(exc)

    def _await_headers(self) -> None:
        self._due = self.loop.call_later(self._seconds, self.transport.abort)

    def _headers_came(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
