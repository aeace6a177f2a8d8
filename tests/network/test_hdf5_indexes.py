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
)

ALL = ModelLimits().maximum_objects


def gone_through(data: bytes, most: int = ALL) -> None:
    screen_indexes(io.BytesIO(data), most)


def never_gone_through(data: bytes, reason: str) -> None:
    """What HDF5 would hang or crash on is refused, and so before it is opened."""
    for look in (gone_through, screened):
        with pytest.raises(ValueError, match=f"^{reason}$"):
            look(data)


def node(kind: int, level: int, left: int, right: int, below: list[int], key: int) -> bytes:
    """A node of a tree whose keys are blank."""
    head = struct.pack("<4s2BH2Q", b"TREE", kind, level, len(below), left, right)
    return head + b"".join(bytes(key) + struct.pack("<Q", each) for each in below) + bytes(key)


def test_what_keras_writes_is_gone_through():
    gone_through(SOUND, 5)
    assert screened(SOUND).numbers == 3 + 8 + 20_000
    with pytest.raises(Suspicious, match=r"^it holds more than 4 parts$"):
        gone_through(SOUND, 4)


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
    never_gone_through(patched(SOUND, tree + side, "<Q", tree), "its index is damaged")


@pytest.mark.parametrize(("kind", "tree", "key"), [(0, TREES[1], 8), (1, PIECES, 24)])
@pytest.mark.parametrize("is_first", [False, True])
def test_a_tree_that_leads_back_to_its_root_is_refused(kind, tree, key, is_first):
    for level in (1, 2):
        below = [ROOM, tree] if is_first else [tree, ROOM]
        data = laid(repointed(SOUND, tree, ROOM, 2 - kind), node(kind, level, NOWHERE, NOWHERE, below, key))
        never_gone_through(data, "its index is damaged")


def test_what_lies_beside_a_link_is_gone_through_too():
    for more in (
        lambda file: file.__setitem__("z", h5py.SoftLink("/a")),
        lambda file: file.__setitem__("z", file["a"]),
    ):
        data = written(array("a", np.ones(3, np.float32)), lambda file: file.create_group("group"), more)
        gone_through(data)
        tree = max(place for place in places(data, b"TREE"))
        with pytest.raises(ValueError, match=r"^its index is damaged$"):
            gone_through(patched(data, tree + 8, "<Q", tree))


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
    for data in (patched(SOUND, start + free, "<Q", free), patched(SOUND, heap, "4s", b"HEAX")):
        never_gone_through(data, "its names are damaged")


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
