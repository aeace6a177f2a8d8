"""Access control: only the studio's own page, opened with the printed address, may send requests.

Any page in a browser may send requests to 127.0.0.1, so every request is checked:

- its `Host` must be one of the studio's. Otherwise a foreign name that resolves to this machine would make a foreign
page count as the studio's own (DNS rebinding, https://owasp.org/www-community/attacks/DNS_Rebinding);
- its `Sec-Fetch-Site` and `Origin`, if present, must show that the studio's page sent it
(https://www.w3.org/TR/fetch-metadata/);
- it must have the token of the printed address, which becomes a cookie that browsers never send with requests of
  other sites;
- if it changes something, it must have `OWN_HEADER`, which a foreign page may not send without asking first.

Connections must not block the studio either: headers must arrive in time, and connections that have not sent the
studio's cookie (strangers) are limited in number. Behind a proxy, a connection is known once any of its requests had
the cookie.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from colorizer.studio.address import Address

OWN_HEADER = "X-Colorizer-Studio"
_CHANGES_NOTHING = ("GET", "HEAD")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content Security Policy, level 3 (https://www.w3.org/TR/CSP3/)."""
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Headers of every answer, including refusals."""
_CLOSED = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Colorizer studio</title><h1>This page opens with its whole address</h1>
<p>The program printed it where it was started: it ends with a token, which keeps everybody else out.</p></html>
"""


class Guard:
    """ASGI middleware that refuses every request that does not come from the studio's own page."""

    def __init__(self, app: ASGIApp, address: Address, token: str, passes: tuple[str, ...] = ()):
        """Wrap an application; each of the `passes` opens the page like `token`, but only once."""
        self._app, self._address, self._token, self._passes = app, address, token, set(passes)
        # Browsers share cookies between ports, so two studios on one machine need different names.
        self._cookie = f"colorizer-studio-{address.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        scope = self._without_root(scope)
        headers, opens = Headers(scope=scope), self._opens(scope)
        refusal = self._refusal(scope, headers, opens)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    sent[name] = value
                if opens and refusal is None:
                    path = self._address.root_path + "/"
                    sent.append("Set-Cookie", f"{self._cookie}={self._token}; Path={path}; HttpOnly; SameSite=Strict")
            await send(message)

        await (refusal or self._app)(scope, receive, guarded)

    def knows(self, scope: Scope) -> bool:
        """Return whether a request has the studio's cookie."""
        return self._is_token(self._cookie_of(scope))

    def _without_root(self, scope: Scope) -> Scope:
        """Remove the proxy's path from a request, if the proxy has not already done so."""
        root, path = self._address.root_path, scope["path"]
        return {**scope, "path": path.removeprefix(root)} if root and path.startswith(f"{root}/") else scope

    def _opens(self, scope: Scope) -> bool:
        """Return whether a request is for the page's address with its token."""
        if scope["path"] != "/" or scope["method"] != "GET":
            return False
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if given in self._passes:
            self._passes.discard(given)
            return True
        return self._is_token(given)

    def _refusal(self, scope: Scope, headers: Headers, opens: bool) -> Response | None:
        sites = ("same-origin",)
        if scope["method"] in _CHANGES_NOTHING:
            sites = ("same-origin", "none")  # "none" is a typed address or a bookmark
        if opens:
            sites = (*sites, "same-site", "cross-site")  # or a clicked link, for example in a notebook
        if not self._address.is_own(headers.get("host", "")):
            return _refused(400, "This name is not the studio's; open the address that the program printed.")
        if headers.get("sec-fetch-site", "same-origin") not in sites or not self._is_own_origin(headers.get("origin")):
            return _refused(403, "Another page has sent this; only the studio's own page may.")
        if not opens and not self.knows(scope):
            if scope["path"] == "/":
                return HTMLResponse(_CLOSED, 403)
            return _refused(403, "The studio was restarted. Open the address that the program printed.")
        if scope["method"] not in _CHANGES_NOTHING and OWN_HEADER not in headers:
            return _refused(403, f"A request that changes something needs the header {OWN_HEADER}.")
        return None

    def _is_own_origin(self, origin: str | None) -> bool:
        if origin is None:
            return True
        scheme, _, host = origin.partition("://")
        return scheme in ("http", "https") and self._address.is_own(host)

    def _cookie_of(self, scope: Scope) -> str:
        # Browsers also send cookies of other programs on this machine, and some of their values make http.cookies fail.
        return HTTPConnection(scope).cookies.get(self._cookie, "")

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode("utf-8", "replace"), self._token.encode())


def _refused(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status)


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
