import os
import shutil

import pytest

from colorizer.dataset import check
from colorizer.dataset.check import Findings, check_photos
from colorizer.dataset.find import find_files
from colorizer.photos.reading import examine
from colorizer.settings import CacheSettings, Reading
from tests.conftest import SHIPPED


def test_only_new_and_changed_files_are_decoded_by_a_second_check(tmp_path, colour_folder, monkeypatch):
    decoded = []

    def counting(path, limits, tells_toned):
        decoded.append(path.name)
        return examine(path, limits, tells_toned)

    monkeypatch.setattr(check, "examine", counting)
    cache = tmp_path / "cache"
    (colour_folder / "broken.jpg").write_bytes(b"broken")
    first = check_photos(find_files(colour_folder), True, Reading(cache_folder=cache))
    assert len(decoded) == 9
    assert check_photos(find_files(colour_folder), True, Reading(cache_folder=cache)) == first
    assert decoded[9:] == ["broken.jpg"]  # what cannot be read is looked at again: it may have been mended
    (colour_folder / "broken.jpg").unlink()
    decoded.clear()
    state = (colour_folder / "coffee.jpg").stat()
    shutil.copy(SHIPPED / "camera.png", colour_folder / "coffee.jpg")
    shutil.copy(SHIPPED / "astronaut.png", colour_folder / "new.png")
    second = check_photos(find_files(colour_folder), True, Reading(cache_folder=cache))
    assert sorted(decoded) == ["coffee.jpg", "new.png"]
    assert [path.name for path, _ in second.wrong_format] == ["coffee.jpg"]
    assert len(second.fine) == 8
    os.utime(colour_folder / "coffee.jpg", ns=(0, state.st_mtime_ns))
    check_photos(find_files(colour_folder), True, Reading(cache_folder=cache))
    assert decoded[2:] == ["coffee.jpg"]
    check_photos(find_files(colour_folder / "new.png"), True, Reading(cache_folder=cache))
    decoded.clear()
    check_photos(find_files(colour_folder), True, Reading(cache_folder=cache))
    assert decoded == []


def test_a_damaged_cache_is_no_cache(tmp_path, colour_folder):
    cache = tmp_path / "cache"
    first = check_photos(find_files(colour_folder), True, Reading(cache_folder=cache))
    (file,) = cache.rglob("*.json")
    file.write_text("{ damaged")
    assert check_photos(find_files(colour_folder), True, Reading(cache_folder=cache)) == first


def test_the_oldest_folders_are_forgotten(tmp_path):
    for number in range(4):
        findings = Findings(tmp_path / "cache", tmp_path / str(number), CacheSettings(remembered_folders=2))
        findings.remember("photo.jpg", (1, 1), ["readable", "RGB"])
        findings.save()
    assert len(list((tmp_path / "cache").rglob("*.json"))) == 2


@pytest.mark.parametrize(
    "odd",
    [
        "null", "3", '"text"', "[]", "[[]]", "[" * 100_000, '{"%s": null}', '{"%s": []}', '{"%s": {"0": 1}}',
        '{"%s": ["1", "2", []]}', '{"%s": [%d, %d, null]}', '{"%s": [%d, %d, ["readable"]]}',
        '{"%s": [%d, %d, ["readable", 3, "many", true]]}', '{"%s": [%d, %d, ["readable", "RGB", {}, true]]}',
        '{"%s": [%d, %d, [["readable"], "RGB", 3, true]]}',
    ],
)  # fmt: skip
def test_a_cache_of_another_shape_is_no_cache(tmp_path, colour_folder, odd):
    photo = colour_folder / "coffee.jpg"
    first = check_photos(find_files(colour_folder), True, Reading(cache_folder=tmp_path / "cache"))
    (file,) = (tmp_path / "cache").rglob("*.json")
    values = (str(photo), photo.stat().st_size, photo.stat().st_mtime_ns)
    file.write_text(odd % values[: odd.count("%")])
    assert check_photos(find_files(colour_folder), True, Reading(cache_folder=tmp_path / "cache")) == first


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_in_the_place_of_the_cache_is_not_waited_for(tmp_path, colour_folder):
    first = check_photos(find_files(colour_folder), True, Reading(cache_folder=tmp_path / "cache"))
    (file,) = (tmp_path / "cache").rglob("*.json")
    file.unlink()
    os.mkfifo(file)
    assert check_photos(find_files(colour_folder), True, Reading(cache_folder=tmp_path / "cache")) == first
    assert file.is_file()
