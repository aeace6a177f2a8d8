"""`python -m benchmarks.kill [times]`: kill a training at random moments, resume it, and compare the results.

Each time, the program trains on scikit-image's photographs and is killed (SIGKILL) at a random moment, with a fixed
seed, within the duration of a whole run. Then it is run with --resume, or again if nothing had begun. The final weights
must equal those of an uninterrupted run, bit for bit, and every file under OUTPUT must open.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

TIMES, SEED = 20, 20260101
PROGRAM = Path(__file__).resolve().parent.parent / "colorize.py"
FLAGS = ("--size", "64", "--epochs", "25", "--batch-size", "1", "--average", "0.9")
SETTINGS = {"model": {"filters": [8, 16, 16], "dropout": 0.1}}


def run(*flags: str | Path, seconds: float | None = None) -> int:
    """Run the command `train`, kill it after `seconds`, and return its exit code."""
    process = subprocess.Popen(
        [sys.executable, PROGRAM, "train", *flags, "--yes"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        return process.wait()


def weights(output: Path) -> list[np.ndarray]:
    """Return the arrays of the one finished network under `output`, in the order of their names.

    The optimizer's arrays are left out, because they are missing if a training was killed after its last epoch and only
    had to be saved.
    """
    (path,) = (output / "models").glob("*/model.weights.h5")
    arrays = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, part: arrays.update({name: part[()]}) if isinstance(part, h5py.Dataset) else None)
    return [arrays[name] for name in sorted(arrays) if name.startswith("layers/")]


def unreadable(output: Path) -> list[Path]:
    """Return the files under `output` that cannot be opened as the type in their name."""
    broken = []
    for path in (each for each in output.rglob("*") if each.is_file()):
        try:
            if path.suffix in (".h5", ".npz", ".keras"):
                h5py.File(path).close() if path.suffix == ".h5" else np.load(path, allow_pickle=False).close()
            elif path.suffix == ".json":
                json.loads(path.read_text(encoding="utf-8"))
            elif path.suffix in (".csv", ".html") or path.name == ".colorizer-results":
                path.read_text(encoding="utf-8")
            else:
                with Image.open(path) as image:
                    image.load()
        except Exception:
            broken.append(path)
    return broken


def main(times: int) -> int:
    """Kill `times` trainings, print a line for each, and return 1 if one ended with an error."""
    random_, failed = random.Random(SEED), 0
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder, "settings.json")
        settings.write_text(json.dumps(SETTINGS))
        flags = (*FLAGS, "--settings", settings)
        started = time.monotonic()
        assert run(*flags, "--output", Path(folder, "whole")) == 0
        duration = time.monotonic() - started
        whole = weights(Path(folder, "whole"))
        for number in range(times):
            output = Path(folder, str(number))
            moment = random_.uniform(0.2, 1) * duration
            run(*flags, "--output", output, seconds=moment)
            half_done = unreadable(output)
            begun = sorted((output / "models").glob("*/specification.json"))
            code = 0
            if begun:
                code = run("--resume", begun[0].parent)
            elif not sorted((output / "models").glob("*/model.weights.h5")):
                code = run(*flags, "--output", output)
            ended = weights(output) if code == 0 else []
            same = len(ended) == len(whole) and all(map(np.array_equal, ended, whole))
            visible = [path.name for path in half_done if not path.name.startswith(".writing-")]
            left = [path.name for path in unreadable(output)]
            failed += not same or bool(visible) or bool(left)
            print(
                f"killed after {moment:4.1f} of {duration:.1f} s, {'resumed' if begun else 'not resumed'}: "
                f"{'the same weights' if same else 'OTHER WEIGHTS'}, unreadable: {visible + left or 'nothing'}",
                flush=True,
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES))
