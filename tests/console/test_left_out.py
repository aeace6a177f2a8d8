import io
import os
import shutil

import numpy as np
import pytest
import tifffile
from PIL import Image

from benchmarks.toning import toned
from colorizer.console.colorize import colorize
from colorizer.console.photos import choose_dataset, reading_of
from colorizer.console.terminal import Console
from colorizer.conversation.conversation import Conversation
from colorizer.errors import ColorizeError
from colorizer.runs import ColorizeResult
from colorizer.settings import PhotoLimits, Reading
from tests.conftest import SHIPPED, only


def chosen(folder, typed=None, reading=None, **flags):
    """Check a folder for colorizing, and return the check and what was printed.

    `typed` is what the person answers; None accepts every default.
    """
    spoken = io.StringIO()
    console = Console(io.StringIO(f"{typed}\n"), spoken)
    talk = Conversation(console, {"dataset": folder, **flags}, accept_defaults=typed is None)
    check = choose_dataset(console, talk, for_training=False, least=1, reading=reading or Reading(), has_all_pages=True)
    return check, spoken.getvalue()


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(SHIPPED / "camera.png", folder / "gray.png")
    shutil.copy(SHIPPED / "astronaut.png", folder / "colour.png")
    toned(np.asarray(Image.open(SHIPPED / "chelsea.png")), 0).save(folder / "sepia.png")
    return folder


def test_files_that_are_no_photos_are_told_by_kind_and_count(photos):
    for name in ("a.pdf", "b.pdf"):
        (photos / name).write_bytes(b"%PDF-1.7")
    for name in ("desktop.ini", "Thumbs.db", ".DS_Store", "._gray.png"):
        (photos / name).write_text("[.ShellClassInfo]")
    (photos / "broken.png").write_bytes((SHIPPED / "camera.png").read_bytes()[:40])
    _, said = chosen(photos)
    assert "every photographic format" not in said.lower()
    lines = said.splitlines()
    assert "2 PDF files are left out: save the pages as photos." in lines
    assert "system file" not in said
    assert "hidden" not in said
    assert lines.count(f"1 file is unreadable: {photos / 'broken.png'}.") == 1
    assert said.count("broken.png") == 1
    assert "unknown format" not in said


def test_photos_in_colour_are_named_and_left_out_among_black_and_white_ones(photos):
    check, said = chosen(photos)
    assert [path.name for path in check.fine] == ["gray.png", "sepia.png"]
    skipped = "1 photo is already in color and will be skipped (--recolor colorizes them too)"
    assert f"{skipped}: {photos / 'colour.png'}." in said.splitlines()
    assert "2 photos are fine." in said


def test_recolor_takes_them_too(photos):
    check, said = chosen(photos, recolor=True)
    assert "1 photo is already in color and will be colorized again" in said
    assert [path.name for path in check.fine] == ["colour.png", "gray.png", "sepia.png"]


@pytest.mark.parametrize(("answer", "fine"), [("yes", ["color.png"]), ("no", None), (None, None)])
def test_where_all_are_in_color_only_a_person_who_says_yes_has_them_colorized(photos, answer, fine):
    for name in ("gray.png", "sepia.png"):
        (photos / name).unlink()
    (photos / "colour.png").rename(photos / "color.png")
    if fine is None:
        with pytest.raises(ColorizeError, match=r"No black-and-white photos found in .*--recolor"):
            chosen(photos, typed=answer)
    else:
        check, said = chosen(photos, typed=answer)
        assert [path.name for path in check.fine] == fine
        assert "The photo is already in color." in said


@pytest.mark.slow
def test_trying_it_out_on_colour_photos_shows_the_truth_beside(command, small_model, photos, tmp_path):
    (photos / "gray.png").unlink()
    (photos / "sepia.png").unlink()
    shutil.copy(SHIPPED / "coffee.png", photos / "second\nline.png")
    flags = ("--dataset", photos, "--model", small_model, "--output", tmp_path / "out", "--yes")
    done = command("colorize", *flags)
    assert done.returncode == 1
    assert "add --recolor" in done.stdout
    done = command("colorize", *flags, "--recolour")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 photos are already in color" in done.stdout
    (sheet,) = (tmp_path / "out").rglob("sheet-*.jpg")
    assert Image.open(sheet).width == 12 + 3 * (320 + 12)
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.png")) == ["colour.png", "second\nline.png"]


