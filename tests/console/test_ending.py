"""Ctrl-C in moments in which Python itself would answer with a traceback, a death by the signal, or another error."""

import io
import signal
import sys
from contextlib import suppress

import pytest

from colorizer.console.terminal import Console
from tests.conftest import SHIPPED

PRESSED = """
import atexit, signal, sys
from functools import partial
press, moment = partial(signal.raise_signal, signal.SIGINT), sys.argv[1]
if moment == "while Python shuts down":
    atexit.register(press)
sys.argv[1:] = ["--version"]
from colorizer.console.command_line import leave
try:
    leave()
finally:
    if moment == "before it does":
        press()
"""


def test_a_second_ctrl_c_at_any_moment_of_hearing_the_first_is_an_interruption():
    def pressed_after(calls: int):
        def traced(frame, event, argument):
            nonlocal calls
            calls -= 1
            if calls == 0:
                signal.raise_signal(signal.SIGINT)

        return traced

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for calls in range(1, 40):
            with pytest.raises(KeyboardInterrupt), Console(target=io.StringIO()).patience("Stopping"):
                sys.settrace(pressed_after(calls))
                try:
                    signal.raise_signal(signal.SIGINT)
                finally:
                    sys.settrace(None)
                signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_a_library_makes_of_a_second_ctrl_c_is_an_interruption():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), Console(target=io.StringIO()).patience("Stopping"):
            signal.raise_signal(signal.SIGINT)
            with suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            raise TypeError("an object has no shape")
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_inside_an_import_that_makes_another_error_of_it_ends_with_130(program, tmp_path):
    (program.home / "ai_edge_litert.py").write_text("raise ImportError('there is no wheel for this machine')")
    interrupted = "try:\n    raise KeyboardInterrupt\nexcept KeyboardInterrupt as error:\n"
    (program.home / "tensorflow.py").write_text(
        f"{interrupted}    raise ImportError('initialization failed') from error"
    )
    done = program("colorize", SHIPPED / "camera.png", "--yes", "--output", tmp_path / "out")
    assert done.returncode == 130, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(("moment", "code"), [("while Python shuts down", 0), ("before it does", 130)])
def test_ctrl_c_when_all_is_done_shows_no_traceback(program, moment, code):
    (program.home / "colorize.py").write_text(PRESSED)
    done = program(moment)
    assert done.returncode == code
    assert done.stdout.startswith("Colorizer ")
    assert done.stderr == ""
