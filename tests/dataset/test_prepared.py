import shutil
from pathlib import Path

import numpy as np
import pytest

from colorizer.dataset.batches import PreparedPhotos
from colorizer.photos.reading import read_square
from colorizer.settings import CacheSettings
from tests.conftest import SHIPPED

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
