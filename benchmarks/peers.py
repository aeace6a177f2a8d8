"""`python -m benchmarks peers`: compare the program with two other colorizers, on the same files in alternation.

The peers are ECCV16 (https://arxiv.org/abs/1603.08511) and SIGGRAPH17 (https://arxiv.org/abs/1705.02999) from the
package `rz-colorization`, which runs on PyTorch. They need a separate virtual environment, whose Python the variable
PEERS_PYTHON names:

    python -m venv peers
    peers/bin/pip install torch rz-colorization ipython scikit-image matplotlib

Random weights are enough, because only time is measured.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import Row
from benchmarks.photos import write_jpegs

PROJECT = Path(__file__).resolve().parent.parent
PHOTOS, REPETITIONS = 4, 2
PEERS = {"ECCV16": "eccv16", "SIGGRAPH17": "siggraph17"}

PEER = """
import sys, time
from pathlib import Path
name, folder, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
import numpy as np, torch, colorizers
from PIL import Image
network = getattr(colorizers, name)(pretrained=False).eval()
paths = sorted(folder.iterdir())
def colorize(path):
    image = colorizers.load_img(path)
    large, small = colorizers.preprocess_img(image, HW=(256, 256))
    with torch.no_grad():
        picture = colorizers.postprocess_tens(large, network(small))
    Image.fromarray((picture.clip(0, 1) * 255).astype(np.uint8)).save(out / path.name, quality=97)
colorize(paths[0])
clock, cpu = time.perf_counter(), time.process_time()
for path in paths:
    colorize(path)
print(time.perf_counter() - clock, time.process_time() - cpu)
"""


@dataclass(frozen=True)
class Run:
    """Wall-clock and CPU seconds of one process: in total, and for its photos alone."""

    clock: float
    cpu: float
    photos_clock: float
    photos_cpu: float


def peers(folder: Path) -> Iterator[Row]:
    """Time the peers with and without their start-up, and ours always as the whole command."""
    python = os.environ.get("PEERS_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import torch, colorizers"], capture_output=True, check=False).returncode:
        yield Row("peers", "-", "-", 0, 0, True, "not measured: PEERS_PYTHON names no Python with rz-colorization")
        return
    photos = folder / "photos"
    write_jpegs(photos, PHOTOS, 500, 375)
    (folder / "peer").mkdir()
    whole = [
        sys.executable,
        "colorize.py",
        "colorize",
        "--dataset",
        str(photos),
        "--yes",
        "--recolor",
        "--cache",
        "none",
    ]
    whole += ["--output", str(folder / "out")]
    for title, name in PEERS.items():
        peer = [python, "-c", PEER, name, str(photos), str(folder / "peer")]
        pairs = [(_timed(whole), _timed(peer)) for _ in range(REPETITIONS)]
        ours, theirs = (min(side, key=lambda run: run.cpu) for side in zip(*pairs, strict=True))
        rate = f"{PHOTOS / ours.clock:.2f} photos/s"
        by_cpu = f"by the processor's time {theirs.cpu / ours.cpu:.1f}"
        yield Row(f"{title}, with start-up", rate, _rate(theirs.clock), theirs.clock / ours.clock, 1, True, by_cpu)
        alone = f"{theirs.photos_cpu / ours.cpu:.1f} by the processor's time; ours with start-up"
        ratio = theirs.photos_clock / ours.clock
        yield Row(f"{title}, without", rate, _rate(theirs.photos_clock), ratio, 1, True, alone)


def _rate(seconds: float) -> str:
    return f"{PHOTOS / seconds:.2f} photos/s"


def _timed(command: list[str]) -> Run:
    """Run and time a process; if it prints the times of its photos, those are used."""
    clock, before = time.perf_counter(), os.times()
    done = subprocess.run(command, cwd=PROJECT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    clock, after = time.perf_counter() - clock, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    last = done.stdout.split()[-2:]
    try:
        photos_clock, photos_cpu = map(float, last)
    except ValueError:
        photos_clock, photos_cpu = clock, cpu
    return Run(clock, cpu, photos_clock, photos_cpu)
