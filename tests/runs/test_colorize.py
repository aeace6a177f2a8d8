import os
import shutil
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from benchmarks.kill import unreadable
from colorizer.dataset.check import LeftOut, check_photos
from colorizer.dataset.find import find_files
from colorizer.errors import ColorizeError, Interrupted
from colorizer.inference.colorize import Adjustment
from colorizer.inference.hints import Hint
from colorizer.network.model_files import load_model
from colorizer.photos.color import luma
from colorizer.photos.reading import read_photo
from colorizer.runs.colorize import ColorizeJob, colorize_photos
from colorizer.runs.folders import new_run
from colorizer.settings import PhotoLimits, Reading
from tests.conftest import SHIPPED


@pytest.mark.slow
def test_ctrl_c_between_two_photos_stops_the_writing_before_the_complete_ones_are_counted(
    small_model, tmp_path, gray_folder
):
    at_work = set(threading.enumerate())
    photos = find_files(gray_folder)
    run = new_run(tmp_path / "out", "colorize")
    job = ColorizeJob(load_model(small_model), photos.files, photos.root, run)
    with pytest.raises(Interrupted) as interrupted:
        colorize_photos(job, lambda done, total: signal.raise_signal(signal.SIGINT))
    assert set(threading.enumerate()) <= at_work
    complete = len(list(run.results.glob("*.png")))
    assert 0 < complete < 200
    assert f"{complete} of 200 color photos are complete" in str(interrupted.value)
    assert unreadable(tmp_path / "out") == []
    result = colorize_photos(replace(job, run=new_run(tmp_path / "out", "colorize"), goes_on=True))
    assert (result.folder, result.made_before) == (run.results, complete)
    assert len(result.pictures) == len(list(run.results.glob("*.png"))) == 200


def test_photos_are_written_as_the_limits_say(tmp_path, small_model):
    Image.open(SHIPPED / "camera.png").save(tmp_path / "a.jpg")
    os.utime(tmp_path / "a.jpg", ns=(1_000_000_000, 1_000_000_000))
    Image.new("L", (8, 8)).save(tmp_path / "reference.jpg", quality=30)
    limits = PhotoLimits(jpeg_quality=30, keeps_dates=False)
    job = ColorizeJob(
        load_model(small_model),
        [tmp_path / "a.jpg"],
        tmp_path,
        new_run(tmp_path / "out", "colorize"),
        reading=Reading(limits),
    )
    (written,) = colorize_photos(job).pictures.values()
    with Image.open(written) as image, Image.open(tmp_path / "reference.jpg") as reference:
        assert image.quantization[0] == reference.quantization[0]
    assert written.stat().st_mtime_ns > 1_000_000_000
    (kept,) = colorize_photos(
        replace(job, run=new_run(tmp_path / "out", "colorize"), reading=Reading())
    ).pictures.values()
    assert kept.stat().st_mtime_ns == 1_000_000_000


def test_pictures_of_one_name_from_two_folders_stay_two(tmp_path, small_model):
    cat, coffee = tmp_path / "photos" / "a.png", tmp_path / "photos" / "sub" / "a.png"
    coffee.parent.mkdir(parents=True)
    Image.open(SHIPPED / "chelsea.png").save(cat)
    Image.open(SHIPPED / "coffee.png").save(coffee)
    run = new_run(tmp_path / "out", "colorize")
    result = colorize_photos(ColorizeJob(load_model(small_model), [cat, coffee], tmp_path / "photos", run))
    assert result.pictures == {cat: run.results / "a.png", coffee: run.results / "sub" / "a.png"}
    for photo, picture in result.pictures.items():
        true, made = (luma(np.asarray(Image.open(path).convert("RGB"))) for path in (photo, picture))
        assert np.abs(true - made).mean() < 1


@pytest.fixture
def two_photos(tmp_path) -> Path:
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    Image.open(SHIPPED / "camera.png").save(folder / "a.png")
    Image.open(SHIPPED / "coins.png").save(folder / "sub" / "b.png")
    return folder


def job_of(tmp_path, model, source, **changes) -> ColorizeJob:
    photos = find_files(source)
    return ColorizeJob(load_model(model), photos.files, photos.root, new_run(tmp_path / "out", "colorize"), **changes)


