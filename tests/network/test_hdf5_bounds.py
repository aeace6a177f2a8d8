"""HDF5 files just within what is allowed, and just beyond it."""

import io
import math
import re
import struct
import zlib

import h5py
import numpy as np
import pytest

from colorizer.network.suspicious import Suspicious
from tests.network.hdf5_files import NOWHERE, array, attribute, empty, padded, patched, places, screened, written

ONES = np.ones(1000, np.float32)
LARGER = "the description of its network is larger than any"
NO_TEXT = "the description of its network is no text"


def refused(data: bytes, reason: str, **limits: int) -> None:
    with pytest.raises(Suspicious, match=f"^{re.escape(reason)}$"):
        screened(data, **limits)


def test_what_is_known_of_a_file_is_its_description_and_how_many_numbers_it_holds():
    data = written(
        array("a/kernel", np.ones((3, 3, 1, 4), np.float32)), array("a/bias", np.ones(4, np.float16)),
        array("b/is_trained", np.ones(3, bool)), array("b/c/seed", np.uint64(1)), array("d", np.ones(2, np.longdouble)),
        array("none", np.ones((0, 5))),
    )  # fmt: skip
    assert screened(data).numbers == 36 + 4 + 3 + 1 + 2
    assert screened(data).config is None
    assert screened(written(attribute("model_config", '{"name": "Füße"}'))).config == '{"name": "Füße"}'.encode()
    assert screened(written(attribute("model_config", np.bytes_(b"{}")))).config == b"{}"


@pytest.mark.parametrize("odd", [["{}"], ["{}", "{}"], 3, True, h5py.Empty("S3"), np.zeros((2, 2))])
def test_a_description_that_is_no_text_is_refused(odd):
    refused(written(attribute("model_config", odd)), NO_TEXT)


def test_a_file_may_hold_as_many_parts_as_is_allowed():
    data = written(array("a/b/c", ONES), array("a/d", ONES), array("e", ONES))
    assert screened(data, maximum_objects=6).numbers == 3000
    refused(data, "it holds more than 5 parts", maximum_objects=5)


def test_a_part_may_have_a_hundred_attributes():
    hundred = [attribute(f"{number}", number) for number in range(100)]
    screened(written(*hundred))
    refused(written(*hundred, attribute("more", 1)), "one of its parts has more than 100 attributes")


@pytest.mark.parametrize("name", ["model_config", "training_config"])
@pytest.mark.parametrize("kind", [str, np.bytes_])
def test_a_description_may_be_as_long_as_is_allowed(name, kind):
    data = written(attribute(name, kind("x" * 200)) if kind is str else attribute(name, np.bytes_(b"x" * 200)))
    screened(data, maximum_config_bytes=200)
    refused(data, LARGER, maximum_config_bytes=199)


def test_a_description_in_several_pieces_is_as_long_as_all_of_them():
    data = written(attribute("training_config", np.array([b"x" * 100] * 2)))
    screened(data, maximum_config_bytes=200)
    refused(data, LARGER, maximum_config_bytes=199)


def test_a_file_without_a_description_has_a_short_one():
    screened(written(attribute("backend", "tensorflow")), maximum_config_bytes=0)


def test_the_texts_of_a_part_may_have_ten_megabytes_beside_its_description():
    descriptions = [attribute(name, "x" * 100) for name in ("model_config", "training_config")]
    long = [attribute("long", "x" * 4_000_000), attribute("longer", "x" * 6_000_000)]
    screened(written(*descriptions, *long))
    refused(written(*descriptions, *long, attribute("more", "x")), "the names in it are longer than any")


@pytest.mark.parametrize("value", [1j, np.array([(1, 2)], "i4,i4"), np.zeros(3, "V5")])
def test_attributes_are_numbers_or_text(value):
    refused(written(attribute("odd", value)), "its attribute 'odd' is neither numbers nor text")


def test_attributes_that_keras_writes_are_let_in():
    values = ["tensorflow", [b"a", b"b"], 1, 0.5, True, np.zeros(9), [], h5py.Empty(h5py.string_dtype()), ["a", "bc"]]
    screened(written(*(attribute(f"{number}", value) for number, value in enumerate(values))))


def test_attributes_of_every_part_are_looked_at():
    for path in ("/", "group", "group/array"):
        data = written(array("group/array", ONES), lambda file, path=path: file[path].attrs.__setitem__("odd", 1j))
        refused(data, "its attribute 'odd' is neither numbers nor text")


def enumeration(kind: str, *names: str) -> h5py.Datatype:
    return h5py.enum_dtype({name: number for number, name in enumerate(names)}, kind)


@pytest.mark.parametrize(
    "odd",
    [
        np.array([b"text"]), np.ones(3, complex), np.array([(1, 2)], "i4,i4"), np.dtype("f4"),
        np.zeros(3, enumeration("u1", "a", "b", "c")), np.zeros(3, enumeration("u2", "a", "b")),
        np.zeros(3, enumeration("u1", "a")),
    ],
)  # fmt: skip
def test_parts_are_groups_or_arrays_of_numbers(odd):
    refused(written(lambda file: file.__setitem__("odd", odd)), "its part 'odd' is no array of numbers")


