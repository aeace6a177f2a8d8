import io

import pytest

from colorizer.console.terminal import Console
from colorizer.conversation.conversation import MissingAnswer
from colorizer.conversation.training_questions import EPOCHS


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
        "-1 is too small: the least is 0.",
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
    assert shown.getvalue() == "photo [1].jpg in [red]\nbad?.jpg\n"


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
