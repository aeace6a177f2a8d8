import json
import shutil
import subprocess
import sys

import numpy as np
import pexpect
import pytest
from PIL import Image

from tests.conftest import SHIPPED, only, pictures

pytestmark = pytest.mark.slow


def test_every_default_gives_colour_photos(program):
    done = program("--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    run = only(program.home / "OUTPUT" / "results", "colorize-*")
    found = pictures(run)
    assert found.keys() == {
        "astronaut.png", "camera.png", "chelsea.png", "coffee.png", "grace_hopper.png", "rocket.png"
    }  # fmt: skip
    assert found["camera.png"] == (512, 512)
    assert [path.name for path in (run / "sheets").glob("*.jpg")] == ["sheet-001.jpg"]
    assert "astronaut.png" in (run / "index.html").read_text(encoding="utf-8")
    assert np.ptp(np.asarray(Image.open(run / "camera.png")).astype(int), axis=-1).max() > 10


def test_colorizing_in_a_real_terminal(program, small_model, tmp_path):
    photos = tmp_path / "old photos"
    photos.mkdir()
    for number, name in enumerate(("a.png", "b c.png", "שלום.png")):
        with Image.open(SHIPPED / "camera.png") as image:
            image.resize((300 + number, 200)).save(photos / name)
    green = [{"rectangle": [0, 0, 1, 1], "colour": "#208040", "unit": "share"}]
    (tmp_path / "hints.json").write_text(json.dumps({path.name: green for path in photos.iterdir()}))
    (tmp_path / "strange.json").write_text(json.dumps({"gone.png": green}))
    terminal = pexpect.spawn(
        sys.executable, [str(program.home / "colorize.py")], encoding="utf-8", timeout=120, dimensions=(40, 200)
    )
    for question, answer in (
        ("Where are your photos", "2"),
        ("Where are your photos", f"'{photos}'"),
        ("More options?", "yes"),
        ("How many photos", "5"),
        ("5 is too large: the most is 3", "2"),
        ("Which model?", str(photos / "a.png")),
        ("cannot be loaded", str(small_model)),
        ("Look at the model", "3"),
        ("Adjust the colors?", "yes"),
        ("How strong should", "1.5"),
        ("Restore contrast", ""),
        ("Remove dust", ""),
        ("Which file of color hints", str(tmp_path / "strange.json")),
        ("'gone.png'", str(tmp_path / "hints.json")),
        ("Show the first comparison sheet", ""),
    ):
        terminal.expect_exact(question)
        terminal.expect_exact("> ")
        terminal.sendline(answer)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    run = only(program.home / "OUTPUT" / "results", "colorize-*")
    assert len(pictures(run)) == 2
    for name in pictures(run):
        with Image.open(only(run, name)) as picture:
            red, green, blue = np.asarray(picture.convert("RGB")).mean(axis=(0, 1))
            assert green > max(red, blue) + 10


def test_a_count_above_the_photos_there_are_is_a_wrong_flag(command, colour_folder):
    done = command("colorize", "--dataset", colour_folder, "--count", 9, "--recolor", "--yes")
    assert done.returncode == 2
    assert "--count: 9 is too large: the most is 8" in done.stdout


def test_a_photo_that_fails_is_named_and_the_others_are_done(program, small_model, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("stays.png", "goes.png"):
        shutil.copy(SHIPPED / "camera.png", photos / name)
    flags = ["colorize", "--dataset", str(photos), "--model", str(small_model), "--output", str(tmp_path / "out")]
    terminal = pexpect.spawn(
        sys.executable, [str(program.home / "colorize.py"), *flags], encoding="utf-8", timeout=120, dimensions=(40, 200)
    )
    terminal.expect_exact("More options?")
    (photos / "goes.png").unlink()
    terminal.expect_exact("> ")
    terminal.sendline("")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 1
    assert "goes.png" in terminal.before
    assert "1 of 2 photos could not be colorized" in terminal.before
    assert pictures(only(tmp_path / "out" / "results", "colorize-*")) == {"stays.png": (512, 512)}


def test_an_output_that_is_a_file_ends_with_1(command, tmp_path, small_model):
    (tmp_path / "file").write_text("in the way")
    done = command("colorize", "--model", small_model, "--output", tmp_path / "file", "--yes")
    assert done.returncode == 1
    assert str(tmp_path / "file") in done.stdout


def test_a_zip_is_unpacked_beside_itself_and_colorized(command, small_model, tmp_path, colour_folder):
    archive = shutil.make_archive(str(tmp_path / "my photos"), "zip", colour_folder)
    flags = ("--model", small_model, "--output", tmp_path / "out", "--recolor", "--yes")
    done = command("colorize", "--dataset", archive, *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "my photos").is_dir()
    run = only(tmp_path / "out" / "results", "colorize-*")
    assert (run / "cats" / "cat.jpg").is_file()
    assert (run / "cats" / "deep" / "er" / "cat.jpg").is_file()


def test_photos_folders_and_zips_are_plain_arguments(command, small_model, tmp_path, colour_folder):
    photo = tmp_path / "my photo.png"
    shutil.copy(SHIPPED / "camera.png", photo)
    target = tmp_path / "in colour"
    done = command(
        "colorize", photo, colour_folder / "cats", "--to", target, "--model", small_model, "--yes", "--recolor"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "and 1 other place" in done.stdout
    assert (target / "my photo.png").is_file()
    assert (target / "colour photos" / "cats" / "deep" / "er" / "cat.jpg").is_file()
    assert (target / "index.html").is_file()


def test_a_photo_alone_is_colorized_and_a_result_in_colour_lies_beside_it(command, small_model, tmp_path):
    photo = tmp_path / "old.png"
    shutil.copy(SHIPPED / "camera.png", photo)
    done = command(photo, "--model", small_model, "--beside", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    with Image.open(tmp_path / "old-color.png") as picture:
        assert picture.size == (512, 512)
    assert command(photo, "--to", tmp_path / "x", "--beside", "--yes").returncode == 2


def test_a_named_photo_that_cannot_be_read_ends_with_1_though_others_are_done(command, small_model, tmp_path):
    photo, cut = tmp_path / "old.png", tmp_path / "cut.png"
    shutil.copy(SHIPPED / "camera.png", photo)
    cut.write_bytes(photo.read_bytes()[:5000])
    flags = ("--model", small_model, "--to", tmp_path / "out", "--output", tmp_path / "OUTPUT", "--yes")
    done = command(photo, cut, *flags)
    assert done.returncode == 1
    assert f"{cut} could not be read completely" in done.stdout.replace("\n", " ")
    assert (tmp_path / "out" / "old.png").is_file()
    assert not (tmp_path / "OUTPUT").exists()  # which may be where nothing can be written
    assert command(tmp_path, *flags, "--recolour").returncode == 0  # a folder may hold anything


def test_two_programs_at_once_in_one_folder_replace_nothing(program, small_model, tmp_path):
    target, count = tmp_path / "in colour", 20
    for source, brightness in (("A", 0.5), ("B", 1.0)):
        (tmp_path / source).mkdir()
        with Image.open(SHIPPED / "camera.png") as image:
            for number in range(count):
                small = image.resize((200 + number, 200)).point(lambda level, factor=brightness: level * factor)
                small.save(tmp_path / source / f"{number}.png")

    def command(source: str) -> list[str]:
        flags = ["--to", target, "--model", small_model, "--cache", "none", "--yes"]
        return [sys.executable, *map(str, (program.home / "colorize.py", "colorize", tmp_path / source, *flags))]

    running = [subprocess.Popen(command(source), stdout=subprocess.PIPE, text=True) for source in ("A", "B", "A")]
    told = [process.communicate(timeout=200)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], told
    levels = [np.asarray(Image.open(path).convert("L")).mean() for path in target.glob("*.png")]
    assert len(levels) == 2 * count
    assert sum(level < 100 for level in levels) == count
    for source in ("A", "B"):
        again = subprocess.run(command(source), capture_output=True, text=True, check=True)
        assert f"All {count} color photos are already in" in again.stdout


def test_names_that_the_terminal_has_no_letters_for_do_not_end_the_program(program, small_model, tmp_path):
    folder = tmp_path / "שלום"
    folder.mkdir()
    shutil.copy(SHIPPED / "camera.png", folder)
    for encoding in ("ascii", "cp1252"):
        done = program("colorize", folder, "--model", small_model, "--yes", PYTHONIOENCODING=encoding)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "????" in done.stdout
