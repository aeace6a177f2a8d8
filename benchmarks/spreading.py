"""`python -m benchmarks.spreading LEARNING CHECKING FILE.npz`: how the kernels that hints spread by were learned.

LEARNING and CHECKING are folders of photos: those to learn from, and others that show what came of it. What is made as
large as possible is what true colours at random places gain, as `evaluate --hints-per-photo` measures it: the mean over
photos of the PSNR over the automatic result, in dB. So photos should be like those that people give hints for: strongly
compressed ones have lost their fine differences of colour, and what remains is easier to spread than any real colours.
FILE.npz is what `colorizer.inference.spreading.LEARNED` names; it belongs to the model that ships.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import spreading_in_tensorflow as twin

if TYPE_CHECKING:
    from colorizer.network.network import Network

HINTS, PLACES, HIDDEN, GATE_UNITS = (50, 24), 326, 128, 96
"""Of each photo: hints to check and to learn with, and random places where colours are compared."""
STEPS, PHOTOS_AT_ONCE, PLACES_AT_ONCE, LEARNING_RATE = 32_000, 8, 320, 4e-3
ROUNDS = (((1, 5, 10), (1.0, 1.5, 1.0)), ((1, 5, 10), (1.0, 1.5, 1.0)), ((5, 10, 24), (1.5, 1.0, 1.0)))
"""Numbers of hints in turn, and how much each counts."""
WEIGHT_DECAY = 1e-3


def main(learning: Path, checking: Path, file: Path) -> int:
    """Learn, and print gains as it goes."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    samples = [sampled(photos, hints) for photos, hints in zip((learning, checking), HINTS[::-1], strict=True)]
    np.savez_compressed(file, **learn(*samples))
    return 0


def sampled(photos: Path, hints: int) -> dict[str, np.ndarray]:
    """Return what is known of random places of photos, each of shape (photos, places, ...), the first of them hints;
    `paths` between these and all, shape (photos, hints, places).
    """
    files = sorted(path for path in photos.rglob("*") if path.is_file())
    with multiprocessing.get_context("spawn").Pool() as pool:
        all_samples = pool.starmap(_sampled, [(path, hints, number) for number, path in enumerate(files)], chunksize=32)
    return {name: np.stack([samples[name] for samples in all_samples]) for name in all_samples[0]}


def _sampled(file: Path, hints: int, seed: int) -> dict[str, np.ndarray]:
    from colorizer.inference.hinted import set_photo
    from colorizer.photos import read_photo

    photo = read_photo(file)
    known = set_photo(photo, _network())
    return samples_of(known.grid, np.asarray(known.picture().image), np.asarray(photo.rgb()), hints, seed)


@cache
def _network() -> Network:
    from colorizer.network import load_model

    return load_model()


def samples_of(
    grid: tuple[np.ndarray, np.ndarray], shown: np.ndarray, true: np.ndarray, hints: int, seed: int
) -> dict[str, np.ndarray]:
    """Return the samples of one photo: of luma, shape (h, w), and proposed chroma, shape (h, w, 2), of its grid, and of
    the colours shown without hints and the true ones, RGB, uint8, shape (height, width, 3).
    """
    from colorizer.inference.descriptors import descriptors, tone
    from colorizer.inference.spreading import Paths

    luma, proposed = grid
    (down, across), (rows, columns) = places_of(true.shape[:2], luma.shape, hints + PLACES, seed)
    around = [true[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4] for y, x in zip(down, across, strict=True)][:hints]
    hinted = np.rint([patch.mean(axis=(0, 1)) for patch in around])
    seen, truth = (_chroma_of(levels) for levels in (shown[down, across], true[down, across]))
    paths, toned = Paths(luma), tone(luma)
    cells = list(zip(rows.tolist(), columns.tolist(), strict=True))[:hints]
    return {
        "descriptors": descriptors(luma, toned, proposed)[rows, columns],
        "tone": toned[rows, columns],
        "proposed": proposed[rows, columns],
        "row": (rows / len(luma)).astype(np.float32),
        "missing": truth - seen,
        "differences": _chroma_of(hinted) - seen[:hints],
        "paths": np.stack([paths.lengths(cell)[rows, columns] for cell in cells]),
    }


def _chroma_of(levels: np.ndarray) -> np.ndarray:
    from colorizer.photos import chroma

    return chroma(levels[None].astype(np.float32) / 255)[0]


