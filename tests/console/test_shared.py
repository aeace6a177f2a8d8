"""Photos that processes share out, each starting the program as a person or Slurm does."""

import json
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from colorizer.console import command_line
from tests.shared_photos import made_by_one, pictures_of, small_photos


@pytest.mark.slow
def test_four_shards_of_which_one_is_killed_end_as_a_single_run(program, tmp_path):
    photos = small_photos(tmp_path / "photos", 200)
    flags = ["colorize", "--dataset", photos, "--cache", "none", "--output", tmp_path / "out", "--yes"]
    shared = tmp_path / "shared"

    def start(number: int) -> subprocess.Popen:
        command = [sys.executable, program.home / "colorize.py", *flags, "--to", shared, "--shard", f"{number}/4"]
        return subprocess.Popen([*map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    running = [start(number) for number in range(4)]
    part = shared / "manifest-1-of-4.jsonl"
    while not (part.is_file() and part.read_bytes().count(b"\n") > 2):
        with suppress(subprocess.TimeoutExpired):
            pytest.fail(f"ended early, with {running[1].wait(0.02)}")
    running[1].send_signal(signal.SIGKILL)
    told = [process.communicate(timeout=100)[0] for process in running]
    assert [process.returncode for process in running] == [0, -signal.SIGKILL, 0, 0], told
    early = program("merge", "--to", shared)
    assert early.returncode == 1
    assert "a part has not come to its end" in early.stdout
    spoiled = shared / "0" / "000.jpg"
    spoiled.write_bytes(spoiled.read_bytes()[:-100])  # as a machine leaves a file that loses its power
    again = [start(number) for number in range(2)]
    told = [process.communicate(timeout=100)[0] for process in again]
    assert [process.returncode for process in again] == [0, 0], told
    assert "are done already" in told[1]
    assert "1 color photo is in" in told[0]
    merged = program("merge", "--to", shared)
    assert merged.returncode == 0, merged.stdout + merged.stderr
    assert "200 color photos of 202 files, each once" in merged.stdout
    assert "1 file without a color photo: already in color." in merged.stdout
    assert "1 file without a color photo: a text file." in merged.stdout
    assert pictures_of(shared) == made_by_one(photos, tmp_path / "single")
    lines = [json.loads(line) for line in (shared / "manifest.jsonl").read_text().splitlines()]
    assert [line["path"] for line in lines] == sorted(
        str(path.relative_to(photos)) for path in photos.rglob("*") if path.is_file()
    )


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--shard", "3/3", "--to", "x"], "Of 3, 0/3 is the first, 2/3 the last"),
        (["--shard", "x", "--to", "x"], "Write I/N"),
        (["--shard", "-1/3", "--to", "x"], "Write I/N"),
        (["--shard", "0/0", "--to", "x"], "1 to 100,000 parts"),
        (["--cluster", "nowhere"], "is not local, auto or an address"),
        (["--check-only", "--yes"], "--check-only goes with --shard or --cluster"),
        (["--shard", "0/2"], "--shard needs --to FOLDER"),
        (["--shard", "0/2", "--to", "x", "--count", "3"], "--count takes all photos at once"),
        (["--shard", "0/2", "--to", "x", "--cluster", "local"], "two ways"),
    ],
)
def test_what_does_not_go_with_sharing_out_is_a_sentence(flags, sentence, capsys, monkeypatch, colour_folder):
    monkeypatch.setattr(sys, "argv", ["colorize.py", "colorize", "--dataset", str(colour_folder), *flags])
    assert command_line._run() == 2
    said = capsys.readouterr()
    assert sentence in said.out + said.err
