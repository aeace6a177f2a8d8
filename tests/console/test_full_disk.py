import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT, SCRATCH, settings_file

pytestmark = pytest.mark.slow


def on_small_disk(program, disk: Path, size: str, *flags) -> subprocess.CompletedProcess[str]:
    """Run the program with its output on a disk of so few bytes: a tmpfs in a namespace of its own."""
    disk.mkdir(exist_ok=True)
    words = [sys.executable, program.home / "colorize.py", *flags, "--output", disk / "OUTPUT", "--yes"]
    inside = (
        f"mount -t tmpfs -o size={size} tmpfs '{disk}' && "
        + " ".join(f"'{word}'" for word in words)
        + f"; code=$?; find '{disk}' -name '.*' | sed 's/^/LEFT /'; exit $code"
    )
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", inside],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=240,
    )


def left_half_written(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stdout.splitlines() if line.startswith("LEFT") and ".writing-" in line]


needs_namespaces = pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(
        ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        capture_output=True,
        check=False,
    ).returncode
    != 0,
    reason="a small disk cannot be mounted here",
)


@needs_namespaces
def test_a_full_disk_while_colorizing_is_said_with_how_to_go_on(program, tmp_path, gray_folder):
    done = on_small_disk(program, tmp_path / "disk", "3m", "colorize", "--dataset", gray_folder)
    assert done.returncode == 1
    assert "No space left on device" in done.stdout
    assert re.search(r"of 200 (color photos are complete|photos could not be colorized).*--skip-existing", done.stdout)
    assert "Traceback" not in done.stdout + done.stderr
    assert left_half_written(done) == []


@needs_namespaces
@pytest.mark.parametrize("size", ["200k", "1500k"])
def test_a_full_disk_while_training_is_said_and_leaves_nothing_half_written(program, tmp_path, colour_folder, size):
    flags = ["train", "--dataset", colour_folder, "--size", 64, *SCRATCH, "--epochs", 3]
    flags += ["--settings", settings_file(tmp_path, model={"filters": [16, 32, 64]})]
    done = on_small_disk(program, tmp_path / "disk", size, *flags)
    assert done.returncode == 1
    assert "No space left on device" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert left_half_written(done) == []


SAVE_ON_SMALL_DISKS = """
import subprocess, sys
from pathlib import Path
from colorizer.network.architectures import build
from colorizer.network.model_files import save, save_weights
from colorizer.errors import ColorizeError
from colorizer.settings import ModelSettings
model, disk = build(ModelSettings(size=64, filters=(8, 16))).model, Path(sys.argv[1])
for kilobytes in range(12, 200, 12):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", disk], check=True)
    for write, name in ((save, "model.h5"), (save, "model.keras"), (save_weights, "model.weights.h5")):
        try:
            write(model, disk / name)
        except ColorizeError as error:
            assert "No space left on device" in str(error), error
        assert list(disk.iterdir()) in ([], [disk / name]), list(disk.iterdir())
        (disk / name).unlink(missing_ok=True)
    subprocess.run(["umount", disk], check=True)
"""


@needs_namespaces
def test_a_model_on_a_disk_of_any_small_size_is_whole_or_not_there(tmp_path):
    command = ["unshare", "--map-root-user", "--mount", sys.executable, "-c", SAVE_ON_SMALL_DISKS, tmp_path]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_an_output_that_cannot_be_written_is_a_sentence(program, tmp_path):
    (tmp_path / "out").mkdir(mode=0o500)
    done = program("--output", tmp_path / "out", "--yes")
    assert done.returncode == 1
    assert "Cannot create folders for results in" in done.stdout


def test_an_output_that_is_a_file_or_cannot_exist_is_a_sentence(program, tmp_path):
    (tmp_path / "file").write_text("mine")
    for output in (tmp_path / "file", Path("/proc/nowhere")):
        done = program("--output", output, "--yes")
        assert done.returncode == 1
        assert "Cannot create folders for results in" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr
    assert (tmp_path / "file").read_text() == "mine"