def places_of(
    photo: tuple[int, int], grid: tuple[int, int], count: int, seed: int
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return rows and columns of random places of a photo of this shape, and those of its grid's."""
    shares = np.random.default_rng([9, seed]).random((2, count))
    pixels = [(share * side).astype(int) for share, side in zip(shares, photo, strict=True)]
    cells = [((pixel + 0.5) / side * cells).astype(int) for pixel, side, cells in zip(pixels, photo, grid, strict=True)]
    return tuple(pixels), tuple(cells)


def learn(learning: dict[str, np.ndarray], checking: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return what `spreading.LEARNED` holds."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    described = learning["descriptors"].reshape(-1, learning["descriptors"].shape[-1])
    fixed = {"mean": described.mean(axis=0), "deviation": described.std(axis=0) + 1e-6}
    weights = {name: tf.Variable(value.astype(np.float32), name=name) for name, value in _first_weights(rng).items()}
    optimizer = tf.keras.optimizers.Adam(LEARNING_RATE, clipnorm=5.0)
    optimizer.build(list(weights.values()))

    @tf.function
    def step(batches, shares):
        with tf.GradientTape() as tape:
            gains = [tf.reduce_mean(twin.gain_of(tf, batch, weights, fixed)) for batch in batches]
            decay = sum(tf.reduce_sum(weights[name] ** 2) for name in ("hidden", "output", "gate"))
            loss = WEIGHT_DECAY * decay - sum(
                share * gain for share, gain in zip(tf.unstack(shares), gains, strict=True)
            )
        optimizer.apply_gradients(zip(tape.gradient(loss, list(weights.values())), list(weights.values()), strict=True))

    for number in range(STEPS):
        counts, shares = ROUNDS[number % len(ROUNDS)]
        photos = rng.choice(len(learning["row"]), PHOTOS_AT_ONCE, replace=False)
        batches = [
            batch_of(
                learning, photos, rng.choice(HINTS[1], count, replace=False), rng.choice(PLACES, PLACES_AT_ONCE, False)
            )
            for count in counts
        ]
        warm, rest = min(1, (number + 1) / 50), 0.5 + 0.5 * np.cos(np.pi * number / STEPS)
        optimizer.learning_rate.assign(LEARNING_RATE * warm * rest)
        step(batches, tf.constant(shares))
        if number % 4000 == 3999:
            print(number + 1, _checked(tf, checking, weights, fixed), flush=True)
    return _stored({name: weight.numpy() for name, weight in weights.items()}, fixed)


def _first_weights(rng: np.random.Generator) -> dict[str, np.ndarray]:
    from colorizer.inference.spreading import WIDE

    features, values, gate_features = 24, 2 * twin.EMBEDDING + 5, HIDDEN + 12 + 2 * 8 + 8
    return {
        "hidden": rng.normal(size=(features, HIDDEN)) * 0.7 / np.sqrt(features),
        "hidden_bias": np.zeros(HIDDEN),
        "output": rng.normal(size=(HIDDEN, values)) * 0.1 / np.sqrt(HIDDEN),
        "output_bias": np.zeros(values),
        "reaches": np.log(list(twin.FIRST.values())),
        "common": np.log(twin.MOST_COMMON) - 0.05,
        "by_hints": np.zeros((8, len(WIDE))),
        "gate": rng.normal(size=(gate_features, GATE_UNITS)) * 0.5 / np.sqrt(gate_features),
        "gate_bias": np.zeros(GATE_UNITS),
        "gate_output": rng.normal(size=(GATE_UNITS, 3)) * 0.01,
    }


def _stored(weights: dict[str, np.ndarray], fixed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    reaches = np.exp(np.minimum(weights["reaches"], twin.bounds()))
    common = np.minimum(np.exp(weights["common"]), twin.MOST_COMMON)
    return {**weights, **fixed, "reaches": reaches, "common": common.astype(np.float32)}


def batch_of(samples, photos: np.ndarray, hints: np.ndarray, places: np.ndarray) -> dict[str, np.ndarray]:
    """Return samples of some photos at some of their hints, which come first, and places."""
    known = samples["paths"].shape[1]
    chosen = np.concatenate([hints, known + np.asarray(places)])
    batch = {name: samples[name][photos][:, chosen] for name in ("descriptors", "tone", "proposed", "row", "missing")}
    batch["paths"] = samples["paths"][photos][:, hints][:, :, chosen]
    batch["differences"] = samples["differences"][photos][:, hints]
    return batch


def _checked(tf, samples, weights, fixed) -> dict[int, float]:
    from colorizer.inference.spreading import COUNTS

    photos, places = np.arange(len(samples["row"])), np.arange(PLACES)
    gains = {}
    for count in COUNTS:
        batches = [
            batch_of(samples, photos, np.arange(count) + first, places) for first in range(0, HINTS[0], max(count, 5))
        ]
        gains[count] = round(float(np.mean([twin.gain_of(tf, batch, weights, fixed, True) for batch in batches])), 3)
    return gains


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*map(Path, sys.argv[1:])))
