"""Small HDF5 files in memory, and their bytes changed as no library would write them."""

import io
import struct
from collections.abc import Callable

import h5py
import numpy as np

from colorizer.network.hdf5_screening import ScreenedWeights, screen_hdf5
from colorizer.settings import ModelLimits

NOWHERE = 2**64 - 1


def written(*changes: Callable[[h5py.File], object], **options) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w", **options) as opened:
        for change in changes:
            change(opened)
    return file.getvalue()


def screened(data: bytes, **limits: int) -> ScreenedWeights:
    return screen_hdf5(io.BytesIO(data), ModelLimits(**limits))


def array(name: str, values: np.ndarray, **options) -> Callable[[h5py.File], object]:
    return lambda file: file.create_dataset(name, data=values, **options)


def empty(name: str, shape: tuple[int, ...], **options) -> Callable[[h5py.File], object]:
    """An array of bytes, of which none is written."""
    return lambda file: file.create_dataset(name, shape, "u1", **options)


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


def padded(data: bytes, size: int) -> bytes:
    """A file made as long as that by bytes that nothing leads to."""
    assert size >= len(data), (size, len(data))
    return data.ljust(size, b"\0")


SOUND = written(
    array("group/a", np.ones(3, np.float32)),
    array("pieces", np.ones(8, np.float32), chunks=(4,)),
    array("room", np.full(20_000, 0x55, np.uint8)),
)
"""A group with an array, an array in two pieces, and room for what a test lays there."""
with h5py.File(io.BytesIO(SOUND)) as opened:
    ROOM = opened["room"].id.get_offset()
    ARRAY = h5py.h5o.get_info(opened["group/a"].id).addr
TREES = [place for place in places(SOUND, b"TREE") if SOUND[place + 4] == 0]
"""Of the root and of the group."""
(PIECES,) = (place for place in places(SOUND, b"TREE") if SOUND[place + 4] == 1)
HEAPS = places(SOUND, b"HEAP")


def laid(data: bytes, *parts: bytes) -> bytes:
    """A file with parts laid into its room, five hundred bytes from each other."""
    for number, part in enumerate(parts):
        data = patched(data, ROOM + 500 * number, f"{len(part)}s", part)
    return data
