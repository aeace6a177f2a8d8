from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from colorizer import __version__
from colorizer.console import command_line
from colorizer.conversation.question import COMMANDS
from colorizer.conversation.questions import QUESTIONS
from tests.conftest import SHIPPED


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("train", "--epochs", "many"), "'many' is not a whole number."),
        (("train", "--epochs", "-1"), "-1 is too small"),
        (("train", "--monitor", "speed"), "'speed' is not an option"),
        (("train", "--size", "100"), "100 is not a multiple of 32. The nearest multiples are 96 and 128."),
        (("colorize", "--dataset", "/nowhere"), "/nowhere does not exist."),
        (("colorize", "--epochs", "3"), "No such option"),
        (("fly",), "is not a file, a folder or a command"),
        (("~nobody-here/photos",), "is not a file"),
        (("a" * 300,), "is not a file"),
    ],
)
def test_a_wrong_flag_exits_with_2_and_a_sentence(command, flags, sentence):
    done = command(*flags)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("flags", "typed", "flag"),
    [
        ((), "", "train | colorize | evaluate"),
        (("train",), "/nowhere/at all\n", "--dataset"),
        (("colorize", "--dataset", SHIPPED / "camera.png"), "", "--more-options"),
        (("colorize", "--dataset", SHIPPED / "camera.png"), "yes\n", "--count"),
    ],
)
def test_the_end_of_input_names_the_missing_flag(command, flags, typed, flag):
    done = command(*flags, typed=typed)
    assert done.returncode == 2
    assert flag in done.stdout


@pytest.mark.slow
def test_the_first_question_comes_without_tensorflow(program):
    sentinel = program.home / "tensorflow.py"
    sentinel.write_text("raise SystemExit('TensorFlow was imported')")
    done = program(typed="2\nnowhere\n")
    assert "nowhere does not exist." in done.stdout
    assert "TensorFlow was imported" not in done.stdout + done.stderr


def test_too_few_photos_is_said_and_by_flag_ends_with_1(command, tmp_path):
    (tmp_path / "empty").mkdir()
    done = command("train", "--dataset", tmp_path / "empty", "--yes")
    assert done.returncode == 1
    assert "No usable photos" in done.stdout
    assert "--dataset" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", ["train", "colorize", "evaluate"])
def test_a_model_that_does_not_serve_ends_with_1_and_leaves_no_empty_folder(command, tmp_path, colour_folder, name):
    (tmp_path / "broken.h5").write_bytes(b"\x89HDF\r\n\x1a\nbroken")
    flags = ["--dataset", colour_folder, "--model", tmp_path / "broken.h5", "--yes", "--output", tmp_path / "out"]
    done = command(name, *flags, *(["--recolor"] if name == "colorize" else []))
    assert done.returncode == 1
    assert "broken.h5" in done.stdout
    assert list((tmp_path / "out" / "results").iterdir()) == []


def test_help_all_lists_every_flag():
    text = CliRunner().invoke(command_line.program, ["--help-all"]).output
    assert [question.flag for question in QUESTIONS if question.flag not in text] == []
    for name in COMMANDS:
        text = CliRunner().invoke(command_line.program, [name, "--help-all"]).output
        assert [each.flag for each in QUESTIONS if name in each.commands and each.flag not in text] == []


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_the_help_fits_on_a_screen_and_names_the_rest(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = CliRunner().invoke(command_line.program, [*name.split(), "--help"]).output.splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("  --help-all ") for line in lines)


@pytest.mark.parametrize("name", ["train", "colorize", "evaluate"])
def test_every_command_s_flags_are_those_of_its_questions(name):
    parsed = command_line.program.get_command(click.Context(command_line.program), name)
    flags = {flag for parameter in parsed.params if isinstance(parameter, click.Option) for flag in parameter.opts}
    questions = [question for question in QUESTIONS if name in question.commands]
    own = {"--yes", "--quiet", "--help-all"} | ({"--json"} if name == "colorize" else set())
    assert flags == own.union(flag for each in questions for flag in (each.flag, *each.aliases))


def test_back_leads_from_question_to_question_as_far_as_the_first(command, gray_folder):
    typed = ["2", str(gray_folder), "yes", "back", "back", "Back", "back", "2", str(gray_folder), "yes"]
    done = command(typed="\n".join(typed) + "\n")
    asked = [line for line in done.stdout.splitlines() if line.endswith(("]", "]:")) and not line.startswith(" ")]
    first, where = "Where are your photos? A folder, a zip, a ph", "Where are your photos? A folder, a zip or a"
    more, count = "More options?", "How many photos?"
    begun = [first, where, more, count]
    for line, begins in zip(asked, [*begun, more, where, first, *begun], strict=True):
        assert line.startswith(begins), done.stdout
    assert "There is nothing to take back: this is the first question." in done.stdout
    assert done.returncode == 2


def test_flags_alone_are_those_of_colorizing(command, tmp_path):
    (tmp_path / "empty").mkdir()
    done = command("--dataset", tmp_path / "empty", "--yes", "--show-results")
    assert done.returncode == 1
    assert "No usable photos" in done.stdout
    assert "No such option" in command("--epochs", "3").stderr


def test_help_and_version_are_told():
    assert (
        CliRunner().invoke(command_line.program, ["-h"]).output
        == CliRunner().invoke(command_line.program, ["--help"]).output
    )
    assert CliRunner().invoke(command_line.program, ["--version"]).output == f"Colorizer {__version__}\n"


def chosen(monkeypatch, *args) -> tuple[str, dict]:
    """The command that a command line leads to, and its flags."""
    calls = []
    monkeypatch.setattr("colorizer.console.command_line.converse", lambda *call: calls.append(call))
    done = CliRunner().invoke(command_line.program, [str(arg) for arg in args])
    assert done.exit_code == 0, done.output
    return calls[0]


def test_a_folder_may_be_called_as_a_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("train").mkdir()
    name, flags = chosen(monkeypatch, "--output", "O", "--dataset", "train", "--yes")
    assert (name, flags["dataset"], flags["output"]) == ("colorize", Path("train"), Path("O"))
    name, flags = chosen(monkeypatch, "--output", "O", "train", "--dataset", "train")
    assert (name, flags["dataset"], flags["output"]) == ("train", Path("train"), Path("O"))


def test_names_from_a_shell_s_pattern_are_plain_arguments_behind_a_flag(tmp_path, monkeypatch):
    photos = [tmp_path / f"{number}.jpg" for number in range(3)]
    for photo in photos:
        photo.touch()
    name, flags = chosen(monkeypatch, "--dataset", *photos, "--yes")
    assert (name, flags["dataset"], flags["paths"]) == ("colorize", photos[0], tuple(photos[1:]))


def test_a_film_in_the_place_of_a_command_is_colorized_as_a_film(tmp_path, monkeypatch):
    film, photo = tmp_path / "a film.mp4", tmp_path / "photo.png"
    film.write_bytes(b"\0\0\0\x18ftypisom" + bytes(100))
    photo.touch()
    name, flags = chosen(monkeypatch, film, "--yes", "--output", tmp_path)
    assert (name, flags["paths"], flags["output"]) == ("film", (film,), tmp_path)
    assert chosen(monkeypatch, film, film)[0] == "film"
    assert chosen(monkeypatch, photo)[0] == "colorize"
    assert chosen(monkeypatch, film, photo)[0] == "colorize"