@pytest.fixture
def cut(photos):
    """A photo of which two thirds are there."""
    file = io.BytesIO()
    Image.open(SHIPPED / "camera.png").save(file, "JPEG")
    (photos / "cut.jpg").write_bytes(file.getvalue()[: len(file.getvalue()) * 2 // 3])
    return photos / "cut.jpg"


def test_photos_that_are_cut_off_are_skipped_with_the_flag_that_takes_them(photos, cut):
    check, said = chosen(photos)
    assert cut not in check.fine
    assert f"1 photo is cut off: {cut}." in said.splitlines()
    assert "It is skipped. Use --partial to colorize the part that can be decoded." in said
    assert "unreadable" not in said


def test_the_flag_takes_photos_that_are_cut_off(photos, cut):
    reading = Reading(PhotoLimits(takes_cut_off=True))
    check, said = chosen(photos, reading=reading, partial=True)
    assert cut in check.fine
    assert f"1 photo is cut off: {cut}." in said.splitlines()
    assert "--partial" not in said
    assert reading_of(check, reading).limits.takes_cut_off


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_a_person_is_asked_once_whether_photos_that_are_cut_off_are_taken(photos, cut, answer):
    shutil.copy(cut, photos / "second.jpg")
    spoken, answers = io.StringIO(), io.StringIO(f"{answer}\n")
    console = Console(answers, spoken)
    talk = Conversation(console, {"dataset": photos, "recolour": False})
    check = choose_dataset(console, talk, for_training=False, least=1, reading=Reading(), has_all_pages=True)
    assert spoken.getvalue().count("Colorize what is left of them?") == 1
    assert f"2 photos are cut off, such as {cut}." in spoken.getvalue()
    assert (cut in check.fine) == (photos / "second.jpg" in check.fine) == (answer == "yes")
    assert reading_of(check, Reading()).limits.takes_cut_off == (answer == "yes")
    assert check.fine == tuple(sorted(check.fine))


@pytest.mark.slow
def test_dates_and_captions_and_what_is_there_of_a_cut_photo_reach_the_results(
    command, small_model, photos, tmp_path, cut
):
    os.utime(photos / "gray.png", ns=(1_000_000_000, 1_000_000_000))
    flags = ("colorize", "--dataset", photos, "--model", small_model, "--yes", "--partial")
    for kept in (True, False):
        out = tmp_path / f"out-{kept}"
        done = command(*flags, "--output", out, *(() if kept else ("--no-keep-dates",)))
        assert done.returncode == 0, done.stdout + done.stderr
        assert only(out / "results", "*/cut.jpg").stat().st_size > 1000
        assert (only(out / "results", "*/gray.png").stat().st_mtime_ns == 1_000_000_000) == kept


def test_a_photo_written_as_another_kind_of_file_is_told(tmp_path):
    spoken = io.StringIO()
    console = Console(io.StringIO(), spoken)
    pictures = {tmp_path / name: tmp_path / "out" / written for name, written in (("a.pgm", "a.pgm.png"), ("b", "b"))}
    result = ColorizeResult(tmp_path / "out", pictures, 0, (), (), tmp_path / "out" / "index.html")
    colorize(console, Conversation(console, {}, accept_defaults=True), lambda progress: result, "")
    assert "1 photo has got a file of another kind" in spoken.getvalue()


def test_pages_are_told_and_previews_are_no_pages(photos):
    page = Image.open(SHIPPED / "page.png").convert("L")
    for name in ("scan.tif", "misnamed.jpg"):
        page.save(photos / name, "TIFF", save_all=True, append_images=[page, page])
    with tifffile.TiffWriter(photos / "preview.tif") as file:
        file.write(np.asarray(page))
        file.write(np.asarray(page)[::4, ::4], subfiletype=1)
    check, said = chosen(photos)
    assert [path.name for path in check.several_pages] == ["misnamed.jpg", "scan.tif"]
    assert photos / "scan.tif" in check.fine
    assert "1 file has several pages; each page is colorized." in said
    assert "1 file has several pages, of which the first is read, since their names are not those of TIFFs:" in said
    assert f"  {photos / 'misnamed.jpg'}" in said.splitlines()


@pytest.mark.parametrize("typed", [None, "yes"])
def test_color_photos_are_skipped_even_if_most_photos_are_in_color(photos, typed):
    for number in range(3):
        shutil.copy(SHIPPED / "coffee.png", photos / f"coffee {number}.png")
    check, said = chosen(photos, typed=typed)
    assert [path.name for path in check.fine] == ["gray.png", "sepia.png"]
    assert "4 photos are already in color and will be skipped" in said


FILM = b"\0\0\0\x18ftypisom" + bytes(100)


def test_films_among_photos_are_listed_with_the_command_for_them(photos):
    film = photos / "my film.mp4"
    film.write_bytes(FILM)
    check, said = chosen(photos)
    assert len(check.fine) == 2
    assert f"1 film is left out; colorize it with: python colorize.py film '{film}'" in said.splitlines()


def test_a_film_alone_is_refused_with_the_command_for_it(photos):
    film = photos / "film.mp4"
    film.write_bytes(FILM)
    with pytest.raises(ColorizeError, match=f"is a film; colorize it with: python colorize.py film {film}"):
        chosen(film)


def test_photos_of_a_flag_and_of_plain_arguments_are_taken_together(photos):
    check, said = chosen(photos / "gray.png", paths=(photos / "sepia.png",))
    assert [path.name for path in check.fine] == ["gray.png", "sepia.png"]
    assert "Found 2 files" in said


def test_folders_that_may_not_be_entered_are_named(photos, closed):
    lost = closed(photos / "lost+found")
    check, said = chosen(photos)
    assert len(check.fine) == 2
    assert f"You have no permission to open 1 folder: {lost}." in said.splitlines()
    assert [(each.path, each.reason) for each in check.left_out() if each.path == lost] == [
        (lost, "No permission to open")
    ]
