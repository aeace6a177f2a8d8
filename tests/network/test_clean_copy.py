"""Copies of model files made by a child process: what they hold, and how damaged and crafted files end."""

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest

from colorizer.errors import ColorizeError
from colorizer.network import clean_copy as module
from colorizer.network.clean_copy import clean_copy
from colorizer.settings import ModelLimits
from tests.conftest import PROJECT
from tests.network.hdf5_files import (
    CHUNKS,
    GROUPS,
    HEAPS,
    NOWHERE,
    SOUND,
    SPARE,
    array,
    attribute,
    laid,
    patched,
    repointed,
    written,
)

ONES = np.ones(1000, np.float32)


@pytest.fixture
def copy(tmp_path, monkeypatch) -> Callable[..., dict[str, np.ndarray]]:
    """Copy the bytes of a model file and return the arrays of the copy, after which nothing is left of it."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))

    def copied(data: bytes, name: str = "model.h5", **limits: int) -> dict[str, np.ndarray]:
        (tmp_path / name).write_bytes(data)
        found: dict[str, np.ndarray] = {}
        try:
            with (
                clean_copy(tmp_path / name, ModelLimits(**{"maximum_seconds": 3} | limits)) as clean,
                h5py.File(clean.weights) as file,
            ):
                file.visititems(
                    lambda name, part: found.update({name: part[()]}) if isinstance(part, h5py.Dataset) else None
                )
        finally:
            assert list((tmp_path / "temporary").iterdir()) == []
        return found

    return copied


def node(kind: int, level: int, below: list[int], key: int) -> bytes:
    """A node of an index whose keys are blank: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html."""
    head = struct.pack("<4s2BH2Q", b"TREE", kind, level, len(below), NOWHERE, NOWHERE)
    return head + b"".join(bytes(key) + struct.pack("<Q", each) for each in below) + bytes(key)


def index_that_leads_back_to_its_root(kind: int, index: int, key: int, level: int) -> bytes:
    return laid(repointed(SOUND, index, SPARE, 2 - kind), node(kind, level, [SPARE, index], key))


def free_list_that_never_ends(heap: int) -> bytes:
    _, free, start = struct.unpack_from("<3Q", SOUND, heap + 8)
    return patched(SOUND, start + free, "<Q", free)


def heap_of_texts_that_never_ends() -> bytes:
    """HDF5 1.14.6 loops forever where the free space in a heap says that it has no length."""
    data = written(attribute("model_config", "{}"))
    heap = data.rindex(b"GCOL")
    free = data.index(struct.pack("<HHIQ", 0, 0, 0, 4096 - 16 - 24), heap)  # what "{}" and its head leave
    return patched(data, free + 8, "<Q", 0)


def names_that_share_one_text(count: int, length: int) -> bytes:
    """Each name of a list points at one long text, by its length, its heap and its number there."""
    data = written(
        attribute("long", "x" * length),
        lambda file: file.create_group("shared").attrs.__setitem__("layer_names", [b"name"] * count),
    )
    heap = data.rindex(b"GCOL", 0, data.index(b"x" * 100))
    first = next(match.start() for match in re.finditer(rb"(\x04\0\0\0.{12}){%d}" % count, data, re.DOTALL))
    return patched(data, first, f"{16 * count}s", struct.pack("<IQI", length, heap, 1) * count)


HARMFUL = {
    **{f"names of group {level}": index_that_leads_back_to_its_root(0, GROUPS[1], 8, level) for level in (1, 2)},
    **{f"chunks {level}": index_that_leads_back_to_its_root(1, CHUNKS, 24, level) for level in (1, 2)},
    **{f"free list {number}": free_list_that_never_ends(heap) for number, heap in enumerate(HEAPS)},
    "heap of texts": heap_of_texts_that_never_ends(),
    "six gigabytes of names": names_that_share_one_text(3000, 2_000_000),
}
"""Files that HDF5 1.14.6 crashes on, never ends with, or needs more memory for than there may be."""


@pytest.mark.parametrize("data", HARMFUL.values(), ids=HARMFUL)
def test_a_file_that_harms_hdf5_ends_in_a_sentence(copy, data):
    with pytest.raises(ColorizeError, match=r"model\.h5 (cannot be used|cannot be loaded as a Keras model): .*\.$"):
        copy(data, maximum_seconds=1)


def test_a_file_that_harms_hdf5_is_harmless_inside_a_keras_archive(copy, harmless, tmp_path):
    evil = rezipped(harmless[".keras"], tmp_path / "evil.keras", {"model.weights.h5": HARMFUL["chunks 1"]})
    with pytest.raises(ColorizeError, match=r"the process that reads it crashed"):
        copy(evil.read_bytes(), "model.keras")


def test_the_clock_ends_the_child_too(copy, monkeypatch):
    monkeypatch.setattr(module, "_WAITING", 0.1)
    with pytest.raises(ColorizeError, match=r"cannot be used: reading it takes longer than [0-9.]+ seconds\.$"):
        copy(HARMFUL["heap of texts"])


def test_a_child_that_cannot_be_started_is_a_sentence(copy, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ColorizeError, match=r"model\.h5 cannot be read: .*/nowhere/python"):
        copy(SOUND)
    monkeypatch.undo()
    monkeypatch.setattr(module, "_PROGRAM", "import nowhere")
    with pytest.raises(ColorizeError, match=r"model\.h5 cannot be read: the process .* did not start"):
        copy(SOUND)


def test_the_child_finds_the_package_where_it_is_in_a_relative_folder(harmless, monkeypatch):
    monkeypatch.chdir(PROJECT)
    program = (
        "import sys; from pathlib import Path; from colorizer.network.clean_copy import clean_copy\n"
        "from colorizer.settings import ModelLimits\n"
        "with clean_copy(Path(sys.argv[1]), ModelLimits()) as clean: print(clean.weights.is_file())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(harmless[".h5"])],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "True\n", done.stderr


def test_a_copy_holds_the_arrays_and_attributes_but_not_the_optimizer(tmp_path):
    packed = np.random.default_rng(0).random((100, 100), np.float32)
    values = {"text": "Füße", "bytes": b"tensorflow", "names": ["a", "bc"], "number": 3, "empty": np.zeros(0)}
    (tmp_path / "model.h5").write_bytes(
        written(
            array("a/kernel", np.ones((3, 3, 1, 4), np.float32)), array("a/bias", np.ones(4, np.float16)),
            array("b/is_trained", np.ones(3, bool)), array("b/c/seed", np.uint64(1)), array("none", np.ones((0, 5))),
            array("packed", packed, compression=9, shuffle=True, fletcher32=True, chunks=(7, 7)),
            array("optimizer_weights/momentum", ONES), attribute("training_config", "{}"),
            *(attribute(name, value) for name, value in values.items()),
        )
    )  # fmt: skip
    with clean_copy(tmp_path / "model.h5", ModelLimits()) as clean:
        assert clean.config is None
        with h5py.File(clean.weights) as file:
            assert set(file) == {"a", "b", "none", "packed"}
            assert np.array_equal(file["packed"][()], packed)
            assert {str(each.dtype) for each in (*file["a"].values(), file["b/is_trained"])} == {
                "float32", "float16", "bool",
            }  # fmt: skip
            assert set(file.attrs) == set(values)
            assert file.attrs["text"] == "Füße"
            assert list(file.attrs["names"]) == ["a", "bc"]
    assert not clean.weights.exists()


@pytest.mark.parametrize("newer", [{"libver": "latest"}, {"track_order": True}, {"userblock_size": 0}])
def test_files_of_newer_layouts_are_copied(copy, newer):
    assert np.array_equal(copy(written(array("a/b", ONES), **newer))["a/b"], ONES)


@pytest.mark.parametrize("index", [*GROUPS, CHUNKS])
@pytest.mark.parametrize("side", [8, 16])
def test_an_index_that_is_its_own_neighbor_is_copied_whole(copy, index, side):
    """HDF5 does not follow neighbors here; the copy has none of it."""
    found = copy(patched(SOUND, index + side, "<Q", index))
    assert {name: values.size for name, values in found.items()} == {"group/a": 3, "pieces": 8, "spare": 20_000}


def test_models_are_copied_in_threads(harmless):
    def config_of(path: Path) -> dict:
        with clean_copy(path, ModelLimits()) as clean:
            return json.loads(clean.config)["config"]["layers"][0]["class_name"]

    with ThreadPoolExecutor(4) as executor:
        assert set(executor.map(config_of, [*harmless.values()] * 2)) == {"InputLayer"}


def soft_link(file: h5py.File) -> None:
    file["again"] = h5py.SoftLink("/a")


def external_link(file: h5py.File) -> None:
    file["secret"] = h5py.ExternalLink("/etc/other.h5", "/weights")


def link_to_an_ancestor(file: h5py.File) -> None:
    file["group/up"] = file["/"]


def one_array_twice(file: h5py.File) -> None:
    file["twin"] = file["a"]


def virtual_dataset(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "weights", (4,))
    file.create_virtual_dataset("virtual", layout)


def outside_storage(file: h5py.File) -> None:
    file.create_dataset("outside", (4,), "u1", external=[("/etc/passwd", 0, 4)])


def absurd_shape(file: h5py.File) -> None:
    """CVE-2026-0897: a few bytes of file that claim to be 400 TB of weights."""
    file.create_dataset("absurd", (10**7, 10**7), "f4", chunks=(1000, 1000))


def chunk_that_inflates_to_more(file: h5py.File) -> None:
    part = file.create_dataset("liar", (1000,), "f4", chunks=(1000,), compression=1)
    part.id.write_direct_chunk((0,), zlib.compress(bytes(50_000_000))[:-1])


def unknown_filter(file: h5py.File) -> None:
    """A filter that HDF5 would load as a library when the array is read."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk((4,))
    creation.set_filter(32015, h5py.h5z.FLAG_OPTIONAL)
    space = h5py.h5s.create_simple((4,))
    part = h5py.h5d.create(file.id, b"packed", h5py.h5t.NATIVE_FLOAT, space, dcpl=creation)
    part.write_direct_chunk((0,), bytes(16))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (soft_link, "'again' is a link to elsewhere"),
        (external_link, "'secret' is a link to elsewhere"),
        (link_to_an_ancestor, "'up' is a link to another part"),
        (one_array_twice, "'twin' is a link to another part"),
        (virtual_dataset, "'virtual' is stored in another file"),
        (outside_storage, "'outside' is stored in another file"),
        (absurd_shape, "its weights need more than 500 MB"),
        (chunk_that_inflates_to_more, "it is damaged"),
        (unknown_filter, "it is damaged"),
        (lambda file: file.create_dataset("gone", (1000, 1000), "f4"), "data of its part 'gone' is missing"),
        (lambda file: file.create_dataset("wide", (4,), "f4", maxshape=(None,), chunks=(10**8,)), "is missing"),
        (lambda file: file.create_dataset("crumbs", (1000, 1000), "f4", chunks=(1, 1)), "is missing"),
        (lambda file: file.__setitem__("null", h5py.Empty("f4")), "data of its part 'null' is missing"),
        (lambda file: file.__setitem__("text", np.array([b"text"])), "'text' is not an array of numbers"),
        (lambda file: file.__setitem__("complex", np.ones(3, complex)), "'complex' is not an array of numbers"),
        (lambda file: file.__setitem__("type", np.dtype("f4")), "'type' is not an array of numbers"),
        (lambda file: file.create_dataset("text", data=["x" * 1000] * 4, dtype=h5py.string_dtype()), "not an array"),
        (lambda file: file.attrs.__setitem__("there", file["a"].ref), "attribute 'there' is neither numbers nor text"),
        (lambda file: file.attrs.__setitem__("names", "x" * 11_000_000), "its names and attributes are too long"),
        (lambda file: file.attrs.__setitem__("model_config", ["{}", "{}"]), "its network is not text"),
        (lambda file: file.attrs.__setitem__("model_config", "x" * 5_000_001), "its network is too large"),
    ],
)  # fmt: skip
def test_what_no_model_needs_is_refused(copy, change, reason):
    with pytest.raises(ColorizeError, match=re.escape(reason)):
        copy(written(array("a", ONES), array("group/b", ONES), change))


