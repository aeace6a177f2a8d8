"""The program on a Ray cluster of this machine: real processes, which are killed."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest
from PIL import Image

from colorizer.dataset.check import colour_format
from colorizer.dataset.find import find_files
from colorizer.inference.colorize import AS_MEANT
from colorizer.machines.portions import SharedEvaluation, SharedJob, check_portion, evaluate_portion
from colorizer.network.model_files import load_model
from colorizer.settings import Reading
from tests.conftest import SHIPPED
from tests.shared_photos import made_by_one, pictures_of, small_photos

pytest.importorskip("ray", reason='ray, the extra "cluster", is not installed')


@pytest.mark.slow
def test_a_killed_worker_and_a_killed_coordinator_leave_every_photo_once_as_in_a_single_run(program, tmp_path):
    photos, target = small_photos(tmp_path / "photos", 200), tmp_path / "in colour"
    decoy = tmp_path / "stands here" / "colorizer" / "__init__.py"
    decoy.parent.mkdir(parents=True)
    decoy.write_text("raise ImportError('code from where a person stands')")
    command = [sys.executable, program.home / "colorize.py", "colorize", "--dataset", photos, "--to", target]
    command += ["--cluster", "local", "--workers", "4", "--cache", "none", "--output", tmp_path / "out"]

    def start() -> subprocess.Popen:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*map(str, command)],
            cwd=decoy.parents[1],
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def lines() -> list[dict]:
        path = target / "manifest.jsonl"
        whole = path.read_text().split("\n")[:-1] if path.is_file() else ()
        return [json.loads(line) for line in whole]

    running = start()
    while not lines():
        with suppress(subprocess.TimeoutExpired):
            pytest.fail(f"ended early, with {running.wait(0.02)}: {running.stdout.read()}")
    started = psutil.Process(running.pid).children(recursive=True)
    heard = {at.laddr.ip for process in started for at in process.net_connections("inet") if at.status == "LISTEN"}
    assert heard
    assert heard <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
    os.kill(int(lines()[0]["worker"].split(":")[1]), signal.SIGKILL)
    seen = len(lines())
    while len(lines()) == seen and running.poll() is None:  # the others go on
        with suppress(subprocess.TimeoutExpired):
            running.wait(0.02)
    running.kill()
    told_before, _ = running.communicate()
    again = start()
    told, _ = again.communicate(timeout=300)
    assert again.returncode == 0, told
    assert int(re.search(r"(\d+) of 202 photos of all are done already", told)[1]) >= seen - 2
    assert [
        line for line in (told_before + told).splitlines() if re.search(r"ray|warn|\(pid", line, re.IGNORECASE)
    ] == []
    assert [line["path"] for line in lines()] == sorted(
        str(path.relative_to(photos)) for path in photos.rglob("*") if path.is_file()
    )
    assert pictures_of(target) == made_by_one(photos, tmp_path / "single")


@pytest.mark.slow
def test_a_check_by_cluster_finds_what_one_process_finds_and_makes_no_picture(program, tmp_path, gray_folder):
    Image.open(SHIPPED / "astronaut.png").resize((64, 64)).save(gray_folder / "in colour.png")
    (gray_folder / "readme.txt").write_text("These are our photographs.")
    target = tmp_path / "found"
    flags = ["--dataset", gray_folder, "--to", target, "--cache", "none", "--cluster", "local", "--workers", "1"]
    told = program("colorize", "--check-only", *flags)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "200 photos are fine" in told.stdout
    assert "1 file without a color photo: a text file." in told.stdout
    dataset = find_files(gray_folder)
    alone = check_portion(SharedJob(dataset.root, tmp_path), [(path.name, "") for path in dataset.files])
    found = map(json.loads, (target / "check.jsonl").read_text().splitlines())
    assert [*map(_what, found)] == [_what(line.record()) for line in sorted(alone, key=lambda line: line.path)]
    assert not [path for path in target.rglob("*") if path.suffix == ".png"]


@pytest.mark.slow
def test_an_evaluation_by_cluster_comes_to_the_figures_of_one_process(program, tmp_path, small_model, colour_folder):
    Image.open(SHIPPED / "camera.png").save(colour_folder / "gray.png")
    target = tmp_path / "figures"
    flags = ["--dataset", colour_folder, "--to", target, "--cache", "none", "--cluster", "local", "--workers", "1"]
    told = program("evaluate", "--model", small_model, *flags)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "1 file that was not scored: in another color format." in told.stdout
    dataset, network = find_files(colour_folder), load_model(small_model)
    settings = {"adjustment": AS_MEANT, "reading": Reading(), "hints_per_photo": 0, "seed": 42}
    job = SharedEvaluation(dataset.root, tmp_path, colour_format(dataset), settings, "")
    names = [str(path.relative_to(dataset.root)) for path in dataset.files]
    alone = evaluate_portion(job, network, names)
    by_cluster = json.loads((target / "evaluation.jsonl").read_text())
    assert by_cluster["photos"] == names
    for name in ("predicted", "gray"):
        assert by_cluster["evaluation"][name] == pytest.approx(alone["evaluation"][name], rel=1e-4)
    assert (target / "scores.csv").is_file()
    assert (target / "hues.png").is_file()


def _what(line: dict) -> dict:
    """What a line says of a photo, whoever found it, however long it took."""
    return {name: value for name, value in line.items() if name not in ("seconds", "worker")}
