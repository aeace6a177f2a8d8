"""The studio's address: its port and its host names."""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
from dataclasses import dataclass
from urllib.parse import urlsplit

from colorizer.errors import ColorizeError

_LOCAL = ("127.0.0.1", "localhost", "::1")
_PORTS_TRIED = 50


@dataclass(frozen=True)
class Address:
    """The address of the studio."""

    host: str
    """The address it listens on, such as "127.0.0.1"."""
    port: int
    public: str = ""
    """Address behind a proxy: a path such as "/studio", or a whole address such as "https://example.org/studio"."""

    @property
    def is_local(self) -> bool:
        return self.host in _LOCAL

    @property
    def root_path(self) -> str:
        """The path in front of the studio's own, without a trailing slash."""
        return urlsplit(self.public).path.rstrip("/")

    @property
    def origin(self) -> str:
        """Scheme, name and port as the user's browser sees them."""
        parts = urlsplit(self.public)
        if parts.netloc:
            return f"{parts.scheme}://{parts.netloc}"
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def page(self, token: str) -> str:
        """Return the address that the user opens."""
        return f"{self.origin}{self.root_path}/?token={token}"

    def is_own(self, host: str) -> bool:
        """Return whether a name and port, as in a request's Host or Origin, are this studio's.

        A studio that listens on other addresses of the machine also accepts numeric ones, which DNS rebinding cannot
        forge.
        """
        public = urlsplit(self.public).netloc
        if public and host.lower() == public.lower():
            return True
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname or "", parts.port or 80
        except ValueError:
            return False
        if port != self.port or parts.username is not None or parts.path:
            return False
        return name in _LOCAL or name == self.host.lower() or (not self.is_local and _is_number(name))


def listen(host: str, port: int) -> socket.socket:
    """Open a socket that listens on the first free port at or after `port`. Raises ColorizeError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, min(port + _PORTS_TRIED, 65_536)):
        bound = socket.socket(family, socket.SOCK_STREAM)
        if sys.platform != "win32":  # on Windows it would let two programs share a port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, candidate))
            bound.listen()
            return bound
        except OSError as error:
            bound.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise ColorizeError(f"Cannot listen on {host}: {error.strerror or error}.") from error
    raise ColorizeError(f"No port from {port} on is free on {host}; choose another one.")


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
