"""What an HDF5 file begins with, and what the headers of its parts say: as Keras writes it, and otherwise.

Places in them are those of the file format: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html.
"""

import io
import struct

import h5py
import numpy as np
import pytest

from colorizer.network.hdf5_indexes import screen_indexes
from colorizer.network.suspicious import Suspicious
from colorizer.settings import ModelLimits
from tests.network.hdf5_files import (
    ARRAY,
    HEAPS,
    NOWHERE,
    PIECES,
    ROOM,
    SOUND,
    TREES,
    array,
    laid,
    patched,
    places,
    repointed,
    screened,
    written,
)

OTHERWISE = r"^it is laid out as Keras never does$"


def gone_through(data: bytes) -> None:
    screen_indexes(io.BytesIO(data), ModelLimits().maximum_objects)


@pytest.mark.parametrize(
    "change",
    [
        (8, "<B", 2),
        (13, "<B", 4),
        (14, "<B", 4),
        (24, "<Q", 512),
        (80, "<Q", TREES[1]),
        (88, "<Q", HEAPS[1]),
    ],
)
def test_a_file_is_laid_out_as_keras_does(change):
    place, kind, value = change
    with pytest.raises(Suspicious, match=OTHERWISE):
        screened(patched(SOUND, place, kind, value))


@pytest.mark.parametrize("place", [80, 88])
def test_an_entry_that_notes_another_tree_than_its_group_has_is_refused(place):
    """The root's own entry laid over that of an array, which is so a second way to the root."""
    (entry,) = (at - 8 for at in places(SOUND, struct.pack("<Q", ARRAY)))
    data = patched(SOUND, entry, "40s", SOUND[56:96])
    gone_through(data)
    with pytest.raises(Suspicious, match=OTHERWISE):
        gone_through(patched(data, entry + place - 56, "<Q", TREES[1]))


@pytest.mark.parametrize(
    "data",
    [
        written(array("a", np.ones(3)), libver="latest"),
        written(lambda file: file.create_group("a", track_order=True)),
        written(lambda file: file.__setitem__("a", h5py.ExternalLink("other.h5", "/a"))),
    ],
)
def test_newer_kinds_of_parts_are_refused(data):
    with pytest.raises(Suspicious, match=OTHERWISE):
        screened(data)


def test_a_file_that_is_cut_is_refused():
    (end,) = struct.unpack_from("<Q", SOUND, 40)
    gone_through(SOUND[:end])
    for cut in (SOUND[: end - 1], SOUND[:20], b""):
        with pytest.raises((EOFError, struct.error)):
            gone_through(cut)


def test_what_is_no_hdf5_is_refused():
    for data in (b"no HDF5 file, but long enough to be one" * 9, written(userblock_size=512)):
        with pytest.raises(ValueError, match="it does not begin as HDF5 files do"):
            screened(data)


def header(*messages: tuple[int, int, bytes]) -> bytes:
    block = b"".join(struct.pack("<HHB3x", kind, len(content), flags) + content for kind, flags, content in messages)
    return struct.pack("<BxHII4x", 1, len(messages), 1, len(block)) + block


def table(tree: int, heap: int) -> bytes:
    return struct.pack("<2Q", tree, heap)


def layout(version: int, how: int, tree: int, sides: int = 2) -> bytes:
    return struct.pack("<3BQ", version, how, sides, tree).ljust(24, b"\0")


@pytest.mark.parametrize(
    ("messages", "is_taken"),
    [
        ([(0x11, 0, table(TREES[1], HEAPS[1]))], True),
        ([(0x11, 0, table(TREES[1], HEAPS[1]))] * 2, False),
        ([(0x11, 2, table(TREES[1], HEAPS[1]))], False),
        ([(0x08, 0, layout(3, 2, PIECES))], True),
        ([(0x08, 0, layout(3, 2, NOWHERE))], True),
        ([(0x08, 0, layout(3, 1, ROOM))], True),
        ([(0x08, 0, layout(4, 1, ROOM))], True),
        ([(0x08, 0, layout(4, 3, ROOM))], True),
        ([(0x08, 0, layout(4, 2, PIECES))], False),
        ([(0x08, 0, layout(2, 2, PIECES))], False),
        ([(0x08, 0, layout(1, 1, ROOM))], False),
        ([(0x08, 0, layout(5, 1, ROOM))], False),
        ([(0x02, 0, bytes(24))], False),
        ([(0x15, 0, bytes(24))], False),
        ([(0x03, 2, bytes(24))], False),
        ([(0x03, 1, bytes(24))], True),
        ([], True),
    ],
)
def test_a_header_says_what_keras_lets_it_say(messages, is_taken):
    data = laid(repointed(SOUND, ARRAY, ROOM), header(*messages))
    if is_taken:
        gone_through(data)
    else:
        with pytest.raises(Suspicious, match=OTHERWISE):
            gone_through(data)
