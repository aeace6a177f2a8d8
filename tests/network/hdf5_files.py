"""Small HDF5 files in memory, and their bytes changed as no library would write them."""

import io
import struct
from collections.abc import Callable

import h5py
import numpy as np

NOWHERE = 2**64 - 1


def written(*changes: Callable[[h5py.File], object], **options) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w", **options) as opened:
        for change in changes:
            change(opened)
    return file.getvalue()


def array(name: str, values: np.ndarray, **options) -> Callable[[h5py.File], object]:
    return lambda file: file.create_dataset(name, data=values, **options)


def attribute(name: str, value: object) -> Callable[[h5py.File], object]:
    return lambda file: file.attrs.__setitem__(name, value)


def places(data: bytes, signature: bytes) -> list[int]:
    """Where in a file something begins."""
    return [place for place in range(len(data)) if data[place : place + len(signature)] == signature]


def patched(data: bytes, place: int, kind: str, *values: object) -> bytes:
    """A file with some of its bytes replaced by as many others, as `struct` packs them."""
    new = struct.pack(kind, *values)
    return data[:place] + new + data[place + len(new) :]


def repointed(data: bytes, old: int, new: int, count: int = 1) -> bytes:
    """A file in which what led to one place leads to another."""
    assert data.count(struct.pack("<Q", old)) >= count
    return data.replace(struct.pack("<Q", old), struct.pack("<Q", new), count)


SOUND = written(
    array("group/a", np.ones(3, np.float32)),
    array("pieces", np.ones(8, np.float32), chunks=(4,)),
    array("spare", np.full(20_000, 0x55, np.uint8)),
)
"""A group with an array, an array in two chunks, and spare bytes that tests overwrite."""
with h5py.File(io.BytesIO(SOUND)) as opened:
    SPARE = opened["spare"].id.get_offset()
GROUPS = [place for place in places(SOUND, b"TREE") if SOUND[place + 4] == 0]
"""The index of the root and that of the group."""
(CHUNKS,) = (place for place in places(SOUND, b"TREE") if SOUND[place + 4] == 1)
HEAPS = places(SOUND, b"HEAP")


def laid(data: bytes, *parts: bytes) -> bytes:
    """A file with parts written into its spare bytes, five hundred bytes from each other."""
    for number, part in enumerate(parts):
        data = patched(data, SPARE + 500 * number, f"{len(part)}s", part)
    return data
