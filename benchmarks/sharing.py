"""`python -m benchmarks.sharing rate [PHOTOS]`, `python -m benchmarks.sharing paths [PATHS]`: the cost of sharing work.

`rate` colorizes small photos, parts of scikit-image's, with one process and with two workers of a local Ray cluster. It
prints the CPU time per photo of all started processes, including Ray's own, and the rate by wall-clock time. `paths`
processes a list of made-up photos as a cluster's coordinator does, including names and manifest, without opening any
photo, and prints its peak memory. Linux only.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil
from PIL import Image

from colorizer import machines, runs

PROGRAM = Path(__file__).resolve().parent.parent / "colorize.py"
SIDE = 256


def rate(count: int) -> None:
    """Print the time per photo, with one process and with two workers."""
    with tempfile.TemporaryDirectory() as folder:
        photos = _small_photos(Path(folder, "photos"), count)
        ways = {"one process": ("--shard", "0/1"), "two workers": ("--cluster", "local", "--workers", "2")}
        for number, (name, flags) in enumerate(ways.items()):
            to = Path(folder, str(number))
            command = [sys.executable, PROGRAM, "colorize", "--dataset", photos, "--to", to, "--cache", "none", *flags]
            spent, wall = _run([*map(str, command), "--output", f"{folder}/OUTPUT"])
            print(f"{name}: {1000 * spent / count:.1f} ms of cores a photo, {count / wall:.1f} photos/s", flush=True)


def paths(count: int) -> None:
    """Print the memory that a list of `count` photos takes after each step."""
    root = Path("/archive/scans")
    files = tuple(sorted(root / f"box {number // 1000:05}" / f"photo {number:08}.jpg" for number in range(count)))
    _tell(f"{count:,} paths")
    with tempfile.TemporaryDirectory() as folder:
        job = machines.SharedJob(root, Path(folder, "out"))
        job.folder.mkdir()
        named = machines.named_photos(job, files, files)
        _tell("named")
        with runs.appended(runs.journal_path(job.folder, runs.MANIFEST)) as append:
            for path, result in named:
                append({"path": path, "result": result, "sha256": "0" * 64, "seconds": 0.1, "worker": "host:12345"})
        machines.remaining(job, named)
        _tell("manifest written and read")
        machines.merge_manifest(job.folder)
        _tell("manifest merged")


def _small_photos(folder: Path, count: int) -> Path:
    data = Path(find_spec("skimage").origin).parent / "data"
    sources = [
        Image.open(data / name).convert("L") for name in ("camera.png", "astronaut.png", "coffee.png", "moon.png")
    ]
    for number in range(count):
        path = folder / f"{number // 100:04}" / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        left, top = number * 7 % 140, number * 3 % 140
        sources[number % len(sources)].crop((left, top, left + SIDE, top + SIDE)).save(path, quality=90)
    return folder


def _run(command: list[str]) -> tuple[float, float]:
    """Run a command and return the CPU seconds of it and all its descendants, and the wall-clock seconds.

    The processes are polled while they run, because Ray's processes do not wait for their children, whose CPU time
    would otherwise be lost.
    """
    spent: dict[int, float] = {}
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            with suppress(psutil.Error):
                top = psutil.Process(process.pid)
                for each in (top, *top.children(recursive=True)):
                    with suppress(psutil.Error):
                        spent[each.pid] = sum(each.cpu_times()[:2])
            time.sleep(0.1)
    return sum(spent.values()), time.monotonic() - began


def _tell(what: str) -> None:
    print(f"{what}: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:,} MB at most", flush=True)


if __name__ == "__main__":
    work, default = {"rate": (rate, 2_000), "paths": (paths, 1_000_000)}[sys.argv[1]]
    work(int(sys.argv[2]) if len(sys.argv) > 2 else default)
