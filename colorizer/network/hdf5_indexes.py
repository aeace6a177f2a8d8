"""The trees by which HDF5 finds the parts of a group and the pieces of an array, gone through before HDF5 does.

HDF5 1.14.6 follows one that leads back to itself for ever, or until its stack ends, and a list of what is free among
names until the memory ends. They are read here as its file format lays them down:
https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, "Format Signature and Superblock", "Version 1
B-trees", "Group Symbol Table Nodes", "Symbol Table Entry", "Local Heaps", "The Data Layout Message".
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from colorizer.network.hdf5_texts import messages
from colorizer.network.suspicious import Suspicious

_SUPERBLOCK, _PREFIX, _ENTRY = struct.Struct("<8sB4x2B9xQ8xQ"), struct.Struct("<B7xI4x"), struct.Struct("<2QI4x2Q")
_NODE, _TABLE = struct.Struct("<4s2BH2Q"), struct.Struct("<4s2xH")
_HEAP, _PAIR, _ADDRESS = struct.Struct("<4s4x3Q"), struct.Struct("<2Q"), struct.Struct("<Q")
_SIGNATURE, _ROOT, _NOWHERE = b"\x89HDF\r\n\x1a\n", 56, 2**64 - 1
_NEW_LINKS, _LAYOUT, _CONTINUED, _GROUP, _NEW_ATTRIBUTES = 0x02, 0x08, 0x10, 0x11, 0x15
"""Kinds of messages in a header."""
_SHARED, _CHUNKED, _IS_GROUP, _NOTHING_FREE = 2, 2, 1, 1
_FREE_PLACES, _NAME_BYTES = 1000, 1000
"""Places that are free among a group's names, and bytes of a name; the longest in the model that ships has 22."""
MAXIMUM_PIECES = 100_000
"""Of the arrays of a file; in the model that ships all are whole."""
_OTHERWISE = "it is laid out as Keras never does"


class _Reader:
    """Reads from a file no more than it has, all readings together: what is sound lies there once."""

    def __init__(self, file: BinaryIO):
        self.file, self._left = file, file.seek(0, 2)

    def count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise Suspicious("its parts lie over each other")

    def read(self, address: int, size: int) -> bytes:
        self.count(size)
        self.file.seek(address)
        return self.file.read(size)


def screen_indexes(file: BinaryIO, maximum_objects: int) -> None:
    """Go through all by which HDF5 would find the parts of an open file; raise Suspicious for what Keras never writes.

    What is damaged raises nearly any error.
    """
    reader = _Reader(file)
    file.seek(0)
    signature, version, *sizes, base, end = _SUPERBLOCK.unpack(file.read(_SUPERBLOCK.size))
    if signature != _SIGNATURE:
        raise ValueError("it does not begin as HDF5 files do")
    if version != 0 or sizes != [8, 8] or base != 0:
        raise Suspicious(_OTHERWISE)
    if file.seek(0, 2) < end:
        raise EOFError("it ends too early")
    groups: dict[int, list[int]] = {_NOWHERE: []}
    waiting, parts = [reader.read(_ROOT, _ENTRY.size)], 1
    while waiting:
        _, address, kind, *noted = _ENTRY.unpack(waiting.pop())
        if address not in groups:  # or else it is a link, which is refused where its name is known
            groups[address] = _group(reader, address)
            if groups[address]:
                entries = _entries(reader, *groups[address], parts, maximum_objects)
                parts += len(entries)
                waiting += entries
        if kind == _IS_GROUP and noted != groups[address]:
            raise Suspicious(_OTHERWISE)


def _group(reader: _Reader, address: int) -> list[int]:
    """Return where a group's tree and names lie, or nothing for an array, whose pieces are gone through."""
    group: list[int] = []
    version, size = _PREFIX.unpack(reader.read(address, _PREFIX.size))
    if version != 1:
        raise Suspicious(_OTHERWISE)
    reader.count(size)
    for kind, flags, content in messages(reader.file, address):
        if kind in (_NEW_LINKS, _NEW_ATTRIBUTES) or flags & _SHARED or (kind == _GROUP and group):
            raise Suspicious(_OTHERWISE)
        if kind == _CONTINUED:
            reader.count(_PAIR.unpack_from(content)[1])
        elif kind == _GROUP:
            group = list(_PAIR.unpack_from(content))
        elif kind == _LAYOUT:
            version, how, sides = content[:3]
            if version not in (3, 4) or (version == 4 and how == _CHUNKED):
                raise Suspicious(_OTHERWISE)
            (tree,) = _ADDRESS.unpack_from(content, 3)
            if how == _CHUNKED and tree != _NOWHERE:
                _leaves(reader, tree, 1, 8 + 8 * sides, MAXIMUM_PIECES)
    return group


def _entries(reader: _Reader, tree: int, names: int, parts: int, maximum_objects: int) -> list[bytes]:
    """Return the entries of a group; their names end, and with the `parts` before them they are not too many."""
    entries: list[bytes] = []
    for address in _leaves(reader, tree, 0, 8, maximum_objects):
        signature, count = _TABLE.unpack(reader.read(address, _TABLE.size))
        if signature != b"SNOD":
            raise ValueError("its index is damaged")
        parts += count
        if parts > maximum_objects:
            raise Suspicious(f"it holds more than {maximum_objects:,} parts")
        content = reader.read(address + _TABLE.size, count * _ENTRY.size)
        entries += [content[place : place + _ENTRY.size] for place in range(0, len(content), _ENTRY.size)]
    heap = _heap(reader, names)
    for entry in entries:
        (name,) = _ADDRESS.unpack_from(entry)
        if heap.find(b"\0", name, name + _NAME_BYTES + 1) < 0:
            raise Suspicious("the name of one of its parts is longer than any")
    return entries


def _leaves(reader: _Reader, tree: int, kind: int, key: int, most: int) -> list[int]:
    """Return where what a tree leads to lies.

    All nodes of a level must be each other's neighbours, in their order: so none is met twice.
    """
    nodes, level = [tree], None
    while nodes:
        below: list[int] = []
        for left, node, right in zip([_NOWHERE, *nodes], nodes, [*nodes[1:], _NOWHERE], strict=False):
            *head, depth, count, before, after = _NODE.unpack(reader.read(node, _NODE.size))
            if head != [b"TREE", kind] or (before, after) != (left, right) or level not in (None, depth):
                raise ValueError("its index is damaged")
            content = reader.read(node + _NODE.size, count * (key + 8))
            below += [_ADDRESS.unpack_from(content, number * (key + 8) + key)[0] for number in range(count)]
            if len(below) > most:
                raise Suspicious("its index is longer than any")
        if depth == 0:
            return below
        nodes, level = below, depth - 1
    raise ValueError("its index is damaged")


def _heap(reader: _Reader, address: int) -> bytes:
    """Return what holds the names of a group."""
    signature, size, free, start = _HEAP.unpack(reader.read(address, _HEAP.size))
    if signature != b"HEAP":
        raise ValueError("its names are damaged")
    heap = reader.read(start, size)
    for _ in range(_FREE_PLACES):
        if free == _NOTHING_FREE:
            return heap
        free, _ = _PAIR.unpack_from(heap, free)
    raise ValueError("its names are damaged")
