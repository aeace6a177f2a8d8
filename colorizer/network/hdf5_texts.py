"""How long the texts of an HDF5 attribute are, and where they lie, before any is read: many may point at one long text,
and a heap of texts that is damaged would be read for ever.

HDF5 tells neither but by reading them, so the object's header and the heap are read here as its file format lays them
down: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, "Version 1 Data Object Header Prefix", "The
Attribute Message" and "Global Heap".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

_PREFIX, _MESSAGE, _POINTER = struct.Struct("<BxH4xI4x"), struct.Struct("<HHB3x"), struct.Struct("<IQI")
_HEAP, _TEXT = struct.Struct("<4sB3xQ"), struct.Struct("<H6xQ")
_ATTRIBUTE, _CONTINUED, _SHARED = 0x0C, 0x10, 2
_HEADER_BYTES = 20_000_000
"""Twice what a hundred attributes take."""


@dataclass(frozen=True)
class Texts:
    """The texts of an object's attributes."""

    lengths: Mapping[bytes, int]
    """Bytes of each attribute's texts together, by its name."""
    heaps: frozenset[int]
    """Where in the file the heaps begin that they lie in."""


def texts_of(file: BinaryIO, address: int, counts: Mapping[bytes, int]) -> Texts:
    """Return how many bytes the texts of an object's attributes have, and where they lie.

    `address` is where in the file the object's header lies, `counts` how many texts of variable length each attribute
    has, by its name. Raises ValueError where the header is of another kind than Keras' files have, or damaged.
    """
    lengths, heaps = {}, set()
    for name, content in _attributes(file, address):
        if name not in counts:
            continue
        if name in lengths:
            raise ValueError("it has one attribute twice")
        pointers = content[: counts[name] * _POINTER.size]
        if len(pointers) != counts[name] * _POINTER.size:
            raise ValueError("one of its attributes is cut")
        found = list(_POINTER.iter_unpack(pointers))
        lengths[name] = sum(length for length, _, _ in found)
        heaps.update(heap for _, heap, _ in found if heap)
    if lengths.keys() != counts.keys():
        raise ValueError("one of its attributes lies outside its header")
    return Texts(lengths, frozenset(heaps))


def heap_bytes(file: BinaryIO, address: int) -> int:
    """Return how long the heap of texts at `address` is; raise ValueError unless its parts fill it, one after another.

    HDF5 1.14.6 goes from one part to the next by what each says of its length, and never ends where one says nothing.
    """
    end = file.seek(0, 2)
    file.seek(address)
    signature, version, size = _HEAP.unpack(file.read(_HEAP.size))
    if signature != b"GCOL" or version != 1 or not _HEAP.size <= size <= end - address:
        raise ValueError("its texts are damaged")
    heap, place = file.read(size - _HEAP.size), 0
    while place + _TEXT.size <= len(heap):
        number, length = _TEXT.unpack_from(heap, place)
        # The rest, which is free, is numbered 0, and its length is that of its head too.
        step = length if number == 0 else _TEXT.size + (length + 7) // 8 * 8
        if not _TEXT.size <= step <= len(heap) - place:
            raise ValueError("its texts are damaged")
        place += step
    return size


def _attributes(file: BinaryIO, address: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and the content of each attribute in a header."""
    for kind, flags, message in messages(file, address):
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


def messages(file: BinaryIO, address: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield the kind, the flags and the content of each message in a header; raise ValueError unless of version 1."""
    file.seek(address)
    version, count, size = _PREFIX.unpack(file.read(_PREFIX.size))
    if version != 1:
        raise ValueError("its parts are stored in another way than Keras stores them")
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
