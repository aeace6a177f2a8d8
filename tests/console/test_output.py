"""Output that takes nothing more, too little memory, and a terminal that is gone: an end, and no traceback."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.conftest import SHIPPED, in_terminal

pytestmark = pytest.mark.slow


def in_shell(program, command: str, *flags: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the program inside a line of the shell, in the place of PROGRAM."""
    words = [sys.executable, program.home / "colorize.py", *flags, "--yes"]
    line = command.replace("PROGRAM", shlex.join(map(str, words)))
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=False, timeout=240
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_output_is_a_sentence(program, tmp_path):
    done = in_shell(program, "PROGRAM > /dev/full", "--output", tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr == "Ended, since nothing more can be written to the output: No space left on device.\n"


def test_an_output_that_nobody_reads_any_more_is_an_end_without_a_word(program, tmp_path):
    done = in_shell(program, "PROGRAM | head -1", "--output", tmp_path / "out")
    assert done.stdout.startswith("Colorizer: ")
    assert (done.returncode, done.stderr) == (1, "")


def test_a_closed_output_takes_nothing_and_the_work_is_done(program, tmp_path):
    done = in_shell(
        program, "PROGRAM >&-", "colorize", "--dataset", SHIPPED / "camera.png", "--output", tmp_path / "out"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((tmp_path / "out").rglob("camera.png"))) == 1


@pytest.mark.skipif(os.name == "nt", reason="there is no such limit")
@pytest.mark.parametrize("kilobytes", [700_000, 1_500_000])
def test_too_little_memory_for_tensorflow_is_a_sentence(program, tmp_path, kilobytes):
    line = f"ulimit -v {kilobytes}; PROGRAM"
    done = in_shell(program, line, "evaluate", "--dataset", SHIPPED / "coffee.png", "--output", tmp_path / "out")
    assert done.returncode == 1
    assert "TensorFlow cannot be started; give it more memory" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no such signal")
def test_a_terminal_that_is_gone_is_as_ctrl_c(program, tmp_path, gray_folder):
    output = tmp_path / "out"
    terminal = in_terminal(program, "colorize", "--dataset", gray_folder, "--output", output, "--yes")
    terminal.expect_exact("Loaded")
    terminal.kill(signal.SIGHUP)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert "Interrupted" in terminal.before
    assert not [path for path in output.rglob("*") if path.name.startswith((".writing-", ".running-"))]
