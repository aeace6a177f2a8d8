import shutil
import sys

import pytest
from PIL import Image

from colorizer.dataset.check import check_photos, colour_format
from colorizer.dataset.find import find_files
from colorizer.errors import MissingPackage
from colorizer.photos.formats import read_formats
from colorizer.settings import Reading
from tests.conftest import SHIPPED


def test_the_check_sorts_every_file_into_one_of_its_kinds(colour_folder):
    shutil.copy(SHIPPED / "camera.png", colour_folder / "gray.png")
    shutil.copy(SHIPPED / "horse.png", colour_folder / "gray with alpha.png")
    (colour_folder / "text.jpg").write_text("not a photo")
    (colour_folder / "cut.jpg").write_bytes((colour_folder / "coffee.jpg").read_bytes()[:9000])
    seen = []
    check = check_photos(find_files(colour_folder), True, progress=lambda done, total: seen.append((done, total)))
    assert check.colour_format == "RGB"
    assert len(check.fine) == 8
    assert {path.name for path, _ in check.unreadable} == {"text.jpg", "cut.jpg"}
    assert {path.name for path, _ in check.wrong_format} == {"gray.png", "gray with alpha.png"}
    assert seen == [(done, 12) for done in range(13)]


def test_the_format_most_photos_have_is_the_one_to_train_on(tmp_path, astronaut):
    image = Image.fromarray(astronaut[:64, :64])
    transparent = image.convert("RGBA")
    transparent.putalpha(Image.linear_gradient("L").resize(image.size))
    image.convert("L").save(tmp_path / "1 gray.png")
    transparent.save(tmp_path / "2 transparent.png")
    image.save(tmp_path / "3 without.png")
    image.convert("RGBA").save(tmp_path / "4 opaque.png")
    check = check_photos(find_files(tmp_path), True)
    assert check.colour_format == colour_format(find_files(tmp_path)) == "RGB"
    assert [path.name for path in check.fine] == ["3 without.png", "4 opaque.png"]
    assert [(path.name, form) for path, form in check.wrong_format] == [
        ("1 gray.png", "gray"),
        ("2 transparent.png", "RGBA"),
    ]
    for name in ("5.png", "6.png"):
        transparent.save(tmp_path / name)
    check = check_photos(find_files(tmp_path), True)
    assert [path.name for path in check.fine] == ["2 transparent.png", "5.png", "6.png"]


def test_the_format_of_many_files_is_judged_by_some_of_them(tmp_path, astronaut):
    image = Image.fromarray(astronaut[:16, :16])
    for number in range(250):
        image.save(tmp_path / f"{number:03}.png")
    image.putalpha(128)
    image.save(tmp_path / "000.png")
    assert colour_format(find_files(tmp_path)) == "RGB"


def test_for_colorizing_photos_in_colour_stand_apart(tmp_path, astronaut, camera):
    Image.fromarray(astronaut).save(tmp_path / "colour.png")
    Image.fromarray(camera).save(tmp_path / "gray.png")
    Image.fromarray(camera).convert("1").save(tmp_path / "bits.png")
    (tmp_path / "notes.txt").write_text("where these came from")
    check = check_photos(find_files(tmp_path), False)
    assert [path.name for path in check.fine] == ["bits.png", "gray.png"]
    assert [path.name for path in check.in_colour] == ["colour.png"]
    assert not check_photos(find_files(tmp_path), True).in_colour
    assert [path.name for path, _ in check.unreadable] == ["notes.txt"]


def test_whether_a_photo_is_in_colour_is_remembered(tmp_path, astronaut, camera):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.fromarray(astronaut).save(photos / "colour.png")
    Image.fromarray(camera).save(photos / "gray.png")
    reading = Reading(cache_folder=tmp_path / "cache")
    first = check_photos(find_files(photos), False, reading)
    assert [path.name for path in first.in_colour] == ["colour.png"]
    assert check_photos(find_files(photos), False, reading) == first
    assert len(check_photos(find_files(photos), True, reading).fine) == 1


def test_a_check_for_colorizing_finds_out_what_one_for_training_did_not_ask(tmp_path, astronaut):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.fromarray(astronaut).save(photos / "colour.jpg")
    reading = Reading(cache_folder=tmp_path / "cache")
    assert len(check_photos(find_files(photos), True, reading).fine) == 1
    for _ in range(2):
        check = check_photos(find_files(photos), False, reading)
        assert [path.name for path in check.in_colour] == ["colour.jpg"]
        assert not check.fine


def test_a_missing_package_is_an_error_of_the_installation_not_of_each_photo(colour_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    read_formats.cache_clear()
    with pytest.raises(MissingPackage, match=r"pillow-heif is not installed.*pip install"):
        check_photos(find_files(colour_folder), for_training=True)
