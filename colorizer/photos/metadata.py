"""Metadata: EXIF with its orientation, XMP, IPTC, comments and texts, prepared for the written file."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator, Mapping, Sized
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

_ORIENTATION_TAG = 0x0112
_EXPOSURE, _PLACE = 0x8769, 0x8825
_PARTS = (_EXPOSURE, _PLACE)
"""Tags that hold lists of tags: exposure details and location."""
_WIDTH, _HEIGHT, _COLOR_SPACE, _SRGB = 0xA002, 0xA003, 0xA001, 1
_OF_THE_STORED_PIXELS = {
    *range(0x00FE, 0x010D), 0x0111, _ORIENTATION_TAG, *range(0x0115, 0x011D), *range(0x0120, 0x0129), 0x012D,
    *range(0x013D, 0x0160), *range(0x0200, 0x0216), 0x02BC, 0x828D, 0x828E, 0x83BB, 0x8649, 0x8773, 0x935C, 0xA005,
    0xC4A5,
}  # fmt: skip
"""Tags that are dropped: they describe the stored pixels (size, strips, depth, colors, orientation), point elsewhere in
the file, or are kept by other means (resolution, profile, XMP, IPTC). TIFF 6.0 and CIPA DC-008.
"""
_OF_RAW_PIXELS = {*range(0xC612, 0xCD60)} - {0xC614, 0xC615, 0xC62F, 0xC630}
"""Tags of DNG, except the camera's name and serial number and the lens."""
_OF_STORED_EXPOSURE = {0x9102, _COLOR_SPACE, _WIDTH, _HEIGHT, 0xA005, 0xA500}
"""Dropped tags in the exposure list: compression, color space, size, gamma."""
_LARGEST_VALUE = 60_000
"""Largest tag, in bytes or values; a JPEG holds no more."""
_EXIF_START_BYTES, _MOST_TIFF_BYTES = 14, 2**32 - 2**20
"""Size of the "Exif" marker and a TIFF header; largest TIFF with 32-bit offsets, less a margin for a list of tags."""
_EMPTY_EXIF_BYTES = 20
"""Size of the "Exif" marker, a TIFF header and an empty list of tags."""


class _Text(str):
    """Text of a tag that is written with the bytes it was read from, whether UTF-8 or Latin-1.

    Pillow decodes all text as Latin-1, which loses nothing, but encodes it as ASCII with question marks.
    """

    __slots__ = ()

    def encode(self, encoding: str = "latin-1", errors: str = "strict") -> bytes:
        return super().encode("latin-1")


def orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # a broken EXIF block says nothing about orientation, and the pixels are fine
        return 1


def transposed(image: Image.Image, orientation: int) -> Image.Image:
    """Undo an EXIF orientation; CIPA DC-008 (Exif 2.32), tag 274."""
    steps = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    return image.transpose(steps[orientation]) if orientation in steps else image


def kept_exif(image: Image.Image, size: tuple[int, int]) -> bytes | None:
    """Return the EXIF of an open photo that stays true for upright pixels, or None.

    Args:
        image: The open photo.
        size: Width and height of the upright pixels.
    """
    try:
        return kept_tags(image.getexif(), size)
    except Exception:  # EXIF that cannot be parsed or written again is dropped; the pixels are fine
        return None


def kept_tags(exif: Image.Exif, size: tuple[int, int] | None = None) -> bytes | None:
    """Encode the tags that stay true as an EXIF block.

    A TIFF that repeated the tags about its stored pixels could not be opened.

    Args:
        exif: The tags of a photo.
        size: Width and height of the upright pixels, if known.

    Returns:
        The EXIF block, or None if no tags are left.

    Raises:
        Exception: Whatever Pillow raises for broken EXIF.
    """
    kept = Image.Exif()
    for tag in exif.keys() - _OF_THE_STORED_PIXELS - _OF_RAW_PIXELS - {*_PARTS}:
        if _is_kept(exif[tag]):
            kept[tag] = _as_stored(exif[tag])
    for part in _PARTS:
        if part in exif:
            values = {tag: _as_stored(value) for tag, value in exif.get_ifd(part).items() if _is_kept(value)}
            kept.get_ifd(part).update(_true_exposure(values, size) if part == _EXPOSURE else values)
    return kept.tobytes() if len(kept.tobytes()) > _EMPTY_EXIF_BYTES else None


def _true_exposure(values: dict, size: tuple[int, int] | None) -> dict:
    true = {tag: value for tag, value in values.items() if tag not in _OF_STORED_EXPOSURE}
    if size and _WIDTH in values:
        true |= {_WIDTH: size[0], _HEIGHT: size[1]}
    if values.get(_COLOR_SPACE) == _SRGB:
        true[_COLOR_SPACE] = _SRGB
    return true


def add_tiff_tags(path: Path, exif: bytes | None, others: Mapping[int, bytes]) -> None:
    """Add EXIF and other tags to the only page of a TIFF that this program wrote; existing tags stay.

    Neither Pillow nor tifffile can write nested lists of tags along with compressed pixels.

    Args:
        path: The TIFF.
        exif: An EXIF block.
        others: Other tags and their contents.
    """
    stored, tags = Image.Exif(), Image.Exif()
    tags.endian = "<"
    if exif:
        stored.load(exif)
    for tag in stored.keys() - {*_PARTS}:
        tags[tag] = _as_stored(stored[tag])
    for part in _PARTS:
        if part in stored:
            tags.get_ifd(part).update({tag: _as_stored(value) for tag, value in stored.get_ifd(part).items()})
    for tag, content in others.items():
        tags[tag] = content
    if not exif and not others:
        return
    with path.open("r+b") as file:
        start, first = struct.unpack("<4sI", file.read(8))
        end = file.seek(0, io.SEEK_END)
        end += end % 2
        added = tags.tobytes(end)[_EXIF_START_BYTES:]
        if start != b"II*\0" or end + len(added) > _MOST_TIFF_BYTES:  # too large for 32-bit offsets
            return
        file.seek(first)
        entries = dict(_entries(added)) | dict(_entries(_read_list(file)))
        following = file.read(4)
        file.seek(end)
        file.write(added + bytes(len(added) % 2))
        beginning = file.tell()
        file.write(struct.pack("<H", len(entries)) + b"".join(entries[tag] for tag in sorted(entries)) + following)
        file.seek(4)
        file.write(struct.pack("<I", beginning))


def _read_list(file: BinaryIO) -> bytes:
    """Read the list of tags at the current position of a TIFF, without the values it points to."""
    count = file.read(2)
    return count + file.read(12 * struct.unpack("<H", count)[0])


def _entries(tags: bytes) -> Iterator[tuple[int, bytes]]:
    (count,) = struct.unpack("<H", tags[:2])
    for first in range(2, 2 + 12 * count, 12):
        yield struct.unpack("<H", tags[first : first + 2])[0], tags[first : first + 12]


def _is_kept(value: object) -> bool:
    return not isinstance(value, dict) and (not isinstance(value, Sized) or len(value) <= _LARGEST_VALUE)


def _as_stored(value: object) -> object:
    return _Text(value) if isinstance(value, str) else value


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


def with_comment(metadata: Metadata, comment: str) -> Metadata:
    """Add a comment, which JPEG, PNG and GIF hold next to all other metadata."""
    return replace(metadata, comments=(*metadata.comments, comment.encode()))


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
    tags: Any = getattr(image, "tag_v2", {})
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
