"""Truncated JPEGs and PNGs: fill in the missing end so that a decoder accepts the file."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

MOST_BYTES = 100_000_000
"""Largest file that is completed in memory."""
_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_JPEG_NOTHING = 128
"""Level that libjpeg gives to missing blocks, in every channel."""
_MOST_ROUNDING = 1
_JPEG_SCALE = 8
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Channels of each color type; https://www.w3.org/TR/png-3/#6Colour-values."""
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column and row, and steps, of each pass of an interlaced PNG; https://www.w3.org/TR/png-3/#8InterlaceMethods.
"""
_PIECE_BYTES = 1_000_000


@dataclass(frozen=True)
class Completed:
    """A truncated file whose missing part is filled with empty data."""

    content: bytes
    share: float
    """Share of the stored rows that are complete. 1 if a progressive JPEG has all rows, but in less detail."""


def completed(content: bytes) -> Completed | None:
    """Complete a truncated JPEG or PNG.

    Args:
        content: The bytes of a file that cannot be decoded to its end.

    Returns:
        The completed file, or None if nothing in it can be decoded.
    """
    try:
        if content.startswith(_JPEG_START):
            whole = content + _JPEG_END
            share = _jpeg_share(whole)
        elif content.startswith(_PNG_START):
            whole, share = _completed_png(content)
        else:
            return None
    except Exception:  # decoders raise almost any exception for damaged data
        return None
    return Completed(whole, share) if share > 0 else None


def _jpeg_share(content: bytes) -> float:
    """Return the share of complete block rows, up to the last block that contains any image data."""
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
        # At this scale, each block of 8 x 8 pixels becomes about one pixel.
        image.draft(None, (-(-image.width // _JPEG_SCALE), -(-image.height // _JPEG_SCALE)))
        levels = np.asarray(image).astype(np.int16)
    is_shown = (np.abs(levels - _JPEG_NOTHING) > _MOST_ROUNDING).reshape(*levels.shape[:2], -1).any(axis=2)
    rows, across = is_shown.shape
    return (1 + int(np.flatnonzero(is_shown).max(initial=-1))) // across / rows


def _completed_png(content: bytes) -> tuple[bytes, float]:
    before, pixels = b"", []
    for name, chunk in _png_chunks(content):
        if name == b"IDAT":
            pixels.append(chunk)
        elif not pixels and name != b"IEND":
            before += _png_chunk(name, chunk)
    wanted, row_bytes = _png_bytes(before)
    inflater, deflater, found, deflated = zlib.decompressobj(), zlib.compressobj(1), 0, []
    try:
        for piece in _inflated(inflater, pixels):
            piece = piece[: wanted - found]  # noqa: PLW2901
            found += len(piece)
            deflated.append(deflater.compress(piece))
            if found == wanted:
                break
    except zlib.error:  # everything after a corrupt byte is missing too
        pass
    for first in range(found, wanted, _PIECE_BYTES):
        deflated.append(deflater.compress(bytes(min(_PIECE_BYTES, wanted - first))))
    deflated.append(deflater.flush())
    whole = _PNG_START + before + _png_chunk(b"IDAT", b"".join(deflated)) + _png_chunk(b"IEND", b"")
    return whole, found // row_bytes * row_bytes / wanted


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and content of each chunk; the last chunk may be incomplete."""
    position = len(_PNG_START)
    while position + 8 <= len(content):
        size, name = struct.unpack(">I4s", content[position : position + 8])
        yield name, content[position + 8 : position + 8 + size]
        position += 12 + size


def _png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _png_bytes(chunks: bytes) -> tuple[int, int]:
    """Return the size in bytes of all rows of a PNG, and of one row, from the header at the start of its chunks."""
    width, height, depth, color, _, _, is_interlaced = struct.unpack(">2I5B", chunks[8:21])
    bits = depth * _PNG_CHANNELS[color]
    passes = _ADAM7 if is_interlaced else ((0, 0, 1, 1),)
    sizes = [(-(-(width - left) // across), -(-(height - top) // down)) for left, top, across, down in passes]
    total = sum(down * (1 + -(-across * bits // 8)) for across, down in sizes if across > 0 and down > 0)
    return total, 1 if is_interlaced else 1 + -(-width * bits // 8)


def _inflated(inflater: zlib._Decompress, pieces: list[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        rest = piece
        while rest and not inflater.eof:
            yield inflater.decompress(rest, _PIECE_BYTES)
            rest = inflater.unconsumed_tail
