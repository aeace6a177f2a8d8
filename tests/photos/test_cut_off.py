"""Photos whose end is missing, as interrupted downloads and broken cards leave them."""

import io

import numpy as np
import pytest
from PIL import Image

from colorizer.dataset.check import check_photos
from colorizer.dataset.find import find_files
from colorizer.errors import ColorizeError
from colorizer.inference.colorize import colorize_files
from colorizer.network.model_files import load_model
from colorizer.photos.reading import CutOff, examine, read_photo, read_square
from colorizer.settings import PhotoLimits, Reading

TAKING = PhotoLimits(takes_cut_off=True)


def encoded(pixels: np.ndarray, form: str, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form, **options)
    return file.getvalue()


def cut(tmp_path, content: bytes, share: float, name: str):
    path = tmp_path / name
    path.write_bytes(content[: int(len(content) * share)])
    return path


CASES = [
    ("gray.jpg", "JPEG", {}),
    ("colour.jpg", "JPEG", {"quality": 90}),
    ("restarts.jpg", "JPEG", {"restart_marker_rows": 1}),
    ("gray.png", "PNG", {}),
    ("colour.png", "PNG", {}),
]


@pytest.mark.parametrize(("name", "form", "options"), CASES)
@pytest.mark.parametrize("share", [0.4, 0.75])
def test_what_is_there_is_read_and_the_rest_is_empty(tmp_path, astronaut, camera, name, form, options, share):
    pixels = camera if name.startswith("gray") else astronaut
    path = cut(tmp_path, encoded(pixels, form, **options), share, name)
    whole = np.asarray(Image.open(io.BytesIO(encoded(pixels, form, **options))))
    with pytest.raises(CutOff, match=rf"Cannot read .*{name}: it is cut off; [1-9]\d? % of it can be decoded"):
        read_photo(path)
    photo = read_photo(path, TAKING)
    left, top, right, bottom = photo.missing
    assert (left, right, bottom) == (0, 1, 1)
    assert abs(top - share) < 0.25  # a file's bytes are not spread evenly
    rows = int(top * 512)
    shown = np.asarray(photo.image)
    assert np.array_equal(shown[: rows - 16], whole[: rows - 16])
    assert np.abs(shown[rows + 16 :].astype(int) - (128 if form == "JPEG" else 0)).max() <= 1
    facts = examine(path, TAKING)
    assert facts.cut_off.startswith(f"{path} is cut off; {int(100 * top)} % of it")
    assert facts.colour_format == ("gray" if name.startswith("gray") else "RGB")
    assert read_square(path, 64, TAKING).shape == (64, 64, 3)
    for read in (examine, lambda path: read_square(path, 64)):
        with pytest.raises(CutOff):
            read(path)


def test_an_interlaced_png_and_a_progressive_jpeg_are_read_with_less_detail(tmp_path, astronaut):
    whole = encoded(astronaut, "JPEG", progressive=True)
    path = cut(tmp_path, whole, 0.5, "a.jpg")
    with pytest.raises(CutOff, match="all of it, with less detail, can be decoded"):
        read_photo(path)
    photo = read_photo(path, TAKING)
    assert photo.missing is None
    assert np.abs(np.asarray(photo.image).astype(int) - astronaut).mean() < 10


def test_the_missing_part_of_a_photo_on_its_side_is_where_it_is_shown(tmp_path, camera):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = cut(tmp_path, encoded(camera, "JPEG", exif=exif), 0.6, "a.jpg")
    photo = read_photo(path, TAKING)
    left, top, right, bottom = photo.missing
    assert (left, top, bottom) == (0, 0, 1)
    assert np.abs(np.asarray(photo.image)[:, : int(right * 512) - 16].astype(int) - 128).max() <= 1


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_what_has_no_row_is_damaged(tmp_path, camera, ending):
    content = encoded(camera, {"jpg": "JPEG", "png": "PNG"}[ending])
    for size in (30, 340 if ending == "jpg" else 50):
        (tmp_path / f"a.{ending}").write_bytes(content[:size])
        with pytest.raises(ColorizeError, match="damaged") as raised:
            read_photo(tmp_path / f"a.{ending}", TAKING)
        assert not isinstance(raised.value, CutOff)


def test_the_missing_part_stays_without_colour(tmp_path, camera):
    path = cut(tmp_path, encoded(camera, "JPEG"), 0.5, "a.jpg")
    top = int(read_photo(path, TAKING).missing[1] * 512)
    pictures = []
    list(colorize_files(load_model(), [path], lambda *of: pictures.append(of[2]), reading=Reading(TAKING)))
    spread = np.ptp(np.asarray(pictures[0].image).astype(int), axis=2)
    assert spread[top + 24 :].max() == 0
    assert spread[: top - 24].mean() > 1


def test_the_check_names_them_apart_and_takes_them_where_they_are_wanted(tmp_path, camera, astronaut):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.fromarray(camera).save(photos / "whole.png")
    cut(photos, encoded(camera, "JPEG"), 0.7, "cut.jpg")
    cut(photos, encoded(astronaut, "PNG"), 0.7, "colour.png")
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    files, cache = find_files(photos), tmp_path / "cache"
    for _ in range(2):  # what is remembered changes nothing
        taken = check_photos(files, False, Reading(TAKING, cache_folder=cache))
        assert [path.name for path in taken.fine] == ["cut.jpg", "whole.png"]
        assert [path.name for path in taken.in_colour] == ["colour.png"]
        check = check_photos(files, False, Reading(cache_folder=cache))
        assert [path.name for path in check.fine] == ["whole.png"]
        for found in (check, taken):
            assert [path.name for path, _ in found.cut_off] == ["colour.png", "cut.jpg"]
            assert [path.name for path, _ in found.unreadable] == ["broken.jpg"]
    for_training = check_photos(files, True, Reading(TAKING, cache_folder=cache))
    assert not for_training.cut_off
    assert [path.name for path, _ in for_training.unreadable] == ["broken.jpg", "colour.png", "cut.jpg"]
