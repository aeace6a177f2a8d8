"""Inflate members of zips from any source, to no more than their declared size.

`zipfile` limits neither the output of one piece of bzip2 or LZMA data, nor the output when all is read at once.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1024**2
_LOCAL_HEADER = struct.Struct("<4s22x2H")
_LZMA_HEADER = struct.Struct("<2xHBI")
_MAXIMUM_DICTIONARY = 256 * 1024**2
"""Largest LZMA dictionary, in bytes; 7-Zip's strongest setting needs as much."""


def inflated(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a member's content in pieces of at most 1 MB.

    Inflation stops as soon as the content exceeds its declared size.

    Raises:
        zipfile.BadZipFile: The content does not match its declared size or checksum.
        Exception: RuntimeError, NotImplementedError or an error of the decompressor, as in `zipfile`.
    """
    with path.open("rb") as file:
        file.seek(_packed_at(file, archive, member))
        inflate = _decompressor(file, member)
        done = checksum = 0
        for piece in inflate:
            done += len(piece)
            if done > member.file_size:
                raise zipfile.BadZipFile(f"its member {member.filename!r} is larger than its declared size")
            checksum = zlib.crc32(piece, checksum)
            yield piece
    if done != member.file_size or checksum != member.CRC:
        raise zipfile.BadZipFile(f"its member {member.filename!r} does not match its size or checksum")


def _packed_at(file: BinaryIO, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """Return the position of a member's packed bytes in the file; raise zipfile.BadZipFile if the file has none."""
    archive.open(member).close()  # compares the two headers, and refuses encryption and unknown packing methods
    file.seek(member.header_offset)
    _, name, extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    return member.header_offset + _LOCAL_HEADER.size + name + extra


def _decompressor(file: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    packed = _pieces(file, member.compress_size)
    if member.compress_type == zipfile.ZIP_STORED:
        return packed
    if member.compress_type == zipfile.ZIP_DEFLATED:
        return _inflated_by_zlib(packed)
    if member.compress_type == zipfile.ZIP_BZIP2:
        return _inflated(bz2.BZ2Decompressor(), packed)
    properties, parameters, dictionary = _LZMA_HEADER.unpack(file.read(_LZMA_HEADER.size))
    # The decoder allocates the whole dictionary at once, but references never reach back beyond the start of the
    # content.
    dictionary = min(dictionary, member.file_size)
    if properties != 5 or dictionary > _MAXIMUM_DICTIONARY:
        raise zipfile.BadZipFile(f"its member {member.filename!r} uses an unknown compression method")
    rest, literal_context = divmod(parameters, 9)
    position, literal_position = divmod(rest, 5)
    chain = {"id": lzma.FILTER_LZMA1, "dict_size": dictionary, "lc": literal_context, "lp": literal_position}
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chain | {"pb": position}])
    return _inflated(unpacker, _pieces(file, member.compress_size - _LZMA_HEADER.size))


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0:
        piece = file.read(min(_CHUNK, size))
        if not piece:
            raise EOFError("it is cut off")
        size -= len(piece)
        yield piece


def _inflated_by_zlib(packed: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    for piece in packed:
        waiting = piece
        while not unpacker.eof:
            content = unpacker.decompress(waiting, _CHUNK)
            waiting = unpacker.unconsumed_tail
            yield content
            if len(content) < _CHUNK:
                break


def _inflated(unpacker: bz2.BZ2Decompressor | lzma.LZMADecompressor, packed: Iterator[bytes]) -> Iterator[bytes]:
    for piece in packed:
        waiting = piece
        while not unpacker.eof:
            content = unpacker.decompress(waiting, _CHUNK)
            waiting = b""
            yield content
            if unpacker.needs_input:
                break
