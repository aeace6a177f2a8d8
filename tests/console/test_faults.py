import subprocess
import sys

import pytest

from benchmarks.failing import resource
from tests.conftest import PROJECT


@pytest.mark.slow
@pytest.mark.skipif(resource is None, reason="the length of files cannot be limited")
@pytest.mark.parametrize(("command", "every"), [("colorize", 41), ("evaluate", 101), ("train", 307)])
def test_a_command_whose_file_operations_fail_leaves_nothing_half_and_says_nothing_untrue(command, every):
    """Some of the cases, of all kinds; all of them take `python -m benchmarks.faults`."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults", str(every), command],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert f"{command}: " in done.stdout
