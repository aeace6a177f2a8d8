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

from tests.shared_photos import made_by_one, pictures_of, two_hundred_photos

pytest.importorskip("ray", reason='ray, the extra "cluster", is not installed')


@pytest.mark.slow
def test_a_killed_worker_and_a_killed_coordinator_leave_every_photo_once_as_in_a_single_run(program, tmp_path):
    photos, target = two_hundred_photos(tmp_path / "photos"), tmp_path / "in colour"
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
