import io
import shutil

import numpy as np
import pytest
import tifffile
from PIL import Image

from benchmarks.toning import toned
from colorizer.console.colorize import colorize
from colorizer.console.photos import choose_dataset
from colorizer.console.terminal import Console
from colorizer.conversation.conversation import Conversation
from colorizer.errors import ColorizeError
from colorizer.runs import ColorizeResult
from colorizer.settings import Reading
from tests.conftest import SHIPPED


def chosen(folder, **flags):
    """Let a folder be checked for colorizing, every default taken, and return the check and what was said."""
    spoken = io.StringIO()
    console = Console(io.StringIO(), spoken)
    talk = Conversation(console, {"dataset": folder, **flags}, accept_defaults=True)
    check = choose_dataset(console, talk, for_training=False, least=1, reading=Reading(), has_all_pages=True)
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
    (photos / "desktop.ini").write_text("[.ShellClassInfo]")
    (photos / "cut.png").write_bytes((SHIPPED / "camera.png").read_bytes()[:5000])
    _, said = chosen(photos)
    assert "every photographic format" not in said.lower()
    lines = said.splitlines()
    assert "2 PDF files are left out: save the pages as photos." in lines
    assert "A file of the system is left out: nothing is lost." in lines
    assert "1 file is unreadable." in lines
    assert "unknown format" not in said


def test_photos_in_colour_are_named_and_left_out_among_black_and_white_ones(photos):
    check, said = chosen(photos)
    assert [path.name for path in check.fine] == ["gray.png", "sepia.png"]
    assert "1 photo is in colour already:" in said
    assert f"  {photos / 'colour.png'}" in said.splitlines()
    assert "2 photos are fine." in said


def test_recolour_takes_them_too(photos):
    check, _ = chosen(photos, recolour=True)
    assert [path.name for path in check.fine] == ["colour.png", "gray.png", "sepia.png"]


def test_where_all_are_in_colour_they_are_coloured_anew(photos):
    for name in ("gray.png", "sepia.png"):
        (photos / name).unlink()
    check, said = chosen(photos)
    assert [path.name for path in check.fine] == ["colour.png"]
    assert "The photo is in colour already: coloured anew" in said


@pytest.mark.slow
def test_trying_it_out_on_colour_photos_shows_the_truth_beside(program, small_model, photos, tmp_path):
    (photos / "gray.png").unlink()
    (photos / "sepia.png").unlink()
    shutil.copy(SHIPPED / "coffee.png", photos / "second\nline.png")
    done = program("colorize", "--dataset", photos, "--model", small_model, "--output", tmp_path / "out", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All 2 photos are in colour already" in done.stdout
    (sheet,) = (tmp_path / "out").rglob("sheet-*.jpg")
    assert Image.open(sheet).width == 12 + 3 * (320 + 12)
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.png")) == ["colour.png", "second\nline.png"]


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
    assert "1 file has several pages; each page comes out in colour." in said
    assert "1 file has several pages, of which the first is read, since their names are not those of TIFFs:" in said
    assert f"  {photos / 'misnamed.jpg'}" in said.splitlines()


def test_a_folder_of_colour_photos_is_coloured_anew_though_one_of_them_passes_for_a_print(photos):
    for number in range(3):
        shutil.copy(SHIPPED / "coffee.png", photos / f"coffee {number}.png")
    check, said = chosen(photos)
    assert len(check.fine) == 6
    assert "4 of 6 photos are in colour already: coloured anew" in said


FILM = b"\0\0\0\x18ftypisom" + bytes(100)


def test_films_among_photos_are_listed_with_the_command_for_them(photos):
    film = photos / "my film.mp4"
    film.write_bytes(FILM)
    check, said = chosen(photos)
    assert len(check.fine) == 2
    assert f"{film} is a film; colorize it with: python colorize.py film --film '{film}'" in said.splitlines()


def test_a_film_alone_is_refused_with_the_command_for_it(photos):
    film = photos / "film.mp4"
    film.write_bytes(FILM)
    with pytest.raises(ColorizeError, match=f"is a film; colorize it with: python colorize.py film --film {film}"):
        chosen(film)


def test_photos_of_a_flag_and_of_plain_arguments_are_taken_together(photos):
    check, said = chosen(photos / "gray.png", paths=(photos / "sepia.png",))
    assert [path.name for path in check.fine] == ["gray.png", "sepia.png"]
    assert "Found 2 files" in said


def test_folders_that_may_not_be_entered_are_named(photos, closed):
    lost = closed(photos / "lost+found")
    check, said = chosen(photos)
    assert len(check.fine) == 2
    assert "You have no permission to open 1 folder; it is left out:" in said
    assert f"  {lost}" in said.splitlines()