def test_photos_go_into_the_folder_that_is_named_and_what_is_there_stays(tmp_path, small_model, two_photos):
    target = tmp_path / "in colour"
    target.mkdir()
    (target / "a.png").write_bytes(b"mine")
    (target / "index.html").write_text("mine too")
    first = colorize_photos(job_of(tmp_path, small_model, two_photos, folder=target))
    assert {path.relative_to(target).as_posix() for path in first.pictures.values()} == {"a-2.png", "sub/b.png"}
    assert (target / "a.png").read_bytes() == b"mine"
    assert (target / "index.html").read_text() == "mine too"
    assert first.page.parent == target
    again = colorize_photos(job_of(tmp_path, small_model, two_photos, folder=target))
    assert (again.made_before, again.pictures, again.page) == (2, first.pictures, first.page)
    livelier = colorize_photos(job_of(tmp_path, small_model, two_photos, folder=target, adjustment=Adjustment(1.5)))
    assert not set(livelier.pictures.values()) & set(first.pictures.values())
    with pytest.raises(ColorizeError, match="is the folder of the photos"):
        colorize_photos(job_of(tmp_path, small_model, two_photos, folder=two_photos))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_where_a_picture_was_is_not_taken_for_it(tmp_path, small_model, two_photos):
    target = tmp_path / "in color"
    first = colorize_photos(job_of(tmp_path, small_model, two_photos, folder=target))
    (target / "a.png").unlink()
    os.mkfifo(target / "a.png")
    again = colorize_photos(job_of(tmp_path, small_model, two_photos, folder=target))
    assert again.made_before == 1
    assert all(path.is_file() for path in again.pictures.values())
    assert len(again.pictures) == len(first.pictures)


def test_a_folder_with_pictures_of_two_sources_knows_those_of_each(tmp_path, small_model, two_photos):
    other, target = tmp_path / "others", tmp_path / "in colour"
    shutil.copytree(two_photos, other)
    first = colorize_photos(job_of(tmp_path, small_model, two_photos, folder=target))
    second = colorize_photos(job_of(tmp_path, small_model, other, folder=target))
    assert not set(first.pictures.values()) & set(second.pictures.values())
    assert first.page != second.page
    again = colorize_photos(job_of(tmp_path, small_model, two_photos, folder=target))
    assert (again.made_before, again.pictures, again.page) == (2, first.pictures, first.page)


@pytest.mark.parametrize("is_beside", [True, False])
def test_a_file_that_comes_while_photos_are_colorized_is_not_replaced(
    tmp_path, small_model, two_photos, is_beside, monkeypatch
):
    place = {"is_beside": True} if is_beside else {"folder": tmp_path / "in colour"}
    wanted = two_photos / "a-color.png" if is_beside else tmp_path / "in colour" / "a.png"

    def counted(photo):  # which happens once names are reserved
        wanted.write_bytes(b"mine")
        return 1

    monkeypatch.setattr("colorizer.runs.colorize.page_count", counted)
    result = colorize_photos(job_of(tmp_path, small_model, two_photos, **place))
    assert wanted.read_bytes() == b"mine"
    assert result.pictures[two_photos / "a.png"] == wanted.with_stem(f"{wanted.stem}-2")
    assert all(path.is_file() for path in result.pictures.values())
    monkeypatch.undo()
    again = colorize_photos(job_of(tmp_path, small_model, two_photos, goes_on=True, **place))
    assert again.made_before == 2
    assert len(find_files(two_photos).files) == 2


def test_photos_beside_their_originals_are_not_taken_for_originals(tmp_path, small_model, two_photos):
    result = colorize_photos(job_of(tmp_path, small_model, two_photos, is_beside=True))
    assert set(result.pictures.values()) == {two_photos / "a-color.png", two_photos / "sub" / "b-color.png"}
    found = find_files(two_photos)
    assert ([path.name for path in found.files], found.results) == (["a.png", "b.png"], 2)
    gone_on = colorize_photos(job_of(tmp_path, small_model, two_photos, is_beside=True, goes_on=True))
    assert (gone_on.made_before, gone_on.pictures) == (2, result.pictures)
    anew = colorize_photos(job_of(tmp_path, small_model, two_photos, is_beside=True))
    assert set(anew.pictures.values()) == {two_photos / "a-color-2.png", two_photos / "sub" / "b-color-2.png"}
    assert len(find_files(two_photos).files) == 2


