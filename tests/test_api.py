"""The functions for Python programs, on real photographs."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import colorizer
from colorizer import ColorizeError, colorize_film, colorize_folder, colorize_photo, load_model
from colorizer.conversation.questions import QUESTIONS
from tests.conftest import SHIPPED, zipped
from tests.film.scenes import two_scenes


@pytest.fixture
def album(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    (folder / "sub").mkdir(parents=True)
    Image.open(SHIPPED / "camera.png").save(folder / "a.png")
    Image.open(SHIPPED / "coins.png").save(folder / "sub" / "b.jpg")
    shutil.copy(SHIPPED / "astronaut.png", folder / "in color.png")
    (folder / "letter.pdf").write_bytes(b"%PDF-1.7")
    return folder


def test_a_folder_is_colorized_and_gone_on_with(album, small_model, tmp_path):
    network, steps = load_model(small_model), []
    options = {"model": network, "vividness": 1.5, "progress": lambda done, total: steps.append((done, total))}
    result = colorize_folder(str(album), tmp_path / "out", **options)
    assert {path.relative_to(tmp_path / "out").as_posix() for path in result.pictures.values()} == {
        "a.png",
        "sub/b.jpg",
    }
    assert steps[-1] == (2, 2)
    assert "in color.png" in result.left_out.read_text(encoding="utf-8")
    expected = np.asarray(colorize_photo(album / "a.png", network, vividness=1.5), int)
    assert np.abs(np.asarray(Image.open(tmp_path / "out" / "a.png"), int) - expected).max() <= 1
    assert colorize_folder(album, tmp_path / "out", **options).made_before == 2


def test_a_zip_and_photos_in_color_are_taken(album, small_model, tmp_path):
    archive = zipped(album, tmp_path / "photos.zip")
    result = colorize_folder([archive], tmp_path / "out", model=small_model, recolor=True)
    assert len(result.pictures) == 3
    assert result.left_out.read_text(encoding="utf-8").count("\n  ") == 1


def test_a_folder_without_photos_and_unknown_options_are_errors(tmp_path, small_model):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ColorizeError, match="No black-and-white photos"):
        colorize_folder(tmp_path / "empty", tmp_path / "out", model=small_model)
    with pytest.raises(TypeError, match="There is no option 'vividnes'"):
        colorize_folder(tmp_path / "empty", tmp_path / "out", vividnes=2)
    with pytest.raises(TypeError, match="int is not an image"):
        colorize_photo(12, load_model(small_model))
    with pytest.raises(TypeError, match="not both"):
        colorize_photo(SHIPPED / "camera.png", None, colorizer.Adjustment(), vividness=2)


def test_options_have_the_names_of_flags():
    flags = {question.flag.removeprefix("--").replace("-", "_") for question in QUESTIONS}
    options = {
        name for kind in (colorizer.api.FolderOptions, colorizer.api.FilmOptions) for name in kind.__annotations__
    }
    assert options - flags == {"progress"}


def test_a_film_is_colorized_into_a_folder_of_its_own(tmp_path, small_model):
    two_scenes(tmp_path / "wedding.mp4", 3)
    result = colorize_film(tmp_path / "wedding.mp4", tmp_path / "out", model=small_model, quality=30)
    assert result.film == tmp_path / "out" / "wedding.mp4"
    assert result.frames == 6
    again = colorize_film(tmp_path / "wedding.mp4", tmp_path / "out", model=small_model, quality=30)
    assert again.made_before == 6
    with pytest.raises(ColorizeError, match="holds results of other files or options"):
        colorize_film(tmp_path / "wedding.mp4", tmp_path / "out", model=small_model, vividness=1.5)
    with pytest.raises(ColorizeError, match="does not exist"):
        colorize_film(tmp_path / "lost.mp4", tmp_path / "lost", model=small_model)


def test_the_latest_model_and_those_of_trainings_are_loaded(tmp_path, small_model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ColorizeError, match="No trained model found"):
        load_model("latest")
    for number, name in enumerate(("old", "new")):
        target = tmp_path / "OUTPUT" / "models" / name / "model.h5"
        target.parent.mkdir(parents=True)
        shutil.copy(small_model, target)
        os.utime(target, (number, number))
    assert load_model("latest").path == Path("OUTPUT/models/new/model.h5")
    assert load_model("old", output=tmp_path / "OUTPUT").path == tmp_path / "OUTPUT" / "models" / "old" / "model.h5"
    assert load_model(small_model).path == small_model
