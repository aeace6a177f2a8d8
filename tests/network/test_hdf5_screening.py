"""HDF5 files that are small and fill memory when they are read."""

import json
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from colorizer.errors import ColorizeError
from colorizer.network.screening import screen
from colorizer.settings import ModelLimits
from tests.conftest import PROJECT


def link_to_itself(file: h5py.File) -> None:
    file["model_weights/again"] = file["model_weights"]


def link_to_an_ancestor(file: h5py.File) -> None:
    file["model_weights/conv/up"] = file["/"]


def one_array_twice(file: h5py.File) -> None:
    file["model_weights/twin"] = file["model_weights/conv/kernel"]


def chunks_larger_than_the_array(file: h5py.File) -> None:
    file.create_dataset("model_weights/small", (4,), "f4", maxshape=(None,), chunks=(10**8,))


def more_chunks_than_any(file: h5py.File) -> None:
    file.create_dataset("model_weights/crumbs", (1000, 1000), "f4", chunks=(1, 1))


def array_that_is_not_there(file: h5py.File) -> None:
    file.create_dataset("model_weights/empty", (1000, 1000), "f4")


def chunk_that_inflates_to_more(file: h5py.File) -> None:
    array = file.create_dataset("model_weights/liar", (1000,), "f4", chunks=(1000,), compression=1)
    array.id.write_direct_chunk((0,), zlib.compress(bytes(50_000_000)))


def objects_as_attribute(file: h5py.File) -> None:
    file.attrs["elsewhere"] = file["model_weights"].ref


def large_attribute(file: h5py.File) -> None:
    group = file.create_group("wide", track_order=True)
    group.attrs["names"] = np.zeros(200_000, np.uint8)


def more_attributes_than_any(file: h5py.File) -> None:
    for number in range(101):
        file.attrs[str(number)] = 1


@pytest.fixture
def weights(tmp_path) -> Path:
    """A file of weights alone, as Keras writes them into `.h5`."""
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("model_weights/conv/kernel", data=np.ones((3, 3, 1, 4), np.float32))
        file["model_weights"].attrs["layer_names"] = [b"input", b"conv"]
        file["model_weights/conv"].attrs["weight_names"] = [b"kernel"]
    screen(path)
    return path


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (link_to_itself, "its part 'again' is a link to what it holds already"),
        (link_to_an_ancestor, "its part 'up' is a link to what it holds already"),
        (one_array_twice, "is a link to what it holds already"),
        (chunks_larger_than_the_array, "its part 'small' is packed in pieces larger than itself"),
        (more_chunks_than_any, "packed in more than 100,000 pieces"),
        (array_that_is_not_there, "its part 'empty' is not in the file"),
        (chunk_that_inflates_to_more, "its part 'liar' inflates to another size than it says"),
        (objects_as_attribute, "its attribute 'elsewhere' is neither numbers nor text"),
        (large_attribute, "it is laid out as Keras never does"),
        (more_attributes_than_any, "more than 100 attributes"),
    ],
)
def test_what_is_small_in_the_file_and_large_when_read_is_refused(weights, change, reason):
    with h5py.File(weights, "r+") as file:
        change(file)
    with pytest.raises(ColorizeError, match=f"is refused: .*{reason}"):
        screen(weights)


def test_weights_packed_honestly_are_let_in(weights):
    values = np.random.default_rng(0).random((100, 100), np.float32)
    with h5py.File(weights, "r+") as file:
        file.create_dataset("model_weights/packed", data=values, compression=9, shuffle=True, fletcher32=True)
        file.create_dataset("model_weights/large", data=np.zeros((500, 300), np.float32), chunks=True, compression=1)
    screen(weights)
    with pytest.raises(ColorizeError, match="its weights inflate to more than 0 MB"):
        screen(weights, ModelLimits(maximum_inflated_bytes=200_000))


def test_more_parts_than_any_are_refused(weights):
    with h5py.File(weights, "r+") as file:
        for number in range(100):
            file.create_group(f"model_weights/{number}")
    with pytest.raises(ColorizeError, match="it holds more than 50 parts"):
        screen(weights, ModelLimits(maximum_objects=50))


def names_that_share_one_text(path: Path, count: int, length: int) -> None:
    """Let every name of a list point at one long text: each pointer is its length, its heap and its number there."""
    with h5py.File(path, "r+") as file:
        file.attrs["long"] = "x" * length
        group = file.create_group("shared")
        group.attrs["layer_names"] = [b"name"] * count
    data = path.read_bytes()
    heap = data.rindex(b"GCOL", 0, data.index(b"x" * 100))
    first = next(match.start() for match in re.finditer(rb"(\x04\0\0\0.{12}){%d}" % count, data, re.DOTALL))
    pointers = struct.pack("<IQI", length, heap, 1) * count
    path.write_bytes(data[:first] + pointers + data[first + len(pointers) :])


def test_names_that_share_one_long_text_are_refused_before_they_are_read(weights):
    names_that_share_one_text(weights, 1000, 200_000)
    with h5py.File(weights) as file:  # 200 MB
        assert {len(name) for name in file["shared"].attrs["layer_names"]} == {200_000}
    with pytest.raises(ColorizeError, match="the names in it are longer than any"):
        screen(weights)


def test_a_heap_of_texts_that_never_ends_is_refused_before_it_is_read(weights):
    """HDF5 1.14.6 goes round for ever where what is free in a heap says that it has no length."""
    with h5py.File(weights, "r+") as file:
        file.attrs["model_config"] = "{}"
    data = bytearray(weights.read_bytes())
    heap = data.rindex(b"GCOL")
    free = data.index(struct.pack("<HHIQ", 0, 0, 0, 4096 - 16 - 24), heap)  # what "{}" and its head leave
    data[free + 8 : free + 16] = bytes(8)
    weights.write_bytes(data)
    with pytest.raises(ColorizeError, match="its texts are damaged"):
        screen(weights)


def test_a_description_that_is_a_list_of_texts_is_refused(weights):
    with h5py.File(weights, "r+") as file:
        file.attrs["model_config"] = [b"{}", b"{}"]
    with pytest.raises(ColorizeError, match="description of its network is no text"):
        screen(weights)


@pytest.mark.slow
def test_screening_takes_no_more_than_it_may(weights, tmp_path):
    """Two files that took gigabytes, screened in a process that may take 500 MB more than it has."""
    names_that_share_one_text(weights, 3000, 2_000_000)
    deep = tmp_path / "deep.h5"
    with h5py.File(deep, "w") as file:
        file["again"] = file["/"]
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": {}})
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from colorizer.errors import ColorizeError\n"
        "from colorizer.network.screening import screen\n"
        "now = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (now + 500_000_000,) * 2)\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n"
        "        screen(Path(name))\n"
        "    except ColorizeError as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(weights), str(deep)],
        capture_output=True, text=True, cwd=PROJECT, check=False, timeout=300,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        f"{weights} is refused: the names in it are longer than any.",
        f"{deep} is refused: its part 'again' is a link to what it holds already.",
    ], done.stderr
