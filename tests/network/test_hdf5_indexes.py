"""HDF5 files in which what parts and pieces are found by leads astray: HDF5 itself would never end, or crash.

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
    padded,
    patched,
    places,
    repointed,
    screened,
    written,
)  # fmt: skip

OTHERWISE = "^it is laid out as Keras never does$"
ALL = ModelLimits().maximum_objects


def gone_through(data: bytes, most: int = ALL) -> None:
    screen_indexes(io.BytesIO(data), most)


def node(kind: int, level: int, left: int, right: int, below: list[int], key: int) -> bytes:
    """A node of a tree whose keys are blank."""
    head = struct.pack("<4s2BH2Q", b"TREE", kind, level, len(below), left, right)
    return head + b"".join(bytes(key) + struct.pack("<Q", each) for each in below) + bytes(key)


def test_what_keras_writes_is_gone_through():
    gone_through(SOUND)
    assert screened(SOUND).numbers == 3 + 8 + 20_000


@pytest.mark.parametrize("count", [1000, 100])
def test_trees_of_several_levels_are_gone_through(count):
    """As h5py writes them: more names than one table has room for, and more pieces than one node."""
    names = [f"{number}" for number in range(count)]
    data = written(
        lambda file: [file.create_group(name) for name in names],
        array("pieces", np.ones(count * 2, np.uint8), chunks=(1,)),
    )
    levels = {(data[place + 4], data[place + 5]) for place in places(data, b"TREE")}
    assert {(0, 1), (1, 1)} <= levels or count == 100
    assert screened(data).numbers == 2 * count
    gone_through(data, count + 2)
    with pytest.raises(Suspicious, match=f"^it holds more than {count + 1:,} parts$"):
        gone_through(data, count + 1)


@pytest.mark.parametrize("tree", [*TREES, PIECES])
@pytest.mark.parametrize("side", [8, 16])
def test_a_tree_whose_node_is_its_own_neighbour_is_refused(tree, side):
    with pytest.raises(ValueError, match=r"^its index is damaged$"):
        screened(patched(SOUND, tree + side, "<Q", tree))


@pytest.mark.parametrize(("kind", "tree", "key"), [(0, TREES[1], 8), (1, PIECES, 24)])
@pytest.mark.parametrize("is_first", [False, True])
def test_a_tree_that_leads_back_to_its_root_is_refused(kind, tree, key, is_first):
    for level in (1, 2):
        below = [ROOM, tree] if is_first else [tree, ROOM]
        data = laid(repointed(SOUND, tree, ROOM, 2 - kind), node(kind, level, NOWHERE, NOWHERE, below, key))
        with pytest.raises(ValueError, match=r"^its index is damaged$"):
            screened(data)


def grown(data: bytes, kind: int, tree: int, key: int, levels: tuple[int, ...] = (2, 1)) -> bytes:
    """A file in which a tree of one node has nodes above it."""
    parts = [
        node(kind, level, NOWHERE, NOWHERE, [ROOM + 500 * (number + 1) if number + 1 < len(levels) else tree], key)
        for number, level in enumerate(levels)
    ]
    return laid(repointed(data, tree, ROOM, 2 - kind), *parts)


@pytest.mark.parametrize(("kind", "tree", "key"), [(0, TREES[1], 8), (1, PIECES, 24)])
def test_levels_of_a_tree_follow_each_other(kind, tree, key):
    gone_through(grown(SOUND, kind, tree, key))
    for levels in ((1, 1), (3, 1), (2, 2), (0xFF, 1), (2, 0)):
        if kind == 0 or levels != (2, 0):
            with pytest.raises(ValueError, match="damaged"):
                gone_through(grown(SOUND, kind, tree, key, levels))


@pytest.mark.parametrize(("kind", "tree", "key"), [(0, TREES[1], 8), (1, PIECES, 24)])
def test_nodes_of_a_level_are_neighbours(kind, tree, key):
    first, second = ROOM + 500, ROOM + 1000
    leads_to = [struct.unpack_from("<Q", SOUND, tree + 24 + key)[0]]
    for left, right, is_sound in ((first, second, True), (NOWHERE, second, False), (first, NOWHERE, False)):
        data = laid(
            repointed(SOUND, tree, ROOM, 2 - kind),
            node(kind, 1, NOWHERE, NOWHERE, [first, second], key),
            node(kind, 0, NOWHERE, right, leads_to, key),
            node(kind, 0, left, NOWHERE, leads_to, key),
        )
        if is_sound:
            gone_through(data)
        else:
            with pytest.raises(ValueError, match=r"^its index is damaged$"):
                gone_through(data)


@pytest.mark.parametrize("change", [(0, "4s", b"TREX"), (4, "<B", 1), (4, "<B", 7)])
def test_what_is_no_node_is_refused(change):
    place, kind, value = change
    with pytest.raises(ValueError, match=r"^its index is damaged$"):
        gone_through(patched(SOUND, TREES[1] + place, kind, value))
    with pytest.raises(ValueError, match=r"^its index is damaged$"):
        gone_through(patched(SOUND, places(SOUND, b"SNOD")[0], "4s", b"SNOX"))


def test_a_level_without_nodes_is_refused():
    with pytest.raises(ValueError, match=r"^its index is damaged$"):
        gone_through(patched(SOUND, TREES[1] + 5, "<BH", 1, 0))
    gone_through(patched(SOUND, TREES[1] + 5, "<BH", 0, 0))  # a group without parts


def test_a_tree_leads_to_no_more_than_is_allowed():
    """To no more pieces than any array has, and to no more tables of names than there may be parts."""
    first, second = len(SOUND), len(SOUND) + 24 + 50_000 * 32 + 24
    root = node(1, 1, NOWHERE, NOWHERE, [first, second], 24)
    for last in (50_000, 50_001):
        nodes = node(1, 0, NOWHERE, second, [1] * 50_000, 24) + node(1, 0, first, NOWHERE, [1] * last, 24)
        data = laid(repointed(SOUND, PIECES, ROOM), root) + nodes
        if last == 50_000:
            gone_through(data)
        else:
            with pytest.raises(Suspicious, match=r"^its index is longer than any$"):
                gone_through(data)
    tables = node(0, 0, NOWHERE, NOWHERE, [places(SOUND, b"SNOD")[1]] * 9, 8)
    with pytest.raises(Suspicious, match=r"^its index is longer than any$"):
        gone_through(laid(repointed(SOUND, TREES[1], ROOM, 2), tables), 8)


@pytest.mark.parametrize("heap", HEAPS)
def test_a_list_of_what_is_free_that_never_ends_is_refused(heap):
    _, free, start = struct.unpack_from("<3Q", SOUND, heap + 8)
    with pytest.raises(ValueError, match=r"^its names are damaged$"):
        screened(patched(SOUND, start + free, "<Q", free))
    with pytest.raises(ValueError, match=r"^its names are damaged$"):
        gone_through(patched(SOUND, heap, "4s", b"HEAX"))


def test_a_list_of_what_is_free_may_have_a_thousand_places():
    *_, start = struct.unpack_from("<3Q", SOUND, HEAPS[1] + 8)
    for many in (999, 1000):
        listed = [16 * number for number in range(1, many + 1)]
        free = b"".join(struct.pack("<2Q", following, 16) for following in [*listed[1:], 1])
        names = SOUND[start : start + 16] + free
        data = patched(SOUND, HEAPS[1] + 8, "<3Q", len(names), 16, ROOM)
        data = laid(data, names)
        if many == 999:
            gone_through(data)
        else:
            with pytest.raises(ValueError, match=r"^its names are damaged$"):
                gone_through(data)


def test_the_name_of_a_part_may_have_a_thousand_bytes():
    screened(written(lambda file: file.create_group("n" * 1000)))
    with pytest.raises(Suspicious, match=r"^the name of one of its parts is longer than any$"):
        screened(written(lambda file: file.create_group("n" * 1001)))


def test_parts_that_lie_over_each_other_are_refused():
    """Headers of arrays inside each other, each as long as all that follows; counted as HDF5 counts them."""
    data = written(
        array("room", np.full(8000, 0x55, np.uint8)),
        *(array(f"group/{number}", np.uint8(1)) for number in range(5)),
        lambda file: file["group"].attrs.update({f"{number}": number for number in range(9)}),  # whose header goes on
    )
    with h5py.File(io.BytesIO(data)) as file:
        room = file["room"].id.get_offset()
        headers = [h5py.h5o.get_info(file[f"group/{number}"].id).addr for number in range(5)]
    for number, old in enumerate(headers):
        count, size = struct.unpack_from("<HxxxxI", data, old + 2)
        messages = data[old + 16 : old + 16 + size]
        blank = 7000 - 512 * number - len(messages) - 24
        new = struct.pack("<BxHII4x", 1, count + 1, 1, len(messages) + 8 + blank) + messages
        new += struct.pack("<HHB3x", 0, blank, 0)
        data = patched(data, room + 512 * number, f"{len(new)}s", new)
        data = repointed(data, old, room + 512 * number)
    with h5py.File(io.BytesIO(data)) as file:
        parts = [file, file["room"], file["group"], *file["group"].values()]
        total = sum(h5py.h5o.get_info(part.id).hdr.space.total for part in parts)
    total += 40 + 2 * (24 + 16) + (8 + 2 * 40) + (8 + 5 * 40)  # the root's entry, trees, tables
    total += sum(32 + struct.unpack_from("<Q", data, heap + 8)[0] for heap in places(data, b"HEAP"))
    assert total > len(data)
    gone_through(padded(data, total))
    with pytest.raises(Suspicious, match=r"^its parts lie over each other$"):
        gone_through(padded(data, total - 1))


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
