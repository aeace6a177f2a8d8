"""`python -m benchmarks growth`: growth of rate and memory with the number and size of photos.

Each point is a separate process that colorizes photos into files. Its rate is based on CPU time of all threads,
start-up included, which other processes hardly affect. The limit for comparison is the unavoidable work, also in a
separate process: the same files decoded, run through the network, and encoded.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.photos import write_jpegs

PROJECT = Path(__file__).resolve().parent.parent
PICTURE = PROJECT / "docs" / "images" / "growth.png"
COUNTS = (1, 10, 100, 1000, 10_000)
"""Numbers of photos of 500 x 375."""
SIDES = ((375, 270), (1200, 830), (3900, 2600), (6000, 4000), (12_000, 8333))
"""Sizes of a single photo: 0.1, 1, 10, 24 and 100 megapixels."""
_DIFFERENT = 20
"""Number of distinct photos; further ones are links to them."""

PROBE = """
import re, sys, time
from pathlib import Path
kind, folder, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
from colorizer.dataset.find import find_files
from colorizer.network import load_model
photos = find_files(folder).files
network = load_model()
if kind == "ours":
    from colorizer.runs import ColorizeJob, colorize_photos, new_run
    colorize_photos(ColorizeJob(network, photos, folder, new_run(out, "growth")))
else:
    from PIL import Image
    from colorizer.inference.proposal import propose
    from colorizer.photos.photo import Photo
    from colorizer.settings import PhotoLimits
    out.mkdir()
    for photo in photos:
        with Image.open(photo) as image:
            image.load()
        propose(network, [Photo(image)])
        image.save(out / photo.name, quality=PhotoLimits.jpeg_quality, subsampling="4:2:0")
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print('{"seconds": %f, "megabytes": %f}' % (time.process_time(), peak / 1024))
"""


@dataclass(frozen=True)
class Point:
    """Cost of colorizing one folder, and its limit."""

    photos: int
    megapixels: float
    """Size of each photo."""
    seconds: float
    """CPU time."""
    limit_seconds: float
    megabytes: float
    limit_megabytes: float


def main() -> int:
    """Measure, print a table and draw it."""
    print("| photos | megapixels each | photos/s of CPU | limit | peak, MB | limit, MB |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        by_size = [measure(Path(folder) / f"size-{width}", 1, (width, height)) for width, height in SIDES]
        by_count = [measure(Path(folder) / f"count-{count}", count, (500, 375)) for count in COUNTS]
    draw(by_count, by_size)
    print(f"Drawn: {PICTURE.relative_to(PROJECT)}")
    return 0


def measure(folder: Path, count: int, size: tuple[int, int]) -> Point:
    """Create a folder of photos, colorize it, measure the limit, and print both."""
    for number, photo in enumerate(write_jpegs(folder, min(count, _DIFFERENT), *size)):
        for copy in range(number + _DIFFERENT, count, _DIFFERENT):
            (folder / f"{copy:05}.jpg").hardlink_to(photo)
    ours, limit = (_run(kind, folder) for kind in ("ours", "limit"))
    point = Point(
        count,
        size[0] * size[1] / 1e6,
        ours["seconds"],
        limit["seconds"],
        ours["megabytes"],
        limit["megabytes"],
    )
    print(
        f"| {count:,} | {point.megapixels:.1f} | {count / point.seconds:.2f} | {count / point.limit_seconds:.2f} "
        f"| {point.megabytes:.0f} | {point.limit_megabytes:.0f} |",
        flush=True,
    )
    return point


def _run(kind: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-c", PROBE, kind, str(folder), f"{folder}-{kind}"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def draw(by_count: Sequence[Point], by_size: Sequence[Point]) -> None:
    """Plot rate and peak memory against the number of photos, and against their size."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(9, 6), layout="constrained")
    counts, sizes = [point.photos for point in by_count], [point.megapixels for point in by_size]
    rows = (
        (axes[0, 0], counts, by_count, lambda p: (p.photos / p.seconds, p.photos / p.limit_seconds)),
        (axes[1, 0], counts, by_count, lambda p: (p.megabytes, p.limit_megabytes)),
        (axes[0, 1], sizes, by_size, lambda p: (p.megapixels / p.seconds, p.megapixels / p.limit_seconds)),
        (axes[1, 1], sizes, by_size, lambda p: (p.megabytes, p.limit_megabytes)),
    )
    for axis, places, points, values in rows:
        ours, limits = zip(*map(values, points), strict=True)
        axis.plot(places, ours, "o-", color="#2a6fbb", label="colorizing, start and files included")
        axis.plot(places, limits, "s--", color="#c05a1e", label="limit: decode, network, encode")
        axis.set_xscale("log")
        axis.set_xticks(places, [f"{round(place, 1):,g}" if place < 10 else f"{place:,.0f}" for place in places])
        axis.minorticks_off()
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    axes[0, 0].set_ylabel("photos / second of CPU")
    axes[0, 1].set_ylabel("megapixels / second of CPU")
    axes[1, 0].set_ylabel("peak memory, MB")
    axes[1, 1].set_ylabel("peak memory, MB")
    axes[1, 0].set_xlabel("photos of 500 x 375")
    axes[1, 1].set_xlabel("megapixels of one photo")
    axes[0, 0].legend(fontsize="small")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=90)
    pyplot.close(figure)
