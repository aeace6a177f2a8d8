"""Photos as people find them: broken, absurd, in the wrong place; every file gives a photo or one clear sentence."""

import contextlib
import os
import queue
import shutil
import socket
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.fuzz import fuzz, portion, read, seeds
from colorizer.dataset.batches import PhotoBatches
from colorizer.dataset.check import check_photos
from colorizer.dataset.find import find_files
from colorizer.errors import ColorizeError
from colorizer.inference.colorize import Colorized, Failure, colorize_files
from colorizer.network.model_files import load_model
from colorizer.photos.photo import Picture
from colorizer.photos.reading import examine, read_photo, read_square
from colorizer.photos.writing import write_photo
from colorizer.settings import PhotoLimits, Reading
from tests.conftest import SHIPPED


@pytest.mark.slow
@pytest.mark.parametrize("form", sorted(seeds()))
def test_photos_broken_at_random_give_a_photo_or_the_documented_error(form, tmp_path):
    files = seeds()[form]
    for number, data in enumerate(files):
        path = tmp_path / f"{number}.{form.lower()}"
        path.write_bytes(data)
        assert min(read_photo(path).image.size) >= 4
    assert fuzz(form, files, 40) == []


def test_the_fuzzer_sees_an_error_that_is_not_the_documented_one(tmp_path, monkeypatch):
    path = tmp_path / "photo.png"
    path.write_bytes(seeds()["PNG"][0])

    def broken(image, size):
        raise MemoryError

    monkeypatch.setattr("colorizer.photos.reading.kept_exif", broken)
    monkeypatch.setattr("colorizer.photos.reading._readable", lambda path, page=0: contextlib.nullcontext())
    with pytest.raises(MemoryError):
        read(path)
    failures = queue.Queue()
    portion("PNG", 0, 40, seeds()["PNG"], failures)
    assert failures.qsize() > 20


def test_no_file_that_is_no_photo_holds_up_the_check(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket.jpg"))
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("a letter")
    (tmp_path / "script.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    shutil.copy(SHIPPED / "camera.png", tmp_path / "photo.png")
    found = []
    thread = threading.Thread(target=lambda: found.append(check_photos(find_files(tmp_path), False)), daemon=True)
    thread.start()
    thread.join(60)
    server.close()
    assert found, "the check waits for a file that will never come"
    assert [path.name for path in found[0].fine] == ["photo.png"]
    assert all(str(path) in reason for path, reason in found[0].unreadable)
    assert len(found[0].unreadable) == 7
    # Not even asked what it draws: Ghostscript would run what the file says.
    (script,) = [reason for path, reason in found[0].unreadable if path.suffix == ".eps"]
    assert "not a photo but a PostScript file" in script


def test_a_name_that_is_no_text_is_read_and_written(tmp_path):
    name = os.fsdecode(b"gr\xfc\xdfe.png")
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(SHIPPED / "camera.png", folder / name)
    check = check_photos(find_files(folder), False, Reading(cache_folder=tmp_path / "cache"))
    assert check_photos(find_files(folder), False, Reading(cache_folder=tmp_path / "cache")) == check
    original = read_photo(check.fine[0])
    write_photo(tmp_path / name, Picture(original.rgb()), original)
    assert os.fsencode(tmp_path / name) in [os.fsencode(path) for path in tmp_path.iterdir()]


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1), (3, 2)])
def test_photos_of_extreme_shape_are_colorized_at_their_size(tmp_path, size):
    path = tmp_path / "thin.png"
    Image.effect_noise(size, 60).save(path)

    def deliver(path, original, picture):
        write_photo(tmp_path / "out.png", picture, original)

    (outcome,) = colorize_files(load_model(), [path], deliver)
    assert isinstance(outcome, Colorized)
    with Image.open(tmp_path / "out.png") as written:
        assert written.size == size
        assert written.mode == "RGB"


