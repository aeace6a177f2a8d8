"""`python -m benchmarks.sharing rate [PHOTOS]`, `python -m benchmarks.sharing paths [PATHS]`: what sharing out costs.

`rate` gives small photos, parts of scikit-image's, colour by one process and by two workers of a local Ray cluster. It
prints the time of cores for each photo, of all processes that were started, Ray's own included, and the rate on the
wall. `paths` takes a list of so many made-up photos the way a cluster's coordinator does, names, manifest and all,
without any photo being opened, and prints the most memory it took. Linux only.
"""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from colorizer import runs

PROGRAM = Path(__file__).resolve().parent.parent / "colorize.py"
SIDE = 256
_SET_CHILD_SUBREAPER = 36
"""Of prctl(2): processes whose parents have ended become ours, so that their time counts."""


def rate(count: int) -> None:
    """Print the time a photo takes, by one process and by two workers."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        photos = _small_photos(Path(folder, "photos"), count)
        ways = {"one process": ("--shard", "0/1"), "two workers": ("--cluster", "local", "--workers", "2")}
        for number, (name, flags) in enumerate(ways.items()):
            to = Path(folder, str(number))
            before, began = _spent(), time.monotonic()
            command = [sys.executable, PROGRAM, "colorize", "--dataset", photos, "--to", to, "--cache", "none", *flags]
            subprocess.run([*map(str, command), "--output", f"{folder}/OUTPUT"], check=True, stdout=subprocess.DEVNULL)
            wall = time.monotonic() - began
            with suppress(ChildProcessError):
                while True:
                    os.wait()
            print(f"{name}: {1000 * (_spent() - before) / count:.1f} ms of cores a photo, {count / wall:.1f} photos/s")


def paths(count: int) -> None:
    """Print the memory that a list of so many photos takes, after each thing that is done with it."""
    root = Path("/archive/scans")
    files = tuple(sorted(root / f"box {number // 1000:05}" / f"photo {number:08}.jpg" for number in range(count)))
    _tell(f"{count:,} paths")
    with tempfile.TemporaryDirectory() as folder:
        job = runs.SharedJob(root, Path(folder, "out"))
        job.folder.mkdir()
        named = runs.named_photos(job, files, files)
        _tell("named")
        with runs.appended(runs.journal_path(job.folder, runs.MANIFEST)) as append:
            for path, result in named:
                append({"path": path, "result": result, "sha256": "0" * 64, "seconds": 0.1, "worker": "host:12345"})
        runs.remaining(job, named)
        _tell("manifest written and read")
        runs.merge_manifest(job.folder)
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


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tell(what: str) -> None:
    print(f"{what}: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:,} MB at most", flush=True)


if __name__ == "__main__":
    work, default = {"rate": (rate, 2_000), "paths": (paths, 1_000_000)}[sys.argv[1]]
    work(int(sys.argv[2]) if len(sys.argv) > 2 else default)
