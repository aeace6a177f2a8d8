import os
from pathlib import Path

import pytest

from colorizer.dataset.find import Paths, chosen, find_files

NAMES = ["a.jpg", "b/שלום.jpg", os.fsdecode(b"b/\xff.jpg"), "b/c/😀.jpg"]


def test_paths_are_what_a_tuple_of_them_is():
    paths, plain = Paths(Path("photos"), NAMES), tuple(Path("photos", name) for name in NAMES)
    assert paths == plain and tuple(paths) == plain and len(paths) == 4
    assert (paths[1], paths[-1], paths[::2], plain[2] in paths) == (plain[1], plain[-1], plain[::2], True)
    assert chosen(paths, [3, 0]) == chosen(plain, [3, 0]) == (plain[3], plain[0])
    assert paths != plain[:3] and paths != (*plain[:3], Path("photos/other.jpg"))
    with pytest.raises(IndexError):
        paths[4]


def test_files_are_sorted_as_their_paths_are(tmp_path):
    for name in ("b/1", "b.c/1", "b-1", "b/a/1", "B", "a", "b/-"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    files = find_files(tmp_path).files
    assert len(files) == 7
    assert list(files) == sorted(files)
