"""A zip of all colorized photos, sent while it is created, so that it is never on disk or whole in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from colorizer.files import numbered

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """An entry of the zip: a file, which is deleted after it is added, or a text."""

    name: str
    content: Path | str


class _Sink:
    """Target of a ZipFile that buffers what has not been sent yet.

    Without `tell` and `seek`, ZipFile writes the format's streaming form (APPNOTE.TXT 4.4.4, bit 3).
    """

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: `taken` returns everything that is buffered."""

    def taken(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def zip_stream(members: Iterable[Member]) -> Iterator[bytes]:
    """Yield a zip of the members, each requested after the previous one was sent.

    Files are stored uncompressed, because photos are compressed already. Repeated names, ignoring case, are numbered.
    """
    sink, taken = _Sink(), set()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for member in members:
            names = (path.as_posix() for path in numbered(Path(inside(member.name))))
            name = next(name for name in names if name.casefold() not in taken)
            taken.add(name.casefold())
            if isinstance(member.content, str):
                archive.writestr(name, member.content.encode("utf-8", "replace"))
                yield sink.taken()
                continue
            try:
                entry = zipfile.ZipInfo.from_file(member.content, name)
                with member.content.open("rb") as source, archive.open(entry, "w") as target:
                    while chunk := source.read(_CHUNK):
                        target.write(chunk)
                        yield sink.taken()
            finally:
                member.content.unlink(missing_ok=True)
            yield sink.taken()
    yield sink.taken()


def inside(name: str) -> str:
    """Make a name safe for a zip: relative, with forward slashes, and never above the folder it is unpacked into."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    kept = [part.replace(":", "_").replace("\0", "_") for part in parts if part not in ("/", "..", ".")]
    return "/".join(kept) or "photo"
