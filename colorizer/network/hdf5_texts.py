"""How long the texts of an HDF5 attribute are, before any is read: many may point at one long text.

HDF5 tells it only by reading them, so the object's header is read here as its file format lays it down:
https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, "Version 1 Data Object Header Prefix", "The
Attribute Message" and "Global Heap".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

_PREFIX, _MESSAGE, _POINTER = struct.Struct("<BxH4xI4x"), struct.Struct("<HHB3x"), struct.Struct("<IQI")
_ATTRIBUTE, _CONTINUED, _SHARED = 0x0C, 0x10, 2
_HEADER_BYTES = 20_000_000
"""Twice what a hundred attributes take."""


def text_bytes(file: BinaryIO, address: int, texts: dict[bytes, int]) -> int:
    """Return how many bytes the texts of an object's attributes have together.

    `address` is where in the file the object's header lies, `texts` how many texts of variable length each attribute
    has, by its name. Raises ValueError where the header is of another kind than Keras' files have, or damaged.
    """
    total, found = 0, set()
    for name, content in _attributes(file, address):
        if name not in texts:
            continue
        if name in found:
            raise ValueError("it has one attribute twice")
        found.add(name)
        pointers = content[: texts[name] * _POINTER.size]
        if len(pointers) != texts[name] * _POINTER.size:
            raise ValueError("one of its attributes is cut")
        total += sum(length for length, _, _ in _POINTER.iter_unpack(pointers))
    if found != texts.keys():
        raise ValueError("one of its attributes lies outside its header")
    return total


def _attributes(file: BinaryIO, address: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and the content of each attribute in a header."""
    for kind, flags, message in _messages(file, address):
        if kind == _ATTRIBUTE:
            if flags & _SHARED:
                raise ValueError("one of its attributes is shared")
            version, _, name, *sizes = struct.unpack_from("<BB3H", message)
            start = 8 + (version == 3)  # which has a byte for the character set
            if version == 1:  # where each part is as long as a multiple of eight
                content = start + sum((size + 7) // 8 * 8 for size in (name, *sizes))
            else:
                content = start + name + sum(sizes)
            yield message[start : start + name].split(b"\0")[0], message[content:]


def _messages(file: BinaryIO, address: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield the kind, the flags and the content of each message in a header of version 1."""
    file.seek(address)
    version, count, size = _PREFIX.unpack(file.read(_PREFIX.size))
    if version != 1:
        raise ValueError("its attributes are stored in another way than Keras stores them")
    blocks, read = [(address + _PREFIX.size, size)], 0
    while blocks:
        start, length = blocks.pop(0)
        read += length
        if read > _HEADER_BYTES:
            raise ValueError("its header is longer than any")
        file.seek(start)
        block, place = file.read(length), 0
        while place + _MESSAGE.size <= len(block) and count:
            kind, size, flags = _MESSAGE.unpack_from(block, place)
            message = block[place + _MESSAGE.size : place + _MESSAGE.size + size]
            place, count = place + _MESSAGE.size + size, count - 1
            if kind == _CONTINUED:
                blocks.append(struct.unpack("<QQ", message[:16]))
            yield kind, flags, message