def test_numbers_of_more_than_sixteen_bytes_are_none():
    """Seventeen numbers of sixteen bytes, and sixteen of seventeen."""
    data = written(array("wide", np.ones(17, np.longdouble)))
    assert screened(data).numbers == 17
    (kind,) = (place for place in places(data, b"\x11") if data[place + 4 : place + 8] == struct.pack("<I", 16))
    (length,) = places(data, struct.pack("<2Q", 17, 17))
    data = patched(patched(data, kind + 4, "<I", 17), length, "<2Q", 16, 16)
    refused(data, "its part 'wide' is no array of numbers")


def test_an_array_that_is_not_written_is_refused():
    refused(written(empty("gone", (3,))), "its part 'gone' is not in the file")
    refused(written(lambda file: file.__setitem__("null", h5py.Empty("f4"))), "its part 'null' is not in the file")
    screened(written(empty("none", (0,))))


def test_weights_may_take_as_much_memory_as_is_allowed():
    data = written(array("a", np.ones((10, 100), np.float32)), array("b", np.ones(7, np.uint8)))
    screened(data, maximum_bytes=4007)
    refused(data, "its weights would fill more than 0 GB", maximum_bytes=4006)


def test_names_that_are_no_text_are_shown_all_the_same():
    data = written(lambda file: file.__setitem__(b"na\xffme", h5py.SoftLink("/elsewhere")))
    refused(data, "its part 'na\N{REPLACEMENT CHARACTER}me' is a link to elsewhere")
    with_attribute = written(lambda file: h5py.h5a.create(
        file.id, b"na\xffme", h5py.h5t.STD_REF_OBJ, h5py.h5s.create(h5py.h5s.SCALAR)
    ))  # fmt: skip
    refused(with_attribute, "its attribute 'na\N{REPLACEMENT CHARACTER}me' is neither numbers nor text")


PIECES = {"chunks": (500,)}


@pytest.mark.parametrize("has_checksum", [False, True])
@pytest.mark.parametrize(
    ("packing", "inflates"),
    [
        ({}, False),
        ({"shuffle": True}, False),
        ({"compression": 4}, True),
        ({"compression": 4, "shuffle": True}, True),
    ],
)
def test_weights_that_inflate_may_take_as_much_as_is_allowed(packing, inflates, has_checksum):
    options = PIECES | packing | {"fletcher32": has_checksum}
    data = written(array("a", ONES, **options), array("b", ONES, **options))
    assert screened(data, maximum_inflated_bytes=8000).numbers == 2000
    if inflates:
        refused(data, "its weights inflate to more than 0 MB", maximum_inflated_bytes=7999)
    else:
        screened(data, maximum_inflated_bytes=0)


