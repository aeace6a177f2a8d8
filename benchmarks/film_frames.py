"""Check that films of every length keep their frames and times when they are colorized."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from benchmarks.made_films import write_film
from colorizer.film.containers import Encoding
from colorizer.network.architectures import build
from colorizer.network.network import Network
from colorizer.runs.film import FilmJob, colorize_film
from colorizer.runs.folders import new_run
from colorizer.settings import ModelSettings

MOST_FRAMES = 300
_WIDTH, _HEIGHT = 64, 48
_SOURCES = (
    ("mp4", "libx264", "yuv420p"),
    ("mkv", "libx265", "yuv420p"),
    ("mp4", "mpeg4", "yuv420p"),
    ("webm", "libvpx-vp9", "yuv420p"),
    ("mkv", "mjpeg", "yuvj420p"),
)
_ENCODINGS = ("h264", "h265")
_RATES = (Fraction(1, 5), Fraction(1), Fraction(25), Fraction(30_000, 1001), Fraction(60))
_LONGEST_HOLD = 40
"""Maximum duration of a frame with a variable rate, in frames of a constant rate."""
_TICK = 0.0011
"""Maximum difference of times, in seconds: Matroska counts milliseconds."""


@dataclass(frozen=True)
class Trial:
    """A film to make and colorize."""

    name: str
    codec: str
    pixels: str
    frames: int
    rate: Fraction
    is_variable: bool
    encoding: str


def trials(films: int, seed: int = 0) -> Iterator[Trial]:
    """Yield films of 1 to `MOST_FRAMES` frames, each length about equally often, of every source, rate and encoding."""
    rng = np.random.default_rng(seed)
    for number in range(films):
        ending, codec, pixels = _SOURCES[number % len(_SOURCES)]
        frames = 1 + number * 7 % MOST_FRAMES
        rate = _RATES[rng.integers(len(_RATES))]
        encoding = _ENCODINGS[rng.integers(len(_ENCODINGS))]
        yield Trial(f"{number}.{ending}", codec, pixels, frames, rate, bool(rng.random() < 1 / 3), encoding)


def tried(trial: Trial, network: Network, folder: Path) -> str:
    """Make and colorize a film, and return the error in the result; empty if it is correct."""
    rng = np.random.default_rng(trial.frames)
    film, base = folder / trial.name, 1 / trial.rate
    holds = rng.integers(1, _LONGEST_HOLD, trial.frames) if trial.is_variable else np.ones(trial.frames, np.int64)
    times = [0, *np.cumsum(holds)[:-1].tolist()]
    scene = rng.integers(0, 256, (_HEIGHT, _WIDTH + trial.frames), np.uint8)
    frames = np.stack([scene[:, number : number + _WIDTH] for number in range(trial.frames)])
    write_film(film, frames, times=times, time_base=base, rate=trial.rate, codec=trial.codec, pixels=trial.pixels)
    job = FilmJob(network, film, new_run(folder / "out", "film"), encoding=Encoding(trial.encoding))
    result = colorize_film(job)
    before, after = frame_times(film), frame_times(result.film)
    film.unlink()
    if not trial.frames == result.frames == len(before) == len(after):
        return f"{trial.frames} made, {len(before)} in, {result.frames} reported, {len(after)} out"
    apart = np.subtract(after, before)
    return f"times differ by {np.ptp(apart):.4f} seconds" if np.ptp(apart) > _TICK else " ".join(result.remarks)


def frame_times(film: Path) -> list[float]:
    """Return the time of each frame of a film, in seconds."""
    with av.open(str(film)) as container:
        return [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]


def frames_kept(films: int) -> int:
    """Colorize films with a small network and print the errors; return 1 if there are any."""
    network = build(ModelSettings(size=64, filters=(8, 8, 16)))
    wrong = total = 0
    with tempfile.TemporaryDirectory() as folder:
        for trial in trials(films):
            if text := tried(trial, network, Path(folder)):
                wrong += 1
                print(f"{trial}: {text}", flush=True)
            total += trial.frames
    print(f"{films} films, {total:,} frames: {wrong} wrong")
    return int(wrong > 0)
