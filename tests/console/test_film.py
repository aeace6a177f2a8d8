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
    refused = command("film", "--film", tmp_path / "no film.mp4", *flags)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert "no film.mp4 is not a film" in refused.stdout
    assert len(list((tmp_path / "out" / "results").glob("film-*"))) == 1
