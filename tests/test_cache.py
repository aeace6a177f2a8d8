import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import SHIPPED

from colorizer import dataset
from colorizer.cache import Findings, PreparedPhotos
from colorizer.dataset import check_photos, find_files
from colorizer.photo import examine, read_square
from colorizer.settings import CacheSettings

SIDE = 32
PHOTO_BYTES = SIDE * SIDE * 3


class Counting:
    """A preparation that counts how often each photo is decoded."""

    def __init__(self):
        self.decoded: list[str] = []

    def __call__(self, path: Path, side: int) -> np.ndarray:
        self.decoded.append(path.name)
        return read_square(path, side)


@pytest.fixture
def photos(tmp_path) -> list[Path]:
    names = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")
    return [Path(shutil.copy(SHIPPED / name, tmp_path)) for name in names]


@pytest.mark.parametrize(
    ("settings", "decodings"),
    [
        (CacheSettings(memory_bytes=4 * PHOTO_BYTES), 4),
        (CacheSettings(memory_bytes=PHOTO_BYTES, disk_bytes=3 * PHOTO_BYTES), 4),
        (CacheSettings(memory_bytes=0, disk_bytes=2 * PHOTO_BYTES), 6),
        (CacheSettings(memory_bytes=0, disk_bytes=0), 8),
    ],
    ids=["memory", "memory and disk", "disk that is too small", "neither"],
)
def test_prepared_photos_are_the_same_wherever_they_are_kept(tmp_path, photos, settings, decodings):
    prepare = Counting()
    prepared = PreparedPhotos(photos, SIDE, prepare, tmp_path / "cache", settings)
    for _ in range(2):
        for number, path in enumerate(photos):
            assert np.array_equal(prepared[number], read_square(path, SIDE))
    assert len(prepare.decoded) == decodings
    del prepared
    assert not list(tmp_path.glob("cache/*"))


def test_a_photo_that_changed_is_prepared_anew(photos):
    prepared = PreparedPhotos(photos, SIDE, read_square)
    before = prepared[0].copy()
    shutil.copy(SHIPPED / "retina.jpg", photos[0])
    assert not np.array_equal(prepared[0], before)
    assert np.array_equal(prepared[0], read_square(photos[0], SIDE))


def test_a_folder_that_takes_no_files_costs_time_but_not_the_photos(tmp_path, photos):
    (tmp_path / "in the way").write_text("a file")
    prepare = Counting()
    prepared = PreparedPhotos(photos, SIDE, prepare, tmp_path / "in the way", CacheSettings(memory_bytes=0))
    assert all(np.array_equal(prepared[0], read_square(photos[0], SIDE)) for _ in range(2))


def test_only_new_and_changed_files_are_decoded_by_a_second_check(tmp_path, colour_folder, monkeypatch):
    decoded = []

    def counting(path, limits):
        decoded.append(path.name)
        return examine(path, limits)

    monkeypatch.setattr(dataset, "examine", counting)
    cache = tmp_path / "cache"
    (colour_folder / "broken.jpg").write_bytes(b"broken")
    first = check_photos(find_files(colour_folder), True, cache_folder=cache)
    assert len(decoded) == 9
    assert check_photos(find_files(colour_folder), True, cache_folder=cache) == first
    assert decoded[9:] == ["broken.jpg"]  # what cannot be read is looked at again: it may have been mended
    (colour_folder / "broken.jpg").unlink()
    decoded.clear()
    state = (colour_folder / "coffee.jpg").stat()
    shutil.copy(SHIPPED / "camera.png", colour_folder / "coffee.jpg")
    shutil.copy(SHIPPED / "astronaut.png", colour_folder / "new.png")
    second = check_photos(find_files(colour_folder), True, cache_folder=cache)
    assert sorted(decoded) == ["coffee.jpg", "new.png"]
    assert [path.name for path, _ in second.wrong_format] == ["coffee.jpg"]
    assert len(second.fine) == 8
    os.utime(colour_folder / "coffee.jpg", ns=(0, state.st_mtime_ns))
    check_photos(find_files(colour_folder), True, cache_folder=cache)
    assert decoded[2:] == ["coffee.jpg"]
    check_photos(find_files(colour_folder / "new.png"), True, cache_folder=cache)
    decoded.clear()
    check_photos(find_files(colour_folder), True, cache_folder=cache)
    assert decoded == []


def test_a_damaged_cache_is_no_cache(tmp_path, colour_folder):
    cache = tmp_path / "cache"
    first = check_photos(find_files(colour_folder), True, cache_folder=cache)
    (file,) = cache.rglob("*.json")
    file.write_text("{ damaged")
    assert check_photos(find_files(colour_folder), True, cache_folder=cache) == first


def test_the_oldest_folders_are_forgotten(tmp_path):
    for number in range(4):
        findings = Findings(tmp_path / "cache", tmp_path / str(number), CacheSettings(remembered_folders=2))
        findings.remember("photo.jpg", (1, 1), ["readable", "RGB"])
        findings.save()
    assert len(list((tmp_path / "cache").rglob("*.json"))) == 2
