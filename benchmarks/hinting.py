"""`python -m benchmarks.hinting [ROUNDS]`: measure the CPU time of hints, in seconds.

A JPEG of 24 megapixels, made from one of scikit-image's photographs, is read, colorized and written with 20 hints and
without, in turn, in one process and as a whole command. Then an open photo of 512 x 512 pixels gets twenty hints, one
more each time, with previews. CPU time is used because wall-clock time depends on other processes.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.photos import shipped_photographs, write_jpegs
from benchmarks.processes import PROJECT

HINTS, ROUNDS, WANTED = 20, 5, 1.3
LARGE = (6000, 4000)
_COLOURS = ("#b03030", "#d0a080", "#2a7a78", "gray", "#38486a", "#a8c8e0", "#55703c")


def main(rounds: int) -> int:
    """Print all measurements; return 1 if a whole command with hints exceeds the target ratio."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from colorizer import Hint, load_model
    from colorizer.inference import set_photo
    from colorizer.inference.colorize import Colorized, PhotoTask, colorize_files
    from colorizer.photos import read_photo
    from colorizer.photos.writing import write_photo

    network = load_model()
    places = np.random.default_rng(3).random((HINTS, 2)).tolist()
    hints = [Hint(x, y, _COLOURS[number % len(_COLOURS)], 0.0005, "share") for number, (x, y) in enumerate(places)]
    with tempfile.TemporaryDirectory() as folder:
        (path,) = write_jpegs(Path(folder) / "photos", 1, *LARGE)
        target = Path(folder) / "in-colour.jpg"

        def written(known: list[Hint]) -> None:
            for outcome in colorize_files(
                network,
                [PhotoTask(path, hints=known, target=target)],
                lambda task, photo, picture: write_photo(target, picture, photo),
            ):
                assert isinstance(outcome, Colorized), outcome

        written(hints)
        pairs = [(_cores_time(lambda: written([])), _cores_time(lambda: written(hints))) for _ in range(rounds)]
        _reported("in one process", pairs)
        listed = Path(folder) / "hints.json"
        listed.write_text(json.dumps({path.name: [asdict(hint) for hint in hints]}), encoding="utf-8")
        bare = [
            sys.executable,
            "colorize.py",
            "colorize",
            "--dataset",
            str(path.parent),
            "--yes",
            "--recolor",
            "--cache",
            "none",
        ]
        bare += ["--output", f"{folder}/out"]
        hinted = [*bare, "--hints", str(listed)]
        pairs = [(_command_time(bare), _command_time(hinted)) for _ in range(rounds)]
        ratio = _reported("as a whole command", pairs)

    photo = set_photo(read_photo(Image.open(shipped_photographs()[0])), network)
    photo.preview(hints[:1])
    previews = [_cores_time(lambda count=count: photo.preview(hints[:count])) for count in range(2, HINTS + 1)]
    print(f"one more hint, to a preview: {min(previews) * 1000:.0f} to {max(previews) * 1000:.0f} ms")
    return int(ratio > WANTED)


def _reported(name: str, pairs: Sequence[tuple[float, float]]) -> float:
    """Print the times without and with hints, and return the median of their ratios."""
    without, with_hints = (min(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(hinted / bare for bare, hinted in pairs)
    print(f"24 megapixels, {HINTS} hints, {name}: {with_hints:.2f} s, without {without:.2f}; median {ratio:.2f} times")
    return ratio


def _command_time(command: Sequence[str]) -> float:
    """Return the CPU seconds of a separate process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=PROJECT, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _cores_time(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
