"""Headers and heaps of HDF5 made by hand, as its file format lays them down, sound ones and damaged ones."""

import io
import struct

import pytest

from colorizer.network.hdf5_texts import Texts, heap_bytes, texts_of

ATTRIBUTE, CONTINUED, ELSE, SHARED = 0x0C, 0x10, 0x01, 2


def attribute(name: bytes, texts: list[tuple[int, int]], version: int = 1) -> bytes:
    """An attribute of texts, each a length and the heap it lies in, whose type and extent take 11 and 5 bytes."""
    parts = [(name + b"\0"), b"t" * 11, b"e" * 5]
    sizes = [len(part) for part in parts]
    if version == 1:
        parts = [part.ljust((len(part) + 7) // 8 * 8, b"\0") for part in parts]
    head = struct.pack("<BB3H", version, 0, *sizes) + (b"\1" if version == 3 else b"")
    return head + b"".join(parts) + b"".join(struct.pack("<IQI", length, heap, 7) for length, heap in texts)


def message(kind: int, content: bytes, flags: int = 0) -> bytes:
    return struct.pack("<HHB3x", kind, len(content), flags) + content


def header(*messages: bytes, version: int = 1, count: int | None = None, size: int | None = None) -> io.BytesIO:
    """A file in which an object's header lies at 16."""
    block = b"".join(messages)
    given = (version, len(messages) if count is None else count, len(block) if size is None else size)
    return io.BytesIO(bytes(16) + struct.pack("<BxH4xI4x", *given) + block)


def heap(*parts: tuple[int, int], size: int | None = None, signature: bytes = b"GCOL", version: int = 1) -> io.BytesIO:
    """A file with a heap at 8: parts of a number and a length, one after another."""
    body = b"".join(
        struct.pack("<H6xQ", number, length) + bytes((length + 7) // 8 * 8 if number else max(length - 16, 0))
        for number, length in parts
    )
    size = 16 + len(body) if size is None else size
    return io.BytesIO(bytes(8) + struct.pack("<4sB3xQ", signature, version, size) + body)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_texts_are_found_in_attributes_of_every_version(version):
    file = header(
        message(ELSE, bytes(5)),
        message(ATTRIBUTE, attribute(b"not asked for", [(999, 4096)], version)),
        message(ATTRIBUTE, attribute(b"layer_names", [(10, 2048), (20, 4096), (0, 0)], version)),
        message(ATTRIBUTE, attribute(b"backend", [(10, 2048)], version)),
    )
    found = texts_of(file, 16, {b"layer_names": 3, b"backend": 1})
    assert found == Texts({b"layer_names": 30, b"backend": 10}, frozenset({2048, 4096}))


def test_a_header_goes_on_elsewhere():
    rest = message(ATTRIBUTE, attribute(b"backend", [(10, 2048)]))
    start = 16 + 16 + 8 + 24
    first = message(CONTINUED, struct.pack("<QQ", start, len(rest)) + bytes(8))
    file = header(first, count=2)
    file.seek(0, 2)
    file.write(rest)
    assert texts_of(file, 16, {b"backend": 1}).lengths == {b"backend": 10}
    assert texts_of(header(first, count=1), 16, {}).lengths == {}


def test_no_more_messages_are_read_than_a_header_has():
    file = header(message(ELSE, b""), message(ATTRIBUTE, attribute(b"backend", [(10, 2048)])), count=1)
    with pytest.raises(ValueError, match="outside its header"):
        texts_of(file, 16, {b"backend": 1})


NAMED = message(ATTRIBUTE, attribute(b"backend", [(10, 2048)]))


@pytest.mark.parametrize(
    ("file", "counts", "reason"),
    [
        (header(NAMED, NAMED), {b"backend": 1}, "twice"),
        (header(NAMED), {b"backend": 2}, "cut"),
        (header(NAMED), {b"backend": 1, b"other": 1}, "outside its header"),
        (header(message(ATTRIBUTE, attribute(b"backend", [(10, 2048)]), SHARED)), {b"backend": 1}, "shared"),
        (header(NAMED, version=2), {b"backend": 1}, "another way"),
        (header(NAMED, size=20_000_001), {b"backend": 1}, "longer than any"),
        (header(message(CONTINUED, struct.pack("<QQ", 16, 20_000_001)), count=9), {}, "longer than any"),
    ],
)
def test_headers_that_keras_never_writes_are_refused(file, counts, reason):
    with pytest.raises(ValueError, match=reason):
        texts_of(file, 16, counts)


def test_a_sound_heap_is_as_long_as_it_says():
    assert heap_bytes(heap((1, 5), (2, 8), (0, 40)), 8) == 16 + 24 + 24 + 40
    assert heap_bytes(heap(), 8) == 16
    assert heap_bytes(heap((0, 16)), 8) == 32


@pytest.mark.parametrize(
    "file",
    [
        heap((1, 5), signature=b"COLG"),
        heap((1, 5), version=2),
        heap((1, 5), size=15),
        heap((1, 5), size=16 + 24 + 1),
        heap((1, 5), (0, 0)),
        heap((1, 5), (0, 15)),
        heap((1, 64), size=16 + 24),
    ],
)
def test_damaged_heaps_are_refused(file):
    with pytest.raises(ValueError, match="damaged"):
        heap_bytes(file, 8)
