"""The first minute: photos or a film typed or dropped at a question, and help and quit at every question."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image

from colorizer.console.terminal import Console
from colorizer.conversation.conversation import Conversation, Quit
from colorizer.conversation.questions import FIRST, QUESTIONS
from tests.conftest import SHIPPED, only, pictures, zipped
from tests.film.scenes import two_scenes


@pytest.fixture
def old_photos(tmp_path):
    folder = tmp_path / "old photos"
    folder.mkdir()
    for name in ("camera.png", "page.png"):
        Image.open(SHIPPED / name).convert("L").resize((96, 64)).save(folder / name)
    return folder


def is_in_color(path) -> bool:
    return np.ptp(np.asarray(Image.open(path).convert("RGB")).astype(int), axis=2).max() > 8


@pytest.mark.parametrize("form", ["folder", "'quoted zip'", "escaped\\ photo", "file://photo"])
def test_photos_typed_at_the_first_question_end_in_color(command, old_photos, tmp_path, form):
    typed, names = {
        "folder": (str(old_photos), {"camera.png", "page.png"}),
        "'quoted zip'": (f"'{zipped(old_photos, tmp_path / 'my photos.zip')}'", {"camera.png", "page.png"}),
        "escaped\\ photo": (str(old_photos / "camera.png").replace(" ", "\\ "), {"camera.png"}),
        "file://photo": ((old_photos / "camera.png").as_uri(), {"camera.png"}),
    }[form]
    done = command(typed=f"{typed}\n\n\n\n")
    assert done.returncode == 0, done.stdout
    run = only(tmp_path / "OUTPUT" / "results", "colorize-*")
    assert set(pictures(run)) == names
    assert all(is_in_color(run / name) for name in names)
    before, _, after = done.stdout.partition("More options?")
    assert f"The color photos will be saved in OUTPUT/results/{run.name}." in before
    assert f"OUTPUT/results/{run.name}/" in after
    assert str(tmp_path / "OUTPUT") not in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("answers", ["{film}", "colorize\n{film}", "{photos}\n{film}"])
def test_a_film_typed_where_photos_or_an_option_are_asked_for_is_colorized_as_a_film(
    command, old_photos, tmp_path, answers
):
    two_scenes(tmp_path / "our wedding.mp4")
    typed = answers.format(film=tmp_path / "our wedding.mp4", photos=old_photos)
    done = command(typed=f"{typed}\n\n\n\n")
    assert done.returncode == 0, done.stdout
    run = only(tmp_path / "OUTPUT" / "results", "film-*")
    assert (run / "our wedding.mp4").is_file()
    assert f"The color film is at OUTPUT/results/{run.name}/our wedding.mp4" in done.stdout


def test_photos_dropped_at_a_later_question_replace_the_first_ones(command, old_photos, tmp_path):
    done = command(typed=f"{old_photos}\n{old_photos / 'page.png'}\n\n")
    assert done.returncode == 0, done.stdout
    assert set(pictures(only(tmp_path / "OUTPUT" / "results", "colorize-*"))) == {"page.png"}


def test_photos_that_cannot_be_used_are_asked_for_again(command, old_photos, tmp_path):
    (tmp_path / "empty").mkdir()
    done = command(typed=f"{tmp_path / 'empty'}\n{old_photos}\n\n")
    assert done.returncode == 0, done.stdout
    assert "No usable photos found in empty. Choose another folder (--dataset)." in done.stdout
    assert done.stdout.count("a photo or a film [the six samples]:") == 2


def test_the_samples_are_offered_until_the_folder_holds_photos_of_the_user(command, old_photos, tmp_path):
    assert "a film [the six samples]:" in command().stdout
    shutil.copytree(old_photos, tmp_path / "dataset" / "bw")
    done = command(typed="\n\n")
    assert "a film [dataset/bw]:" in done.stdout
    assert set(pictures(only(tmp_path / "OUTPUT" / "results", "colorize-*"))) == {"camera.png", "page.png"}


ASKED = [question for question in (FIRST, *QUESTIONS) if question.prompt]


@pytest.mark.parametrize("question", ASKED, ids=lambda question: question.name)
@pytest.mark.parametrize(("asks", "ends"), [("help", "quit"), ("?", "Exit")])
def test_every_question_explains_itself_and_lets_the_user_leave(question, asks, ends):
    printed = io.StringIO()
    talk = Conversation(Console(io.StringIO(f"{asks}\n{ends}\n"), printed))
    words = {"archive": "a.zip", "folder": "photos", "kind": "photos"}
    with pytest.raises(Quit):
        talk.answer(question, **words)
    about = question.explanation or question.help
    assert about[1:] in printed.getvalue()
    assert "quit ends the program." in printed.getvalue()


def test_quitting_is_no_error(command, old_photos, tmp_path):
    done = command(typed=f"{old_photos}\nquit\n")
    assert done.returncode == 0
    assert done.stdout.endswith("Ended. Nothing was made.\n")
    assert not list((tmp_path / "OUTPUT" / "results").iterdir())
