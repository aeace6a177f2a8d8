"""A zip of every colour photo, sent while it is made: it is never on the disk, nor whole in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from colorizer.files import numbered

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """A file of the zip: one that is removed when it is in, or a text."""

    name: str
    content: Path | str


class _Sink:
    """What a ZipFile writes to: it keeps what has not been sent yet. Without `tell` and `seek`, the format's own form
    for streams is written (APPNOTE.TXT 4.4.4, bit 3)."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        """Nothing lies deeper than what `taken` returns."""

    def taken(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def zip_stream(members: Iterable[Member]) -> Iterator[bytes]:
    """Yield a zip of members, each taken when the one before has been sent; photos are compressed already, so they are
    stored. A name that came before, in whatever case, is numbered.
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
    """Return a name as it may stand in a zip: relative, with forward slashes, and never above the folder it is unpacked
    into.
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    kept = [part.replace(":", "_").replace("\0", "_") for part in parts if part not in ("/", "..", ".")]
    return "/".join(kept) or "photo"
