"""Input files for benchmarks, made from scikit-image's photographs; nothing is downloaded."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

_SOURCES = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "retina.jpg", "motorcycle_left.png")


def shipped_photographs() -> list[Path]:
    """Return the paths of the photographs."""
    return [Path(find_spec("skimage").origin).parent / "data" / name for name in _SOURCES]


def write_jpegs(folder: Path, count: int, width: int, height: int) -> list[Path]:
    """Write `count` different color JPEGs of one size, with grain so that they compress like photographs."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = [Image.open(path).convert("RGB") for path in shipped_photographs()]
    random = np.random.default_rng(0)
    paths = []
    for number in range(count):
        source = sources[number % len(sources)]
        left, top = random.uniform(0, 0.3, 2) * (source.width, source.height)
        box = (left, top, left + source.width * 0.7, top + source.height * 0.7)
        pixels = np.asarray(source.resize((width, height), Image.Resampling.BICUBIC, box)).astype(np.float32)
        grain = random.standard_normal((height, width, 1), np.float32) * 4
        path = folder / f"{number:05}.jpg"
        Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8)).save(path, quality=90)
        paths.append(path)
    return paths
