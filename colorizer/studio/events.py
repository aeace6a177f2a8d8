"""Server-sent events that report progress to every listening page.

The format is that of https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

MAXIMUM_LISTENERS = 32
"""Maximum number of pages that listen at the same time."""
_KEPT = 4_096
"""Maximum number of events queued for a page; a page that falls further behind is disconnected and must reload."""
_SILENCE = 15.0
"""Seconds of silence before a comment is sent, so that no proxy considers the connection dead."""


class Events:
    """Sends events to every listening page; `tell` is thread-safe."""

    def __init__(self) -> None:
        self._listeners: dict[asyncio.Queue[str | None], asyncio.AbstractEventLoop] = {}

    @property
    def is_full(self) -> bool:
        return len(self._listeners) >= MAXIMUM_LISTENERS

    def tell(self, kind: str, content: Any) -> None:
        """Send an event of a kind, with JSON-compatible content, to every listener."""
        text = f"event: {kind}\ndata: {json.dumps(content)}\n\n"
        for queue, loop in list(self._listeners.items()):
            with suppress(RuntimeError):  # its loop ended with the server
                loop.call_soon_threadsafe(_put, queue, text)

    async def listen(self) -> AsyncIterator[str]:
        """Yield events as text, from now on."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(_KEPT)
        self._listeners[queue] = asyncio.get_running_loop()
        try:
            yield "retry: 1000\n\n"
            while True:
                try:
                    text = await asyncio.wait_for(queue.get(), _SILENCE)
                except TimeoutError:
                    text = ": still here\n\n"
                if text is None:
                    return
                yield text
        finally:
            del self._listeners[queue]

    def close(self) -> None:
        """Disconnect every listener; called from the server's own thread."""
        for queue in self._listeners:
            _let_go(queue)


def _put(queue: asyncio.Queue[str | None], text: str) -> None:
    try:
        queue.put_nowait(text)
    except asyncio.QueueFull:
        _let_go(queue)


def _let_go(queue: asyncio.Queue[str | None]) -> None:
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(None)
