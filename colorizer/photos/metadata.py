"""Metadata other than EXIF: read XMP, IPTC, comments and texts, and prepare them for the written file."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image

_MOST_BYTES = 16_000_000
"""Limit for each kind of metadata; larger contents are dropped."""
_XMP_TAG, _IPTC_TAG, _RESOURCES_TAG = 700, 33723, 34377
"""Tags of a TIFF. IPTC without a tag of its own may be in the Photoshop image resources."""
_IPTC_RESOURCE = 0x0404
_RESOURCE_MARK, _RESOURCES_START = b"8BIM", b"Photoshop 3.0\0"
"""https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/, "Image Resources Section"."""
_XMP_START, _LONG_XMP_START = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
"""XMP Specification Part 3, 1.1.3, https://github.com/adobe/XMP-Toolkit-SDK/tree/main/docs."""
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")
_UNTRUE_TEXTS = (b"Raw profile type exif", b"Raw profile type APP1", b"Raw profile type icc", b"Raw profile type icm")
"""ImageMagick's copies of EXIF and profiles. Both are written separately, and the copies would be outdated."""
_PNG_START = 8
_MOST_SEGMENT_BYTES = 65_533
"""Largest content of a JPEG segment, after the two bytes that hold its length."""
_ORIENTATION = re.compile(rb"(tiff:Orientation(?:\s*=\s*[\"']|>))[2-8]")


@dataclass(frozen=True)
class Metadata:
    """Metadata of a photo other than EXIF, as the original bytes."""

    xmp: bytes | None = None
    long_xmp: tuple[bytes, ...] = ()
    """JPEG segments with the parts of XMP that do not fit into one segment."""
    iptc: bytes | None = None
    """Records of IPTC-IIM: captions, keywords, names; https://www.iptc.org/std/IIM/4.2/specification/IIMV4.2.pdf."""
    comments: tuple[bytes, ...] = ()
    """Comments of a JPEG or GIF."""
    texts: tuple[tuple[bytes, bytes], ...] = ()
    """Text chunks of a PNG, as (type, content)."""


NO_METADATA = Metadata()


def kept_metadata(image: Image.Image) -> Metadata:
    """Read the metadata of an open photo that stays true for its colorized copy.

    Call it before the pixels are loaded. The orientation in XMP becomes that of the upright photo.
    """
    info = image.info
    comments = [content for name, content in getattr(image, "applist", ()) if name == "COM"]
    comments = comments or [info.get("comment")]
    xmp = _as_bytes(info.get("xmp"))
    return Metadata(
        xmp=_ORIENTATION.sub(rb"\g<1>1", xmp) if xmp else None,
        long_xmp=_bounded(
            content
            for name, content in getattr(image, "applist", ())
            if name == "APP1" and content.startswith(_LONG_XMP_START)
        ),
        iptc=_iptc(image),
        comments=_bounded(filter(None, map(_as_bytes, comments))),
        texts=tuple(_texts(image)),
    )


def jpeg_segments(metadata: Metadata) -> bytes:
    """Encode metadata as JPEG segments, dropping those that are too long for one segment."""
    segments = []
    if metadata.xmp:
        segments += [(0xE1, _XMP_START + metadata.xmp), *((0xE1, content) for content in metadata.long_xmp)]
    if metadata.iptc:
        resources = _resource(metadata.iptc)
        step = _MOST_SEGMENT_BYTES - len(_RESOURCES_START)
        parts = (resources[first : first + step] for first in range(0, len(resources), step))
        segments += [(0xED, _RESOURCES_START + part) for part in parts]
    segments += [(0xFE, comment) for comment in metadata.comments]
    return b"".join(
        struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
        for marker, content in segments
        if len(content) <= _MOST_SEGMENT_BYTES
    )


def png_chunks(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    """Encode metadata as PNG chunks, as (type, content).

    IPTC is written in ImageMagick's format, since PNG does not define a place for it.
    """
    chunks = list(metadata.texts)
    if metadata.xmp:
        chunks.append((b"iTXt", _XMP_KEYWORD + bytes(5) + metadata.xmp))
    if metadata.iptc:
        profile = f"\niptc\n{len(metadata.iptc):8}\n{metadata.iptc.hex()}\n".encode()
        chunks.append((b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(profile)))
    chunks += [(b"tEXt", b"Comment\0" + comment.replace(b"\0", b" ")) for comment in metadata.comments]
    return chunks


def tiff_tags(metadata: Metadata) -> dict[int, bytes]:
    """Return metadata as the tags of a TIFF."""
    tags = {_XMP_TAG: metadata.xmp, _IPTC_TAG: metadata.iptc}
    return {tag: content for tag, content in tags.items() if content}


def _as_bytes(content: object) -> bytes | None:
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogateescape")
    return content if isinstance(content, bytes) and 0 < len(content) <= _MOST_BYTES else None


def _bounded(contents: Iterator[bytes]) -> tuple[bytes, ...]:
    """Return the leading contents that stay within `_MOST_BYTES` together."""
    kept, total = [], 0
    for content in contents:
        total += len(content)
        if total > _MOST_BYTES:
            break
        kept.append(content)
    return tuple(kept)


def _iptc(image: Image.Image) -> bytes | None:
    resources = image.info.get("photoshop")
    if isinstance(resources, dict):  # a JPEG
        return _as_bytes(resources.get(_IPTC_RESOURCE))
    tags = getattr(image, "tag_v2", {})
    if _IPTC_TAG in tags:
        # The stored bytes: Photoshop declares them as numbers of four bytes, and Pillow would keep only one of each.
        return _as_bytes(tags._tagdata.get(_IPTC_TAG))
    blocks = image.get_photoshop_blocks() if isinstance(tags.get(_RESOURCES_TAG), bytes) else {}
    return _as_bytes(blocks.get(_IPTC_RESOURCE, {}).get("data"))


def _resource(iptc: bytes) -> bytes:
    padded = iptc + bytes(len(iptc) % 2)
    return _RESOURCE_MARK + struct.pack(">HHI", _IPTC_RESOURCE, 0, len(iptc)) + padded


def _texts(image: Image.Image) -> Iterator[tuple[bytes, bytes]]:
    """Yield the text chunks of an open PNG until one is damaged or they are too large together."""
    if image.format != "PNG" or image.fp is None:
        return
    position, room = image.fp.tell(), _MOST_BYTES
    try:
        image.fp.seek(_PNG_START)
        for name, size in _chunks(image.fp):
            room -= size
            if room < 0:
                return
            content = image.fp.read(size)
            keyword = content.split(b"\0", 1)[0]
            if len(content) == size and keyword != _XMP_KEYWORD and keyword not in _UNTRUE_TEXTS:
                yield name, content
    finally:
        image.fp.seek(position)


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield the type and size of each following text chunk; the file is then at the content of that chunk."""
    while len(head := file.read(8)) == 8:
        size, name = struct.unpack(">I4s", head)
        after = file.tell() + size + 4
        if name in _TEXT_CHUNKS:
            yield name, size
        file.seek(after)