def test_a_file_may_be_just_as_large_as_allowed(copy):
    parts = written(array("a/b/c", ONES), array("a/d", ONES), array("e", ONES))
    assert copy(parts, maximum_objects=6)
    with pytest.raises(ColorizeError, match="it has more than 5 parts"):
        copy(parts, maximum_objects=5)
    with pytest.raises(ColorizeError, match="cannot be used: it is larger than 0 GB"):
        copy(parts, maximum_bytes=len(parts) - 1)
    packed = written(array("a", np.zeros(100_000, np.float32), compression=9))
    assert copy(packed, maximum_inflated_bytes=400_000)
    with pytest.raises(ColorizeError, match="its weights need more than"):
        copy(packed, maximum_inflated_bytes=399_999)


def rezipped(source: Path, target: Path, changed: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    """Copy a `.keras` file with some of its members changed or added."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", how) as new:
        for name, data in ({name: old.read(name) for name in old.namelist()} | changed).items():
            new.writestr(name, data)
    return target


def bomb(harmless: dict[str, Path], folder: Path) -> bytes:
    return rezipped(harmless[".keras"], folder / "0.keras", {"model.weights.h5": bytes(600_000_000)}).read_bytes()


def many_members(harmless: dict[str, Path], folder: Path) -> bytes:
    return rezipped(harmless[".keras"], folder / "0.keras", {str(number): b"" for number in range(2000)}).read_bytes()


def asset(harmless: dict[str, Path], folder: Path) -> bytes:
    return rezipped(harmless[".keras"], folder / "0.keras", {"assets/vocabulary.txt": b""}).read_bytes()


def shorter_than_it_says(harmless: dict[str, Path], folder: Path) -> bytes:
    data = rezipped(harmless[".keras"], folder / "0.keras", {}, zipfile.ZIP_STORED).read_bytes()
    listed = data.rindex(b"model.weights.h5") - 46  # its entry in the directory: APPNOTE.TXT 4.3.12
    return patched(data, listed + 24, "<I", struct.unpack_from("<I", data, listed + 24)[0] - 1)


@pytest.mark.parametrize(
    ("craft", "reason"),
    [
        (bomb, "it unpacks to more than 500 MB"),
        (many_members, "it contains '0', which is not part of a Keras model"),
        (asset, r"it contains 'assets/vocabulary\.txt', which is not part of a Keras model"),
        (shorter_than_it_says, "it is damaged"),
    ],
)
def test_archives_that_are_not_what_keras_writes_are_refused(copy, tmp_path, harmless, craft, reason):
    with pytest.raises(ColorizeError, match=reason):
        copy(craft(harmless, tmp_path), "model.keras")


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archives_packed_in_any_way_are_copied(copy, tmp_path, harmless, how):
    packed = rezipped(harmless[".keras"], tmp_path / "packed.keras", {}, how)
    assert copy(packed.read_bytes(), "model.keras")


def test_a_member_that_inflates_to_more_than_it_says_is_cut_there(copy, tmp_path, harmless):
    with zipfile.ZipFile(harmless[".keras"]) as archive:
        honest = archive.read("model.weights.h5")
    more = {"model.weights.h5": honest + bytes(50_000_000)}
    data = rezipped(harmless[".keras"], tmp_path / "liar.keras", more).read_bytes()
    for said in (len, zlib.crc32):
        data = data.replace(struct.pack("<I", said(more["model.weights.h5"])), struct.pack("<I", said(honest)))
    assert len(copy(data, "model.keras")) == len(copy(harmless[".keras"].read_bytes(), "model.keras"))


def test_the_environment_of_the_child_is_not_that_of_the_person(copy, tmp_path, monkeypatch):
    """Neither a variable nor a file in the current folder takes the place of a library."""
    evil = tmp_path / "evil"
    evil.mkdir()
    for name in ("h5py.py", "sitecustomize.py", "json.py"):
        (evil / name).write_text("raise SystemExit(0)")
    monkeypatch.setenv("PYTHONPATH", str(evil))
    monkeypatch.chdir(evil)
    assert os.fspath(evil) not in sys.path
    assert copy(SOUND)
    shutil.rmtree(evil)
