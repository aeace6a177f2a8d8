"""Rows about whole processes: time to the first question, and memory of a run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measuring import Row, Times, alternate, seconds
from benchmarks.photos import shipped_photographs, write_jpegs

PROJECT = Path(__file__).resolve().parent.parent
SCAN, LARGE_SCAN = (11_600, 8_650), (17_000, 17_000)


def startup(folder: Path) -> Iterator[Row]:
    """Measure the time from the command to the first question, compared with a Python that imports rich."""
    ours = [sys.executable, str(PROJECT / "colorize.py")]
    reference = [sys.executable, "-c", "import rich"]

    def run(command: list[str]) -> None:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)

    mine, other, ratio = alternate(lambda: run(ours), lambda: run(reference), repetitions=15)
    modules = "import sys; sys.argv = ['colorize.py', '--help']; import runpy\ntry: runpy.run_path('colorize.py', run_name='__main__')\nexcept SystemExit: pass\nprint('tensorflow' in sys.modules)"  # noqa: E501
    loaded = subprocess.run([sys.executable, "-c", modules], cwd=PROJECT, capture_output=True, text=True, check=True)
    remark = "TensorFlow imported" if loaded.stdout.rstrip().endswith("True") else "TensorFlow not imported"
    times = (f"{1000 * mine.median:.0f} ms", f"{1000 * other.median:.0f} ms")
    yield Row("startup", *times, 1 / ratio, 3.0, False, remark)


_PARTS = {
    "Python": "pass",
    "with NumPy and Pillow": "import numpy, PIL.Image",
    "with the model loaded": "import PIL.Image, colorizer; colorizer.load_model()",
}
"""Programs that each do a little more than the previous one, and less than the whole command."""


def start(folder: Path) -> Iterator[Row]:
    """Measure the time from the command to the first written photo and the end, compared with importing TensorFlow."""
    (photo,) = write_jpegs(folder / "photo", 1, 500, 375)
    Image.open(photo).convert("L").save(photo)
    ours = [sys.executable, "colorize.py", str(photo), "--yes", "--output", str(folder / "out"), "--cache", "none"]

    def run(command: list[str]) -> None:
        subprocess.run(command, cwd=PROJECT, stdin=subprocess.DEVNULL, capture_output=True, check=True)

    parts = []
    for name, program in _PARTS.items():
        times = Times(tuple(seconds(lambda: run([sys.executable, "-c", program])) for _ in range(7)))  # noqa: B023
        parts.append(f"{name} {1000 * times.median:.0f}")
    mine, other, ratio = alternate(lambda: run(ours), lambda: run([sys.executable, "-c", "import tensorflow"]))
    shown = f"{1000 * mine.median:.0f} ms"
    yield Row("start", shown, "800 ms", mine.median / 0.8, 1.0, False, "of it, in ms: " + ", ".join(parts))
    yield Row("start, beside TensorFlow", shown, f"{1000 * other.median:.0f} ms", 1 / ratio, 0.3, False, "its import")


MEMORY_PROBE = """
import re, sys
from pathlib import Path
from colorizer.settings import *
kind, folder, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
from colorizer.dataset.check import check_photos
from colorizer.dataset.find import find_files
if kind == "check":
    check_photos(find_files(folder), True)
elif kind == "fit":
    from colorizer.dataset.batches import Augmentation, PhotoBatches
    from colorizer.network.architectures import build
    from colorizer.training.train import train_network
    files = find_files(folder).files
    cache = CacheSettings(memory_bytes=32 * 1024**2)
    network = build(ModelSettings(size=64))
    batches = PhotoBatches(files, 64, 16, Reading(cache=cache), augmentation=Augmentation())
    train_network(network, batches, batches, TrainingSettings(epochs=1, monitor="none"), out)
else:
    from colorizer.network import load_model
    from colorizer.runs import ColorizeJob, colorize_photos, new_run
    colorize_photos(ColorizeJob(load_model(), find_files(folder).files, folder, new_run(out, "benchmark")))
# Not getrusage: its peak is inherited from the process that forked this one.
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def memory(folder: Path) -> Iterator[Row]:
    """Measure peak memory for 1,000 files and for 30 times as many, and for one very large photo."""
    few = write_jpegs(folder / "few", 1000, 160, 120)
    many = folder / "many"
    many.mkdir()
    for number in range(30):
        for path in few:
            (many / f"{number:02}-{path.name}").hardlink_to(path)

    for kind in ("check", "fit", "colorize"):
        small, large = _peak(kind, folder / "few"), _peak(kind, many)
        shown = (f"{large:.0f} MB", f"{small:.0f} MB")
        yield Row(f"memory, {kind}", *shown, large / small, 1.1, False, "30,000 files beside 1,000")

    (scan,) = write_jpegs(folder / "scan", 1, *SCAN)
    (folder / "deep").mkdir()
    Image.fromarray(np.asarray(Image.open(scan).convert("L")).astype(np.uint16) * 257).save(
        folder / "deep" / "scan.tif"
    )
    for name in ("scan", "deep"):
        used = _peak("colorize", folder / name)
        remark = "100 megapixels, JPEG" if name == "scan" else "100 megapixels, TIFF of 16 bits"
        yield Row(f"memory, {name}", f"{used:.0f} MB", "3,000 MB", used / 3000, 1.0, False, remark)


def scans(folder: Path) -> Iterator[Row]:
    """Measure peak memory with four gray scans of 289 megapixels, one after another, with 8 and with 16 bits."""
    with Image.open(shipped_photographs()[0]) as image:
        gray = image.convert("L").resize(LARGE_SCAN, Image.Resampling.BICUBIC)
    for ending, bits in (("jpg", 8), ("png", 8), ("tif", 16), ("png", 16)):
        inside = folder / f"{ending}-{bits}"
        inside.mkdir()
        scan = gray if bits == 8 else Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
        scan.save(inside / f"0.{ending}")
        for number in range(1, 4):
            (inside / f"{number}.{ending}").hardlink_to(inside / f"0.{ending}")
        for kind in ("check", "colorize"):
            used = _peak(kind, inside)
            remark = f"four scans, {ending}, {bits} bits"
            yield Row(f"memory, {kind}", f"{used:.0f} MB", "4,000 MB", used / 4000, 1.0, False, remark)


def _peak(kind: str, photos: Path) -> float:
    """Return the peak memory, in MB, of a separate process that does one kind of work of `MEMORY_PROBE`."""
    command = [sys.executable, "-c", MEMORY_PROBE, kind, str(photos), f"{photos}-out-{kind}"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1]) / 1024
