"""The program stopped, killed, run twice, or given a disk that takes no more: nothing is lost and nothing half done."""

import json
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pexpect
import pytest

from benchmarks.kill import unreadable, weights
from tests.conftest import SCRATCH, SHIPPED, in_terminal, only, settings_file

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def uninterrupted() -> list[list[np.ndarray]]:
    """Weights of trainings that were not interrupted, by the first test that needs them."""
    return []


@pytest.fixture
def whole(uninterrupted, command, tmp_path, colour_folder, small_training) -> list[np.ndarray]:
    """Weights of a training of four epochs that was not interrupted."""
    if not uninterrupted:
        flags = ["train", "--dataset", colour_folder, *small_training, "--epochs", 4, "--yes"]
        assert command(*flags, "--output", tmp_path / "whole").returncode == 0
        uninterrupted.append(weights(tmp_path / "whole"))
    return uninterrupted[0]


def test_ctrl_c_in_a_training_keeps_it_and_resuming_ends_as_if_nothing_had_happened(
    program, command, tmp_path, colour_folder, monkeypatch, small_training, whole
):
    flags = ["train", "--dataset", colour_folder.name, *small_training, "--epochs", 4, "--yes"]
    output = tmp_path / "parts"
    monkeypatch.chdir(tmp_path)
    terminal = in_terminal(program, *flags, "--output", output)
    terminal.expect_exact("Epoch 2 of 4, regression:")
    terminal.sendintr()
    terminal.expect_exact("Stopping after this batch; Ctrl-C again leaves at once.")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    (models,) = (output / "models").iterdir()
    said = " ".join(terminal.before.split())
    assert f"The current network is in {models / 'last.h5'}" in said
    assert f"python colorize.py train --resume {models}" in said
    assert "Traceback" not in said
    assert unreadable(output) == []
    monkeypatch.chdir("/")
    with_last = command(
        "colorize", SHIPPED / "camera.png", "--model", models / "last.h5", "--output", tmp_path / "used", "--yes"
    )
    assert with_last.returncode == 0, with_last.stdout
    done = command("train", "--resume", models)  # which was begun with --yes
    assert done.returncode == 0, done.stdout + done.stderr
    assert all((ended == kept).all() for ended, kept in zip(weights(output), whole, strict=True))
    assert sorted(path.name for path in models.iterdir()) == ["model.h5", "model.json", "model.weights.h5"]
    history = json.loads((models / "model.json").read_text())["training"]["history"]
    assert len(history["loss"]) == 4
    again = command("train", "--resume", models, "--yes")
    assert again.returncode == 1
    assert f"The training in {models} is finished. To colorize with its model: " in again.stdout
    model = (models / "model.h5").relative_to("/")  # the current folder
    assert f"colorize.py colorize --model {model} --dataset PHOTOS" in again.stdout


def test_ctrl_c_twice_leaves_at_once_with_the_last_epoch_intact(program, tmp_path, colour_folder):
    # Steps of some seconds: the second Ctrl-C comes within one.
    flags = [
        "--dataset",
        colour_folder,
        "--size",
        256,
        "--architecture",
        "rgb_unet",
        "--settings",
        settings_file(tmp_path, model={"filters": [64, 64]}),
    ]
    terminal = in_terminal(
        program, "train", *flags, "--batch-size", 8, "--epochs", 10, "--output", tmp_path / "out", "--yes"
    )
    terminal.expect_exact("Epoch 1 of 10")
    terminal.sendintr()
    terminal.expect_exact("Stopping after this batch")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert "Interrupted." in terminal.before
    assert "Stopped in epoch" not in terminal.before
    assert "Traceback" not in terminal.before
    assert unreadable(tmp_path / "out") == []


def test_a_training_terminated_or_killed_is_resumed_with_its_own_settings_and_photos(
    program, command, tmp_path, colour_folder, small_training, whole
):
    output = tmp_path / "parts"
    begin = ["train", "--dataset", colour_folder, *small_training, "--epochs", 4, "--output", output, "--yes"]
    terminal = in_terminal(program, *begin)
    terminal.expect_exact("Epoch 2 of 4, regression:")
    terminal.kill(signal.SIGTERM)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    resume = ["train", "--resume", only(output / "models", "*"), "--yes"]
    other = command(*resume, "--epochs", 3)
    assert other.returncode == 2
    assert "leave out --epochs" in other.stdout
    photo = colour_folder / "rocket.jpg"
    photo.rename(tmp_path / "rocket.jpg")
    without = command(*resume)
    assert without.returncode == 1
    assert "1 of the 8 photos of this training no longer exist" in without.stdout
    assert "rocket.jpg" in without.stdout
    (tmp_path / "rocket.jpg").rename(photo)
    terminal = in_terminal(program, *resume)
    terminal.expect_exact("Saved the model")
    terminal.kill(signal.SIGKILL)
    terminal.close()
    (only(output / "models", "*") / ".writing-half.h5").write_bytes(b"half")
    assert command(*resume).returncode == 0
    assert all((ended == kept).all() for ended, kept in zip(weights(output), whole, strict=True))
    assert unreadable(output) == []


def test_ctrl_c_while_colorizing_leaves_complete_photos_and_the_rest_can_follow(
    program, command, tmp_path, gray_folder
):
    flags = ["colorize", "--dataset", gray_folder, "--output", tmp_path / "out", "--yes"]
    terminal = in_terminal(program, *flags)
    terminal.expect_exact("Colorizing")
    terminal.expect(r" [2-6]\d%")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    said = " ".join(terminal.before.split())
    complete = int(re.search(r"Interrupted\. (\d+) of 200 color photos are complete", said)[1])
    (run,) = (tmp_path / "out" / "results").iterdir()
    assert len(list(run.glob("*.png"))) == complete
    assert 0 < complete < 200
    assert unreadable(tmp_path / "out") == []
    written = {path: path.stat().st_mtime_ns for path in run.glob("*.png")}
    done = command(*flags, "--skip-existing")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{complete} of 200 photos are already in {run.relative_to(tmp_path)}" in done.stdout
    assert [path.name for path in (tmp_path / "out" / "results").iterdir()] == [run.name]
    assert len(list(run.glob("*.png"))) == 200
    assert all(path.stat().st_mtime_ns == time for path, time in written.items())
    # Other colours are other photos: nothing is skipped for them.
    done = command(*flags, "--skip-existing", "--vividness", "1.5", "--count", 3)
    assert len(list((tmp_path / "out" / "results").iterdir())) == 2


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
    terminal = in_terminal(
        program, "train", "--dataset", colour_folder, "--size", 64, *SCRATCH, "--output", tmp_path / "out"
    )
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


def test_two_trainings_at_once_in_one_output_disturb_each_other_in_nothing(
    program, tmp_path, colour_folder, small_training
):
    flags = [
        "train",
        "--dataset",
        str(colour_folder),
        *small_training,
        "--epochs",
        "1",
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
