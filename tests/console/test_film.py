import json

import pytest
from PIL import Image

from tests.conftest import only
from tests.film.scenes import two_scenes


@pytest.mark.slow
def test_a_film_is_colorized_and_a_file_that_is_none_is_a_sentence(command, tmp_path, small_model):
    two_scenes(tmp_path / "Grandmother's wedding.mp4", sound=True)
    (tmp_path / "Grandmother's wedding.mp4.hints.json").write_text(
        json.dumps([{"time": 0.2, "x": 80, "y": 60, "colour": "#3060c0", "radius": 20}])
    )
    flags = ("--model", small_model, "--output", tmp_path / "out", "--yes")
    ran = command("film", "--film", tmp_path / "Grandmother's wedding.mp4", "--side-by-side", *flags)
    assert ran.returncode == 0, ran.stderr
    folder = only(tmp_path / "out" / "results", "film-*")
    assert (folder / "Grandmother's wedding.mp4").is_file()
    assert (folder / "Grandmother's wedding-side-by-side.mp4").is_file()
    assert "24 frames in 2 scenes" in ran.stdout
    with Image.open(folder / "scenes-1.jpg") as sheet:
        assert sheet.width > sheet.height
    (tmp_path / "no film.mp4").write_bytes(b"no film" * 100)
    refused = command("film", tmp_path / "no film.mp4", *flags)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert "no film.mp4 is not a film" in refused.stdout
    assert len(list((tmp_path / "out" / "results").glob("film-*"))) == 1


@pytest.mark.slow
def test_several_films_go_into_a_folder_without_replacing_anything_and_are_found_again(command, tmp_path):
    films = [tmp_path / name for name in ("first.mp4", "second.mp4")]
    for film, count in zip(films, (4, 6), strict=True):
        two_scenes(film, count)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "first.mp4").write_bytes(b"a film of the user")
    ran = command("film", *films, "--to", tmp_path / "out", "--yes")
    assert ran.returncode == 0, ran.stdout
    seen = {path.name for path in (tmp_path / "out").iterdir() if path.name[0] != "."}
    assert {path for path in seen if path.endswith("mp4")} == {"first.mp4", "first-2.mp4", "second.mp4"}
    assert (tmp_path / "out" / "first.mp4").read_bytes() == b"a film of the user"
    assert "The color film is at out/first-2.mp4: 8 frames in 2 scenes." in ran.stdout
    assert not (tmp_path / "OUTPUT").exists()
    again = command("film", *films, "--to", tmp_path / "out", "--yes", "--skip-existing")
    assert again.returncode == 0, again.stdout
    assert "The color film is already at out/first-2.mp4." in again.stdout
    assert {path.name for path in (tmp_path / "out").iterdir() if path.name[0] != "."} == seen


def test_a_film_never_goes_into_its_own_folder(command, tmp_path):
    two_scenes(tmp_path / "film.mp4", 2)
    ran = command("film", tmp_path / "film.mp4", "--to", tmp_path, "--yes")
    assert ran.returncode == 1
    assert "is the folder of the film. Choose another output folder." in ran.stdout
