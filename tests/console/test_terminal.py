import io

import pytest

from colorizer.console.terminal import Console, rate_in_words
from colorizer.conversation.conversation import Conversation, MissingAnswer
from colorizer.conversation.questions import EPOCHS, UNPACK_TO


def console(typed: str) -> tuple[Console, io.StringIO]:
    shown = io.StringIO()
    return Console(io.StringIO(typed), shown), shown


def test_a_wrong_answer_is_explained_and_asked_again():
    asking, shown = console("many\n-1\n3\n")
    assert asking.ask("How many?", "--epochs", EPOCHS.parse) == 3
    assert shown.getvalue().splitlines() == [
        "How many?",
        "> many",
        "'many' is not a whole number.",
        "How many?",
        "> -1",
        "-1 is too small: the minimum is 0.",
        "How many?",
        "> 3",
    ]


def test_enter_takes_the_default_that_is_shown():
    asking, shown = console("\n")
    assert asking.ask("How many?", "--epochs", EPOCHS.parse, "5") == 5
    assert "How many? [5]" in shown.getvalue()


def test_the_end_of_input_names_the_flag():
    asking, _ = console("")
    with pytest.raises(MissingAnswer, match=r"--epochs.*--yes"):
        asking.ask("How many?", "--epochs", EPOCHS.parse)


def test_names_in_brackets_and_bytes_that_are_no_text_are_printed_as_they_are():
    telling, shown = console("")
    telling.inform("photo [1].jpg in [red]")
    telling.warn("bad\udcff.jpg")
    assert shown.getvalue() == "photo [1].jpg in [red]\nbad\\xff.jpg\n"


def test_messages_are_coloured_by_their_kind_in_a_terminal_and_plain_with_no_color(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def spoken() -> str:
        shown = Terminal()
        speaking = Console(io.StringIO("\n"), shown)
        speaking.inform("informs")
        speaking.warn("warns")
        speaking.ask("asks", "--epochs", EPOCHS.parse, "5")
        return shown.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured = spoken()
    assert "\x1b[36minforms" in coloured
    assert "\x1b[31mwarns" in coloured
    assert "\x1b[38;5;129masks" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in spoken()


def test_an_option_that_is_too_long_hangs_under_its_text(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    shown = Terminal()
    prompt = "Which?\n  1  colorize: black-and-white photos with an existing model\n  2  train"
    Console(io.StringIO("1\n"), shown).ask(prompt, "--which", str, "train")
    lines = shown.getvalue().split("\n")
    assert lines[1].startswith("  1  colorize: ")
    assert lines[2].startswith("     ")
    assert "  2  train [train]" in lines
    assert max(map(len, lines)) <= 40


def test_a_name_forges_no_line_and_reaches_no_terminal_raw():
    telling, spoken = console("\n")
    name = "a\n8 photos are fine.\x1b]0;x\x07\x9b31m\u202egpj"
    telling.inform(f"Found 1 file in {name}.")
    telling.warn(name)
    Conversation(telling).answer(UNPACK_TO, default="folder", archive=name)
    telling.show("two\nlines \x1b[2J")
    lines = spoken.getvalue().splitlines()
    assert len(lines) == 6
    assert lines[0] == r"Found 1 file in a\n8 photos are fine.\x1b]0;x\x07\x9b31m\u202egpj."
    assert not {"\x1b", "\x07", "\x9b", "\u202e"}.intersection(spoken.getvalue())


@pytest.mark.parametrize(
    ("rate", "unit", "words"),
    [
        (2.54, "batches", "2.5 batches/s"),
        (1234.5, "photos", "1,234.5 photos/s"),
        (0.25, "batches", "4.0 s per batch"),
        (0.02, "photos", "50.0 s per photo"),
    ],
)
def test_a_rate_below_one_is_told_in_seconds(rate, unit, words):
    assert rate_in_words(rate, unit) == words
