"""The program stopped, killed, run twice, or given a disk that takes no more: nothing is lost and nothing half done."""

import gc
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest
from conftest import PROJECT, SHIPPED
from PIL import Image

from benchmarks.kill import unreadable, weights
from colorizer.batches import PhotoBatches
from colorizer.colorization import colorize_files, load_model
from colorizer.console import Console
from colorizer.conversation import Conversation
from colorizer.dataset import check_photos, find_files
from colorizer.evaluation import evaluate
from colorizer.model import build
from colorizer.results import new_run
from colorizer.settings import CacheSettings, Interrupted, ModelSettings, TrainingSettings
from colorizer.steps import colorize_to_files
from colorizer.training import train

TRAINING = ("--size", "64", "--filters", "8,16,16", "--batch-size", "1", "--dropout", "0.1", "--seed", "3")


def in_terminal(program, *flags) -> pexpect.spawn:
    return pexpect.spawn(
        sys.executable,
        [str(program.home / "colorize.py"), *map(str, flags)],
        encoding="utf-8",
        timeout=120,
        dimensions=(40, 400),
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


@pytest.fixture
def gray_folder(tmp_path: Path) -> Path:
    """Two hundred grayscale photographs."""
    folder = tmp_path / "gray photos"
    folder.mkdir()
    with Image.open(SHIPPED / "camera.png") as image:
        for number in range(200):
            image.crop((0, 0, 300 + number, 300)).save(folder / f"{number:03}.png")
    return folder


def test_ctrl_c_in_a_training_keeps_it_and_resuming_ends_as_if_nothing_had_happened(
    program, tmp_path, colour_folder, monkeypatch
):
    flags = ["train", "--dataset", colour_folder.name, *TRAINING, "--epochs", 8, "--yes"]
    assert program(*flags, "--output", tmp_path / "whole").returncode == 0
    output = tmp_path / "parts"
    monkeypatch.chdir(tmp_path)
    terminal = in_terminal(program, *flags, "--output", output)
    terminal.expect_exact("Epoch 2 of 8, regression:")
    terminal.sendintr()
    terminal.expect_exact("Stopping behind this batch; Ctrl-C again leaves at once.")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    (models,) = (output / "models").iterdir()
    said = " ".join(terminal.before.split())
    assert f"The network as it is now is in {models / 'last.h5'}" in said
    assert f"python colorize.py train --resume {models}" in said
    assert "Traceback" not in said
    assert unreadable(output) == []
    monkeypatch.chdir("/")
    with_last = program("colorize", "--model", models / "last.h5", "--output", tmp_path / "used", "--yes")
    assert with_last.returncode == 0, with_last.stdout
    done = program("train", "--resume", models, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    for ended, whole in zip(weights(output), weights(tmp_path / "whole"), strict=True):
        assert (ended == whole).all()
    assert sorted(path.name for path in models.iterdir()) == ["model.h5", "model.json", "model.weights.h5"]
    history = json.loads((models / "model.json").read_text())["training"]["history"]
    assert len(history["loss"]) == 8
    again = program("train", "--resume", models, "--yes")
    assert again.returncode == 1
    assert "There is no unfinished training in" in again.stdout


def test_ctrl_c_twice_leaves_at_once_with_the_last_epoch_intact(program, tmp_path, colour_folder):
    # Steps of some seconds: the second Ctrl-C comes within one.
    flags = ["--dataset", colour_folder, "--size", 512, "--architecture", "rgb_unet", "--filters", "64,64"]
    terminal = in_terminal(program, "train", *flags, "--batch-size", 8, "--output", tmp_path / "out", "--yes")
    terminal.expect_exact("Epoch 1 of 5")
    terminal.sendintr()
    terminal.expect_exact("Stopping behind this batch")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert "Interrupted." in terminal.before
    assert "Stopped in epoch" not in terminal.before
    assert "Traceback" not in terminal.before
    assert unreadable(tmp_path / "out") == []


def test_a_training_killed_at_any_moment_is_taken_up(program, tmp_path, colour_folder):
    flags = ["train", "--dataset", colour_folder, *TRAINING, "--epochs", 4, "--yes"]
    assert program(*flags, "--output", tmp_path / "whole").returncode == 0
    output = tmp_path / "parts"
    for moment in ("Epoch 1 of 4", "Epoch 2 of 4, regression:", "Saved the model"):
        (models,) = (output / "models").iterdir() if (output / "models").is_dir() else (None,)
        terminal = in_terminal(
            program, *(("train", "--resume", models, "--yes") if models else (*flags, "--output", output))
        )
        terminal.expect_exact(moment)
        terminal.kill(signal.SIGKILL)
        terminal.close()
    (models,) = (output / "models").iterdir()
    (models / ".writing-half.h5").write_bytes(b"half")
    assert program("train", "--resume", models, "--yes").returncode == 0
    for ended, whole in zip(weights(output), weights(tmp_path / "whole"), strict=True):
        assert (ended == whole).all()
    assert unreadable(output) == []


def test_resuming_takes_no_other_settings_and_misses_photos_that_are_gone(program, tmp_path, colour_folder):
    flags = ["train", "--dataset", colour_folder, *TRAINING, "--epochs", 50, "--output", tmp_path / "out", "--yes"]
    terminal = in_terminal(program, *flags)
    terminal.expect_exact("Epoch 1 of 50, regression:")
    terminal.kill(signal.SIGTERM)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    (models,) = (tmp_path / "out" / "models").iterdir()
    done = program("train", "--resume", models, "--epochs", 3, "--yes")
    assert done.returncode == 2
    assert "leave out --epochs" in done.stdout
    (colour_folder / "rocket.jpg").unlink()
    done = program("train", "--resume", models, "--yes")
    assert done.returncode == 1
    assert "1 of the 8 photos this training goes on with are gone" in done.stdout
    assert "rocket.jpg" in done.stdout


def test_ctrl_c_while_colorizing_leaves_complete_photos_and_the_rest_can_follow(program, tmp_path, gray_folder):
    flags = ["colorize", "--dataset", gray_folder, "--output", tmp_path / "out", "--yes"]
    terminal = in_terminal(program, *flags)
    terminal.expect_exact("Colorizing")
    terminal.expect(r" [2-6]\d%")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    said = " ".join(terminal.before.split())
    complete = int(re.search(r"Interrupted\. (\d+) of 200 colour photos are complete", said)[1])
    (run,) = (tmp_path / "out" / "results").iterdir()
    assert len(list(run.glob("*.png"))) == complete
    assert 0 < complete < 200
    assert unreadable(tmp_path / "out") == []
    written = {path: path.stat().st_mtime_ns for path in run.glob("*.png")}
    done = program(*flags, "--skip-existing")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{complete} of 200 photos are in {run} already" in done.stdout
    assert [path.name for path in (tmp_path / "out" / "results").iterdir()] == [run.name]
    assert len(list(run.glob("*.png"))) == 200
    assert all(path.stat().st_mtime_ns == time for path, time in written.items())
    # Other colours are other photos: nothing is skipped for them.
    done = program(*flags, "--skip-existing", "--vividness", "1.5", "--count", 3)
    assert len(list((tmp_path / "out" / "results").iterdir())) == 2


def test_ctrl_c_between_two_photos_stops_the_writing_before_the_complete_ones_are_counted(
    small_model, tmp_path, gray_folder
):
    class InterruptedConsole(Console):
        @contextmanager
        def progress(self, description, unit):
            yield lambda done, total: signal.raise_signal(signal.SIGINT)

    at_work = set(threading.enumerate())
    photos = find_files(gray_folder).files
    run = new_run(tmp_path / "out", "colorize")
    talk = Conversation(InterruptedConsole(), accept_defaults=True)
    with pytest.raises(Interrupted) as interrupted:
        colorize_to_files(talk, load_model(small_model), photos, gray_folder, run)
    assert set(threading.enumerate()) <= at_work
    complete = len(list(run.results.glob("*.png")))
    assert 0 < complete < 200
    assert f"{complete} of 200 colour photos are complete" in str(interrupted.value)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_or_the_systems_request_to_end_at_a_question_leaves_with_130(program, number):
    terminal = in_terminal(program)
    terminal.expect_exact("> ")
    terminal.kill(number)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert "Interrupted" in terminal.before
    assert "Traceback" not in terminal.before


def test_ctrl_c_at_a_question_before_anything_is_made_leaves_no_folder(program, tmp_path, colour_folder):
    terminal = in_terminal(program, "train", "--dataset", colour_folder, "--size", 64, "--output", tmp_path / "out")
    while terminal.expect_exact(["Look at the model?", "> "]):
        terminal.sendline("")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert [*(tmp_path / "out").glob("*/*")] == []


def test_ctrl_c_while_checking_leaves_nothing(program, tmp_path, gray_folder):
    for copy in range(10):
        shutil.copytree(gray_folder, tmp_path / "many" / str(copy))
    terminal = in_terminal(program, "colorize", "--dataset", tmp_path / "many", "--output", tmp_path / "out", "--yes")
    terminal.expect_exact("Checking")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert "Traceback" not in terminal.before
    assert not (tmp_path / "out").exists()


def test_two_trainings_at_once_in_one_output_disturb_each_other_in_nothing(program, tmp_path, colour_folder):
    flags = [
        "train",
        "--dataset",
        str(colour_folder),
        *TRAINING,
        "--epochs",
        "2",
        "--output",
        str(tmp_path / "out"),
        "--yes",
    ]
    script = [sys.executable, str(program.home / "colorize.py")]
    running = [
        subprocess.Popen([*script, *flags], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for _ in range(2)
    ]
    assert [process.wait(240) for process in running] == [0, 0]
    models = sorted((tmp_path / "out" / "models").iterdir())
    assert len(models) == 2
    assert unreadable(tmp_path / "out") == []
    for one, other in zip(*(sorted(path.name for path in folder.iterdir()) for folder in models), strict=True):
        assert one == other


def test_a_clock_that_goes_backwards_overwrites_nothing(tmp_path, monkeypatch):
    for moment in ("20260102-000000", "20260101-000000", "20260102-000000"):
        monkeypatch.setattr("time.strftime", lambda form, moment=moment: moment)
        run = new_run(tmp_path, "train")
        (run.results / "graphs.png").write_text(moment)
    texts = sorted(path.read_text() for path in (tmp_path / "results").rglob("graphs.png"))
    assert texts == ["20260101-000000", "20260102-000000", "20260102-000000"]


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
    assert re.search(r"of 200 (colour photos are complete|photos could not be colorized).*--skip-existing", done.stdout)
    assert "Traceback" not in done.stdout + done.stderr
    assert left_half_written(done) == []


@needs_namespaces
@pytest.mark.parametrize("size", ["200k", "700k", "1500k"])
def test_a_full_disk_while_training_is_said_and_leaves_nothing_half_written(program, tmp_path, colour_folder, size):
    flags = ["train", "--dataset", colour_folder, "--size", 64, "--filters", "16,32,64", "--epochs", 3]
    done = on_small_disk(program, tmp_path / "disk", size, *flags)
    assert done.returncode == 1
    assert "No space left on device" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert left_half_written(done) == []


SAVE_ON_SMALL_DISKS = """
import subprocess, sys
from pathlib import Path
from colorizer.model import build, save, save_weights
from colorizer.settings import ColorizeError, ModelSettings
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
    assert "Cannot make folders for results under" in done.stdout


def test_an_output_that_is_a_file_or_cannot_exist_is_a_sentence(program, tmp_path):
    (tmp_path / "file").write_text("mine")
    for output in (tmp_path / "file", Path("/proc/nowhere")):
        done = program("--output", output, "--yes")
        assert done.returncode == 1
        assert "Cannot make folders for results under" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr
    assert (tmp_path / "file").read_text() == "mine"


def test_files_threads_and_processes_are_given_back(tmp_path, colour_folder, gray_folder):
    network = build(ModelSettings(size=64, filters=(8, 8)))
    settings = TrainingSettings(epochs=2, batch_size=2)

    def held(number: int) -> tuple[int, int, int]:
        photos = check_photos(find_files(colour_folder), True, cache_folder=tmp_path / "cache").fine
        cache = CacheSettings(memory_bytes=0)  # so that photos are kept in an open file
        batches = PhotoBatches(photos, 64, 2, cache_folder=tmp_path, cache=cache)
        train(network, batches, batches, settings, tmp_path / f"{number}")
        evaluate(network, photos, settings)
        for _ in colorize_files(network, sorted(gray_folder.iterdir())[:20], lambda *given: None):
            pass
        batches.forget()
        gc.collect()
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        return len(os.listdir("/proc/self/fd")), threading.active_count(), len(children)  # noqa: PTH208

    first = held(1)  # TensorFlow's own threads and files come with its first work, and stay
    for number in (2, 3):
        assert all(now <= before for now, before in zip(held(number), first, strict=True))