def test_copies_named_by_earlier_versions_are_known(tmp_path, small_model, two_photos):
    result = colorize_photos(job_of(tmp_path, small_model, two_photos, is_beside=True))
    old = two_photos / "a-colour.png"
    result.pictures[two_photos / "a.png"].rename(old)
    (two_photos / ".colorizer-beside.json").write_text('["a-colour.png"]')
    assert [path.name for path in find_files(two_photos).files] == ["a.png", "b.png"]
    again = colorize_photos(job_of(tmp_path, small_model, two_photos, is_beside=True, goes_on=True))
    assert again.made_before == 2
    assert again.pictures[two_photos / "a.png"] == old
    assert not (two_photos / "a-color.png").exists()


def test_the_page_shows_all_photos_of_a_run_that_goes_on_and_what_was_left_out(tmp_path, small_model, two_photos):
    (two_photos / "broken.png").write_bytes(b"\x89PNG")
    (two_photos / "letter.pdf").write_bytes(b"%PDF-1.7")
    (two_photos / "Thumbs.db").write_bytes(b"x")
    Image.open(SHIPPED / "astronaut.png").save(two_photos / "in color.png")
    check = check_photos(find_files(two_photos), for_training=False)
    run = new_run(tmp_path / "out", "colorize")
    job = ColorizeJob(load_model(small_model), check.fine, check.root, run, left_out=check.left_out())
    first = colorize_photos(replace(job, photos=check.fine[:1]))
    shutil.rmtree(first.folder / "sheets" / "thumbnails")  # as after an earlier version
    steps = []
    result = colorize_photos(replace(job, goes_on=True), lambda done, total: steps.append((done, total)))
    assert (result.folder, result.made_before, steps[-1]) == (first.folder, 1, (2, 2))
    page = result.page.read_text(encoding="utf-8")
    assert f"<h1>photos, {time.strftime('%B')}" in page
    assert page.count('class="before"') == 2
    assert all(name in page for name in ("a.png", "sub/b.png", "broken.png", "letter.pdf", "in color.png"))
    text = result.left_out.read_text(encoding="utf-8")
    assert "Thumbs" not in page + text
    assert f"Already in color (1)\n  {two_photos / 'in color.png'}\n" in text
    assert f"PDF files: save the pages as photos (1)\n  {two_photos / 'letter.pdf'}\n" in text
    assert f"Unreadable or damaged (1)\n  {two_photos / 'broken.png'}\n" in text


def test_a_list_of_the_users_own_is_not_replaced(tmp_path, small_model, two_photos):
    target = tmp_path / "in color"
    target.mkdir()
    (target / "left-out.txt").write_text("mine")
    left_out = (LeftOut(two_photos / "letter.pdf", "PDF files"),)
    for _ in range(2):
        result = colorize_photos(job_of(tmp_path, small_model, two_photos, folder=target, left_out=left_out))
        assert result.left_out == target / "left-out-2.txt"
    assert (target / "left-out.txt").read_text() == "mine"


def test_tiny_photos_get_no_row_of_a_sheet(tmp_path, small_model, two_photos):
    Image.open(SHIPPED / "camera.png").resize((63, 63)).save(two_photos / "tiny.png")
    result = colorize_photos(job_of(tmp_path, small_model, two_photos))
    assert len(result.pictures) == 3
    (two_photos / "tiny.png").unlink()
    without = colorize_photos(job_of(tmp_path, small_model, two_photos))
    assert Image.open(result.sheets[0]).size == Image.open(without.sheets[0]).size


def test_results_inside_the_photos_folder_are_not_found_again(tmp_path, small_model, two_photos):
    photos = find_files(two_photos)
    run = new_run(two_photos / "OUTPUT", "colorize")
    colorize_photos(ColorizeJob(load_model(small_model), photos.files, photos.root, run))
    again = find_files(two_photos)
    assert again.files == photos.files
    assert again.results > 2
    assert len(find_files(run.results).files) > 2  # who names the folder of results means it


