"""Output for other programs: one photo through standard input and output, lines of JSON, and --quiet."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.conftest import SHIPPED, only


def small(name: str, form: str, mode: str = "L") -> bytes:
    """Return a photograph of scikit-image's as a small file."""
    file = io.BytesIO()
    Image.open(SHIPPED / name).convert(mode).resize((96, 64)).save(file, form)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "camera.png").write_bytes(small("camera.png", "PNG"))
    (photos / "color.png").write_bytes(small("coffee.png", "PNG", "RGB"))
    (photos / "letter.txt").write_text("Dear Grandmother")
    (photos / "page.jpg").write_bytes(small("page.png", "JPEG"))
    return photos


def piped(program, tmp_path, content: bytes, *flags) -> subprocess.CompletedProcess[bytes]:
    words = [sys.executable, program.home / "colorize.py", *flags]
    return subprocess.run(words, input=content, capture_output=True, cwd=tmp_path, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
def test_a_photo_goes_from_standard_input_to_standard_output(program, tmp_path, form):
    done = piped(program, tmp_path, small("camera.png", form), "-")
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    picture = Image.open(io.BytesIO(done.stdout))
    assert (picture.format, picture.size) == (form, (96, 64))
    assert np.ptp(np.asarray(picture.convert("RGB")).astype(int), axis=2).max() > 8
    assert not (tmp_path / "program" / "OUTPUT").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Standard input is empty."),
        (b"Dear Grandmother", "No usable photos found in standard input."),
        (small("camera.png", "PNG")[:900], "standard input"),
        (small("coffee.png", "PNG", "RGB"), "No black-and-white photos found in standard input."),
        (b"PK\x05\x06" + bytes(18), "Standard input is not a photo."),
    ],
    ids=["nothing", "text", "half a photo", "color", "zip"],
)
def test_messages_about_standard_input_name_it_and_leave_standard_output_empty(program, tmp_path, content, sentence):
    done = piped(program, tmp_path, content, "colorize", "-")
    assert (done.returncode, done.stdout) == (1, b"")
    assert sentence in done.stderr.decode()
    assert "colorizer-" not in done.stderr.decode()


@pytest.mark.slow
def test_a_file_goes_to_standard_output_and_standard_input_to_a_folder(program, folder, tmp_path):
    done = piped(program, tmp_path, b"", folder / "page.jpg", "--to", "-")
    assert done.returncode == 0, done.stderr
    assert Image.open(io.BytesIO(done.stdout)).format == "JPEG"
    done = piped(program, tmp_path, small("camera.png", "PNG"), "-", "--to", "out", "--json")
    assert json.loads(done.stdout) == {"path": "-", "result": "out/photo.png", "error": None}
    done = piped(program, tmp_path, b"", folder, "--to", "-")
    assert (done.returncode, done.stdout) == (2, b"")


def test_json_has_a_line_for_every_file_and_nothing_else(command, folder, tmp_path):
    done = command("colorize", folder, "--json")
    assert done.returncode == 0, done.stderr
    lines = {line.pop("path"): line for line in map(json.loads, done.stdout.splitlines())}
    run = only(tmp_path / "OUTPUT" / "results", "colorize-*")
    assert lines == {
        str(folder / "camera.png"): {"result": str(run / "camera.png"), "error": None},
        str(folder / "color.png"): {"result": None, "error": "Already in color"},
        str(folder / "letter.txt"): {"result": None, "error": "Text files: there is no picture to colorize"},
        str(folder / "page.jpg"): {"result": str(run / "page.jpg"), "error": None},
    }
    again = command("colorize", folder, "--json", "--skip-existing")
    assert set(done.stdout.splitlines()) == set(again.stdout.splitlines())


def test_json_lines_come_while_other_photos_are_still_to_do(program, gray_folder, tmp_path):
    flags = ("colorize", gray_folder, "--json", "--to", "out")
    with subprocess.Popen(
        [sys.executable, program.home / "colorize.py", *flags], stdout=subprocess.PIPE, cwd=tmp_path
    ) as running:
        first = json.loads(running.stdout.readline())
        missing = [path for path in gray_folder.iterdir() if not (tmp_path / "out" / path.name).exists()]
        running.kill()
    assert first["error"] is None
    assert missing


def test_quiet_prints_only_warnings_and_asks_nothing(command, folder, tmp_path):
    done = command("colorize", folder / "page.jpg", "--quiet", "--to", tmp_path / "out")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "out" / "page.jpg").is_file()
    done = command("colorize", folder / "letter.txt", "--quiet")
    assert (done.returncode, done.stdout) == (1, "")
    assert "No usable photos found" in done.stderr
