import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from colorizer.files import fcntl
from colorizer.runs.folders import reserved_run, working_in
from tests.conftest import PROJECT

pytestmark = pytest.mark.skipif(fcntl is None, reason="there are no locks that end with their process")

PROGRAM = """
import sys, time
from pathlib import Path
from colorizer.files import complete_file
from colorizer.runs.folders import reserved_run
from colorizer.runs.folders import working_in

with reserved_run(Path(sys.argv[1]), "colorize") as run, complete_file(run.results / "deep" / "photo.jpg"):
    if len(sys.argv) > 2:
        (run.results / "done.jpg").write_text("colour")
    print(run.name, flush=True)
    sys.stdin.read()
"""


def started(output: Path, *words: str) -> tuple[subprocess.Popen, str]:
    """A run that is in the middle of writing a photo, and its name."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(output), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        text=True,
    )
    return process, process.stdout.readline().strip()


def everything(output: Path) -> list[str]:
    return sorted(str(path.relative_to(output)) for path in output.rglob("*") if path.name != ".colorizer-results")


def killed(process: subprocess.Popen) -> None:
    process.kill()
    process.communicate()


def test_what_a_killed_run_left_is_swept_by_the_next_and_what_it_finished_stays(tmp_path):
    empty, empty_name = started(tmp_path)
    with_photo, name = started(tmp_path, "done")
    killed(empty)
    killed(with_photo)
    assert sum(".writing-" in path for path in everything(tmp_path)) == 2
    with reserved_run(tmp_path, "colorize"):
        assert (tmp_path / "results" / name / "done.jpg").read_text() == "colour"
        # Its name may be this run's, if no second has passed.
        assert everything(tmp_path / "results" / empty_name) == []
    assert everything(tmp_path) == ["models", "results", f"results/{name}", f"results/{name}/done.jpg"]


def test_what_a_living_run_is_writing_is_left_alone(tmp_path):
    process, name = started(tmp_path)
    with reserved_run(tmp_path, "colorize"):
        assert any(".writing-" in path for path in everything(tmp_path / "results" / name))
    assert process.poll() is None
    process.communicate("", timeout=60)
    assert [path for path in everything(tmp_path) if "photo" in path] == [f"results/{name}/deep/photo.jpg"]
    assert not any(path.name.startswith(".running") for path in (tmp_path / "results").iterdir())


@pytest.mark.parametrize("name", ["..", "../..", "colorize-20260101-000000"])
def test_a_mark_leads_nowhere_else(tmp_path, name):
    output, precious = tmp_path / "output", tmp_path / ".writing-mine"
    (output / "results").mkdir(parents=True)
    precious.write_text("mine")
    if "/" not in name:
        (output / "results" / f".running-{name}").touch()
    if "-" in name:
        (output / "results" / name).symlink_to(tmp_path)
    with reserved_run(output, "colorize"):
        assert precious.read_text() == "mine"


@pytest.mark.skipif(os.name == "nt", reason="no such signals")
def test_a_run_that_is_hung_up_on_is_swept_too(tmp_path):
    process, _ = started(tmp_path)
    process.send_signal(signal.SIGQUIT)
    process.communicate()
    with reserved_run(tmp_path, "colorize"):
        assert not any(".writing-" in path for path in everything(tmp_path))


IN_A_FOLDER = """
import sys
from pathlib import Path
from colorizer.files import complete_file
from colorizer.runs.folders import working_in

folder = Path(sys.argv[1])
with working_in(folder, folder / ".names.json"), complete_file(folder / "deep" / "photo.jpg"):
    print(flush=True)
    sys.stdin.read()
"""


def writing_into(folder: Path) -> subprocess.Popen:
    """A process in the middle of writing a photo into a folder that others may use."""
    process = subprocess.Popen(
        [sys.executable, "-c", IN_A_FOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        text=True,
    )
    process.stdout.readline()
    return process


def test_the_next_process_that_writes_into_a_folder_sweeps_what_a_killed_one_left_there(tmp_path):
    dead, living = writing_into(tmp_path), writing_into(tmp_path)
    (tmp_path / ".writing-mine.jpg").write_text("of somebody else")
    killed(dead)
    assert len(list(tmp_path.glob("deep/.writing-*"))) == 2
    with working_in(tmp_path, tmp_path / ".names.json"):
        assert len(list(tmp_path.glob("deep/.writing-*"))) == 1
        assert len(list(tmp_path.glob(".working-*"))) == 2
    living.communicate("", timeout=60)
    assert everything(tmp_path) == [".writing-mine.jpg", "deep", "deep/photo.jpg"]