def filtered(*filters: int):
    """An array packed by filters in an order that h5py does not choose; nothing of it is written."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk((4,))
    for each in filters:
        creation.set_filter(each, h5py.h5z.FLAG_OPTIONAL, (4,) if each == h5py.h5z.FILTER_DEFLATE else ())
    space = h5py.h5s.create_simple((4,))
    return lambda file: h5py.h5d.create(file.id, b"odd", h5py.h5t.NATIVE_FLOAT, space, dcpl=creation)


SHUFFLE, DEFLATE, CHECKSUM = h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_FLETCHER32


@pytest.mark.parametrize(
    "filters",
    [(DEFLATE, SHUFFLE), (CHECKSUM, DEFLATE), (DEFLATE, DEFLATE), (CHECKSUM, CHECKSUM), (32015,), (32015, CHECKSUM),
     (SHUFFLE, 32015, CHECKSUM), (SHUFFLE, SHUFFLE)],
)  # fmt: skip
def test_weights_packed_in_an_unknown_way_are_refused(filters):
    refused(written(filtered(*filters)), "its part 'odd' is packed in an unknown way")
    screened(written(filtered(SHUFFLE, DEFLATE, CHECKSUM)))


@pytest.mark.parametrize("more", [-1, 1])
@pytest.mark.parametrize("has_checksum", [False, True])
def test_a_piece_that_inflates_to_another_size_is_refused(more, has_checksum):
    def lie(file: h5py.File) -> None:
        liar = file.create_dataset("liar", (1000,), "u1", chunks=(500,), compression=1, fletcher32=has_checksum)
        packed = [zlib.compress(bytes(size)) + bytes(4 * has_checksum) for size in (500, 500 + more)]
        for number, piece in enumerate(packed):
            liar.id.write_direct_chunk((500 * number,), piece)

    refused(written(lie), "its part 'liar' inflates to another size than it says")


def test_a_piece_that_is_cut_or_left_unpacked_is_refused():
    def cut(file: h5py.File) -> None:
        part = file.create_dataset("cut", (500,), "u1", chunks=(500,), compression=1)
        part.id.write_direct_chunk((0,), zlib.compress(bytes(500))[:-1])

    def plain(file: h5py.File) -> None:
        part = file.create_dataset("plain", (500,), "u1", chunks=(500,), compression=1)
        part.id.write_direct_chunk((0,), bytes(500), filter_mask=1)

    refused(written(cut), "its part 'cut' inflates to another size than it says")
    refused(written(plain), "its part 'plain' is packed in an unknown way")


def test_a_piece_that_is_there_twice_is_refused():
    """A node of a tree with two pieces, each a key of 24 bytes and an address, and then the second once more."""
    data = written(array("twice", ONES, chunks=(500,), compression=1))
    (tree,) = (place for place in places(data, b"TREE") if data[place + 4] == 1)
    second, end = data[tree + 56 : tree + 88], data[tree + 88 : tree + 112]
    assert screened(data).numbers == 1000
    data = patched(data, tree + 6, "<H", 3)
    refused(patched(data, tree + 88, "32s24s", second, end), "its part 'twice' is packed in an unknown way")


def test_a_piece_larger_than_the_file_is_refused():
    data = written(array("large", ONES, chunks=(1000,), compression=1))
    (tree,) = (place for place in places(data, b"TREE") if data[place + 4] == 1)
    refused(patched(data, tree + 24, "<I", len(data) + 1), "its weights lie over each other")


def test_weights_may_be_in_a_hundred_thousand_pieces():
    fifty_thousand = [empty("a", (250, 250), chunks=(1, 2)), empty("b", (37_500,), chunks=(2,))]
    many = [*fifty_thousand, empty("c", (99_999,), chunks=(2,), maxshape=(None,))]  # 31,250 and 18,750 and 50,000
    assert 250 * math.ceil(250 / 2) + 37_500 // 2 + math.ceil(99_999 / 2) == 100_000
    screened(written(*many))
    refused(written(*many, empty("d", (1,), chunks=(1,))), "its weights are packed in more than 100,000 pieces")


@pytest.mark.parametrize(
    ("shape", "chunk", "is_taken"),
    [((0,), 1, True), ((0,), 2, False), ((1,), 1, True), ((1,), 2, False), ((9,), 9, True), ((9,), 10, False),
     ((256_000_000,), 256_000_000, True), ((256_000_001,), 256_000_001, False)],
)  # fmt: skip
def test_pieces_are_no_larger_than_their_array_and_256_megabytes(shape, chunk, is_taken):
    data = written(empty("a", shape, chunks=(chunk,), maxshape=(None,)))
    if is_taken:
        screened(data)
    else:
        refused(data, "its part 'a' is packed in pieces larger than itself")


def test_an_array_counts_what_its_numbers_take_in_pieces_too():
    """64 million numbers of 4 bytes are a piece of 256 MB."""
    many = lambda number: lambda file: file.create_dataset("a", (number,), "f4", chunks=(number,))  # noqa: E731
    screened(written(many(64_000_000)))
    refused(written(many(64_000_001)), "its part 'a' is packed in pieces larger than itself")


def test_arrays_that_lie_over_each_other_are_refused():
    """Three of ten thousand bytes each, where there are fewer."""
    data = written(array("a", np.ones(10_000, np.uint8)), empty("b", (10_000,)), empty("c", (10_000,)))
    with h5py.File(io.BytesIO(data)) as file:
        start = file["a"].id.get_offset()
    unwritten = struct.pack("<2Q", NOWHERE, 10_000)
    assert data.count(unwritten) == 2
    data = data.replace(unwritten, struct.pack("<2Q", start, 10_000))
    screened(padded(data, 30_000))
    refused(padded(data, 29_999), "its weights lie over each other")


def test_heaps_of_texts_that_lie_over_each_other_are_refused():
    """Texts of three parts are said to lie in heaps that lie inside a long text of another."""
    short = [lambda file, name=name: file.create_group(name).attrs.__setitem__("short", name) for name in "abc"]
    data = written(*short, attribute("long", "x" * 5000))
    text = data.index(b"x" * 5000)
    inner, outer = sorted(places(data, b"GCOL"), key=lambda place: (place < text, place))
    heaps = [struct.unpack_from("<Q", data, outer + 8)[0]]
    for number in range(3):
        place, size = text + 32 * number, 4900 - 32 * number
        data = patched(data, place, "<4sB3xQ", b"GCOL", 1, size)
        data = patched(data, place + 16, "<H6xQ", 0, size - 16)
        pointer = struct.pack("<IQI", 1, inner, number + 1)
        assert data.count(pointer) == 1
        data = data.replace(pointer, struct.pack("<IQI", 1, place, 1))
        heaps.append(size)
    screened(padded(data, sum(heaps)))
    refused(padded(data, sum(heaps) - 1), "its texts lie over each other")


def test_texts_of_many_parts_lie_in_one_heap():
    parts = [
        lambda file, number=number: file.create_group(f"{number}").attrs.__setitem__("a", "b") for number in range(99)
    ]
    data = written(*parts)
    assert len(data) < 99 * 4096
    screened(data)