def test_one_sheet_for_each_hundred_photos_unless_all_are_asked_for(tmp_path, small_model, two_photos):
    for number in range(13):
        Image.open(SHIPPED / "camera.png").resize((80, 60)).save(two_photos / f"{number:02}.png")
    few = colorize_photos(job_of(tmp_path, small_model, two_photos))
    every = colorize_photos(job_of(tmp_path, small_model, two_photos, has_all_sheets=True))
    assert (len(few.sheets), len(every.sheets)) == (1, 3)
    text = few.page.read_text(encoding="utf-8")
    assert all(photo.name in text for photo in few.pictures)


def test_what_is_known_of_a_photo_is_in_its_picture_and_other_hints_make_another_run(tmp_path, small_model, two_photos):
    photos = find_files(two_photos)
    hints = {photos.files[0]: [Hint(40, 400, "#506080")], photos.files[1]: [Hint(9000, 1, "red")]}
    job = ColorizeJob(load_model(small_model), photos.files, photos.root, new_run(tmp_path / "out", "c"), hints=hints)
    result = colorize_photos(job)
    assert [failure.path.name for failure in result.failures] == ["b.png"]
    assert "outside the photo" in result.failures[0].reason
    red, _, blue = np.asarray(Image.open(result.pictures[photos.files[0]]))[400, 40].astype(int)
    assert abs((blue - red) - (0x80 - 0x50)) <= 1
    again = replace(job, run=new_run(tmp_path / "out", "c"), goes_on=True)
    assert colorize_photos(again).folder == result.folder
    others = replace(again, hints={photos.files[0]: [Hint(40, 400, "teal")]}, run=new_run(tmp_path / "out", "c"))
    assert colorize_photos(others).folder == others.run.results


def test_every_page_of_a_scan_is_in_colour_in_one_file(tmp_path, small_model, two_photos, camera):
    deep = camera[:200].astype(np.uint16) * 257
    with tifffile.TiffWriter(two_photos / "c.tif") as file:
        file.write(deep, resolution=(300, 300), resolutionunit="INCH")
        for number in range(19):  # more than go through the network together
            file.write(camera[number * 20 : number * 20 + 100])
    steps = []
    result = colorize_photos(job_of(tmp_path, small_model, two_photos), lambda done, total: steps.append((done, total)))
    assert steps[-1] == (22, 22)
    written = result.pictures[two_photos / "c.tif"]
    first = read_photo(written)
    assert first.resolution == (300, 300)
    with tifffile.TiffFile(written) as file:
        assert len(file.pages) == 20
        assert np.abs(luma(file.pages[0].asarray()) - deep).max() < 257
    for number in range(19):
        page = read_photo(written, page=number + 1)
        assert np.abs(page.luma() * 255 - camera[number * 20 : number * 20 + 100]).max() < 1.01
    page = result.page.read_text(encoding="utf-8")
    assert "c.tif (20 pages)" in page
    assert page.count("thumbnails/") == 2 * len(result.pictures)  # of the scan, too, which browsers do not show
    assert not list(result.folder.glob(".pages-*"))


def test_a_page_that_fails_is_a_failure_of_its_file_and_leaves_nothing(tmp_path, small_model, two_photos, camera):
    with tifffile.TiffWriter(two_photos / "c.tif") as file:
        for _ in range(3):
            file.write(camera)
    whole = (two_photos / "c.tif").read_bytes()
    (two_photos / "c.tif").write_bytes(whole[:-100_000])
    result = colorize_photos(job_of(tmp_path, small_model, two_photos))
    (failure,) = result.failures
    assert failure.path == two_photos / "c.tif"
    assert "c.tif, page 3: damaged" in failure.reason
    assert sorted(path.name for path in result.folder.rglob("*") if path.suffix == ".tif") == []
    assert len(result.pictures) == 2


def test_mended_photos_are_another_run(tmp_path, small_model, two_photos):
    first = colorize_photos(job_of(tmp_path, small_model, two_photos))
    assert "repair" not in (first.folder / ".made-from.json").read_text()
    mended = job_of(tmp_path, small_model, two_photos, adjustment=Adjustment(repair=True), goes_on=True)
    result = colorize_photos(mended)
    assert result.folder != first.folder
    assert '"repair": true' in (result.folder / ".made-from.json").read_text()