def test_the_limit_of_pixels_can_be_set_and_holds_for_photos_checked_before(tmp_path):
    Image.new("L", (10_000, 10_000)).save(tmp_path / "scan.png")
    dataset, cache = find_files(tmp_path), tmp_path / "cache"
    assert len(check_photos(dataset, False, Reading(cache_folder=cache)).fine) == 1
    strict = PhotoLimits(maximum_pixels=99_000_000)
    ((_, reason),) = check_photos(dataset, False, Reading(strict, cache_folder=cache)).unreadable
    assert "10000 x 10000 pixels exceed the limit of 99 megapixels" in reason


def test_a_small_file_of_too_many_pixels_is_refused_before_memory_is_taken(tmp_path):
    path = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(path)
    assert path.stat().st_size < 100_000
    for reader in (examine, read_photo, lambda path: read_square(path, 32)):
        with pytest.raises(ColorizeError, match="exceed the limit of 300 megapixels"):
            reader(path)


def test_absurd_exif_and_a_broken_profile_do_not_cost_the_photo(tmp_path, astronaut):
    path = tmp_path / "absurd.jpg"
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0132] = 77, "x" * 20_000, "yesterday"
    Image.fromarray(astronaut).save(path, exif=exif, icc_profile=b"no profile" * 50, quality=95)
    photo = read_photo(path)
    assert photo.image.size == (512, 512)
    assert photo.icc_profile is None
    written = tmp_path / "written.jpg"
    write_photo(written, Picture(photo.rgb()), photo)
    assert examine(written).colour_format == "RGB"
    # A date that is a floating-point number, a place at a negative offset, a list of tags that goes on for ever.
    for tag, kind, count, value, tags in (
        (0x0132, 12, 1, 8, 1),
        (0x8825, 9, 1, 2**32 - 16, 1),
        (0x8769, 4, 1, 8, 65535),
    ):
        exif = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHII", tags, tag, kind, count, value) + bytes(4)
        Image.fromarray(astronaut).save(path, exif=exif)
        assert read_photo(path).image.size == (512, 512)


def test_animations_give_their_first_frame(tmp_path, camera):
    frames = [Image.fromarray(camera).convert("P"), Image.new("P", (512, 512), 7)]
    for ending in (".gif", ".png", ".webp", ".tif"):
        path = tmp_path / f"moving{ending}"
        frames[0].convert("RGB").save(path, save_all=True, append_images=[frames[1].convert("RGB")])
        assert np.abs(read_photo(path).luma() * 255 - camera).mean() < 4


def test_adobe_cmyk_and_ycck_jpegs_keep_their_brightness(tmp_path, camera):
    """Adobe's files store inverted ink; Pillow writes CMYK so, and a YCCK file differs by its transform flag only."""
    path = tmp_path / "print.jpg"
    Image.fromarray(camera).convert("RGB").convert("CMYK").save(path, quality=95)
    assert np.abs(read_photo(path).luma() * 255 - camera).mean() < 4


def test_a_photo_that_vanishes_or_breaks_after_the_check_is_named(tmp_path):
    photos = [Path(shutil.copy(SHIPPED / name, tmp_path)) for name in ("astronaut.png", "chelsea.png", "coffee.png")]
    check = check_photos(find_files(tmp_path), True)
    photos[0].unlink()
    photos[1].write_bytes(photos[1].read_bytes()[:4000])
    batches = PhotoBatches(check.fine, 64, 1)
    for number, photo in enumerate(photos[:2]):
        with pytest.raises(ColorizeError, match=photo.name):
            batches[number]
    outcomes = list(colorize_files(load_model(), check.fine, lambda path, original, picture: None))
    assert [type(outcome) for outcome in outcomes] == [Failure, Failure, Colorized]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_photo_without_permission_is_named(tmp_path):
    path = Path(shutil.copy(SHIPPED / "camera.png", tmp_path))
    path.chmod(0)
    with pytest.raises(ColorizeError, match="no permission"):
        read_photo(path)
