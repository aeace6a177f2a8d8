"""`python -m benchmarks.likeliest_colours PHOTOS [TABLE]`: measure how often suggested colors are true.

PHOTOS holds one folder of color photos for each source. With TABLE, first writes that file (an `.npz`, which replaces
`colorizer/pretrained/likeliest_colours.npz`) from photos of the sources that are not held out. The table belongs to the
shipped model and must be regenerated when that changes. Then scores photos of the held-out sources: how often one of
the first one, three or five colors is similar (CIEDE2000 up to 10) to the true color of a random pixel, compared with
the prediction alone and with the five colors that fit all places best.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab

from colorizer.inference.likeliest import (
    ALIKE,
    MOST_COLOURS,
    ColourTable,
    colour_table,
    likeliest_first,
    on_luma,
    swatch_luma,
    true_colours_like,
)

HELD_OUT = ("coco_captions", "deconv100", "zalo5k")
"""Sources for scoring: scenes, objects, people."""
UNUSED = ("mosaics572", "pacs_photo")
"""Sources that the shipped model was chosen by; they are not used for the table either."""
PHOTOS_TO_LEARN, PHOTOS_TO_SCORE, SEED = 3000, 150, 0
"""In total, and for each source."""
_PIXELS, _BATCH = 150, 32
_LUMA_STEP, _CHROMA_STEP = 0.25, 0.03
"""Size of a cell in luma and in predicted chroma."""
_TRUE_STEP = 0.02
"""Side of the squares in which true chromas of a cell are counted."""
_LEAST_PIXELS = 1000
"""Cells with fewer pixels, or with too few colors, are left out; the nearest cell is used in their place."""


@dataclass(frozen=True)
class Pixels:
    """Pixels of photos: the network's input, its prediction, and the truth."""

    luma: np.ndarray
    proposed: np.ndarray
    """Chroma, shape (n, 2)."""
    true: np.ndarray
    """Chroma, shape (n, 2)."""


def main(photos: Path, made: Path | None = None) -> int:
    """Write a table if requested, and print a line for each way to suggest colors."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    random = np.random.default_rng(SEED)
    scored = [path for source in HELD_OUT for path in _drawn(_files(photos / source), PHOTOS_TO_SCORE, random)]
    if made:
        sources = sorted(path for path in photos.iterdir() if path.name not in HELD_OUT + UNUSED)
        learned = _drawn([path for source in sources for path in _files(source)], PHOTOS_TO_LEARN, random)
        table = _table(_pixels(learned, random))
        np.savez_compressed(made, proposed=table.proposed.astype(np.float16), chroma=table.chroma.astype(np.float16))
        print(f"{made}: {len(table.proposed)} cells, {made.stat().st_size:,} bytes, from {len(learned):,} photos")
    table = ColourTable(**np.load(made)) if made else colour_table()
    pixels = _pixels(scored, random)
    everywhere = np.broadcast_to(_best_everywhere(pixels), (len(pixels.luma), 5, 2))
    print(f"{len(pixels.luma):,} pixels of {len(scored)} photos; the nearest of the first 1, 3, 5 is alike:")
    for name, colours in {
        "gray": np.zeros((len(pixels.luma), 1, 2), np.float32),
        "proposal": pixels.proposed[:, None],
        "five best for all of these pixels": everywhere,
        "likeliest of the table": true_colours_like(table, pixels.luma, pixels.proposed),
    }.items():
        print(f"  {name}: " + ", ".join(f"{share:.1%}" for share in _shares_alike(pixels, colours)))
    return 0


def _table(pixels: Pixels) -> ColourTable:
    cells = np.column_stack(
        [np.floor(pixels.luma / _LUMA_STEP), np.rint(pixels.proposed / _CHROMA_STEP)],
    ).astype(int)
    lab = rgb2lab(on_luma(pixels.luma, pixels.proposed))
    _, cell_of, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    proposed, colours = [], []
    for cell in np.flatnonzero(counts >= _LEAST_PIXELS):
        is_here = cell_of == cell
        commonest = _commonest(float(pixels.luma[is_here].mean()), pixels.true[is_here])
        if len(commonest) == MOST_COLOURS:
            proposed.append(lab[is_here].mean(axis=0))
            colours.append(commonest)
    return ColourTable(np.array(proposed), np.array(colours))


def _commonest(luma: float, true: np.ndarray) -> np.ndarray:
    squares, counts = np.unique(np.rint(true / _TRUE_STEP), axis=0, return_counts=True)
    chroma = np.concatenate([np.zeros((1, 2)), squares * _TRUE_STEP]).astype(np.float32)
    return chroma[likeliest_first(swatch_luma(luma), chroma, np.concatenate([[0], counts]))]


def _best_everywhere(pixels: Pixels) -> np.ndarray:
    """Return the five colors that fit these pixels best: hardly any fixed palette can do better."""
    return _commonest(float(pixels.luma.mean()), pixels.true)[:5]


def _shares_alike(pixels: Pixels, colours: np.ndarray) -> list[float]:
    """Return how often one of the first one, three and five colors is similar to the true one."""
    true = rgb2lab(on_luma(pixels.luma, pixels.true))
    proposed = [rgb2lab(on_luma(pixels.luma, colours[:, rank])) for rank in range(min(5, colours.shape[1]))]
    is_alike = np.array([deltaE_ciede2000(lab, true) <= ALIKE for lab in proposed])
    return [float(is_alike[:count].any(axis=0).mean()) for count in (1, 3, 5) if count <= len(proposed)]


def _pixels(paths: Sequence[Path], random: np.random.Generator) -> Pixels:
    from colorizer.network import load_model
    from colorizer.photos import read_square
    from colorizer.photos.color import chroma, luma

    network, parts = load_model(), []
    for first in range(0, len(paths), _BATCH):
        squares = np.stack([read_square(path, network.size) for path in paths[first : first + _BATCH]])
        rgb = squares.astype(np.float32) / 255
        gray = luma(rgb)
        proposed = chroma(network.predict(gray[..., None]))
        places = random.integers(0, network.size, (2, len(rgb), _PIXELS))
        chosen = (np.arange(len(rgb))[:, None], places[0], places[1])
        parts.append((gray[chosen].ravel(), proposed[chosen].reshape(-1, 2), chroma(rgb)[chosen].reshape(-1, 2)))
    return Pixels(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _drawn(files: Sequence[Path], count: int, random: np.random.Generator) -> list[Path]:
    return [files[number] for number in random.choice(len(files), min(count, len(files)), replace=False)]


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*map(Path, sys.argv[1:])))
