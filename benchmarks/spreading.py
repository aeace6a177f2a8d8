"""`python -m benchmarks.spreading PHOTOS FILE.npz`: how the kernels that hints spread by were learned.

PHOTOS holds one folder for each source. Some photos of the sources that no network that ships has learned from show
what came of it; learned from are the others of these sources, and some of all others. What is made as large as possible
is what true colours at random places gain: the mean over photos of the PSNR of chroma over the automatic result, in dB.
FILE.npz is what `colorizer.inference.spreading.LEARNED` names; it belongs to the model that ships.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import spreading_in_tensorflow as twin

if TYPE_CHECKING:
    from colorizer.network.network import Network

SOURCES = {"coco_captions": 45, "deconv100": 30, "mosaics572": 40, "pacs_photo": 40, "zalo5k": 40}
"""How many photos of each are checked with; the others are learned from."""
OTHERS = 20_000
"""Photos of other sources, drawn by seed, that are learned from too."""
HINTS, PLACES, HIDDEN, GATE_UNITS = (50, 24), 326, 64, 48
"""Of each photo: hints to check and to learn with, and random places where colours are compared."""
STEPS, PHOTOS_AT_ONCE, PLACES_AT_ONCE, LEARNING_RATE = 16_000, 8, 96, 4e-3
ROUNDS = (((1, 5, 10), (1.0, 1.5, 1.0)), ((1, 5, 10), (1.0, 1.5, 1.0)), ((5, 10, 24), (1.5, 1.0, 1.0)))
"""Numbers of hints in turn, and how much each counts."""
WEIGHT_DECAY = 1e-3


def main(photos: Path, file: Path) -> int:
    """Learn, and print gains as it goes."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    learning, checking = choose(photos)
    learned = learn(sampled(learning, HINTS[1]), sampled(checking, HINTS[0]))
    np.savez_compressed(file, **learned)
    return 0


def choose(photos: Path) -> tuple[list[Path], list[Path]]:
    """Return the photos to learn from and those to check with, drawn by seed."""
    learning, checking = [], []
    for source, checked in SOURCES.items():
        paths = sorted(path for path in (photos / source).rglob("*") if path.is_file())
        random.Random(5).shuffle(paths)
        checking += paths[:checked]
        learning += paths[checked:]
    others = (path for source in photos.iterdir() if source.name not in SOURCES for path in source.rglob("*"))
    found = sorted(path for path in others if path.is_file())
    return learning + random.Random(5).sample(found, min(OTHERS, len(found))), checking


def sampled(paths: list[Path], hints: int) -> dict[str, np.ndarray]:
    """Return what is known of random places of photos, each of shape (photos, places, ...), the first of them hints;
    `paths` between these and all, shape (photos, hints, places).
    """
    with multiprocessing.get_context("spawn").Pool() as pool:
        all_samples = pool.starmap(_sampled, [(path, hints, number) for number, path in enumerate(paths)], chunksize=32)
    return {name: np.stack([samples[name] for samples in all_samples]) for name in all_samples[0]}


def _sampled(path: Path, hints: int, seed: int) -> dict[str, np.ndarray]:
    from colorizer.inference.hinted import set_photo
    from colorizer.photos import chroma, read_photo

    photo = read_photo(path)
    luma, proposed = set_photo(photo, _network()).grid
    true = photo.rgb().resize(luma.shape[::-1])
    return samples_of(luma, proposed, chroma(np.asarray(true, np.float32) / 255), hints, seed)


@cache
def _network() -> Network:
    from colorizer.network import load_model

    return load_model()


def samples_of(
    luma: np.ndarray, proposed: np.ndarray, true: np.ndarray, hints: int, seed: int
) -> dict[str, np.ndarray]:
    """Return the samples of one photo: of luma, shape (h, w), proposed and true chroma, both of shape (h, w, 2)."""
    from colorizer.inference.descriptors import descriptors, tone
    from colorizer.inference.spreading import Paths

    rows, columns = places_of(luma.shape, hints + PLACES, seed)
    around = [true[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4] for y, x in zip(rows, columns, strict=True)]
    paths, toned = Paths(luma), tone(luma)
    cells = list(zip(rows.tolist(), columns.tolist(), strict=True))[:hints]
    return {
        "descriptors": descriptors(luma, toned, proposed)[rows, columns],
        "tone": toned[rows, columns],
        "proposed": proposed[rows, columns],
        "row": (rows / len(luma)).astype(np.float32),
        "true": true[rows, columns],
        "hinted": np.stack([patch.mean(axis=(0, 1)) for patch in around[:hints]]),
        "paths": np.stack([paths.lengths(cell)[rows, columns] for cell in cells]),
    }


def places_of(shape: tuple[int, int], count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of random places of a photo of this shape."""
    return np.divmod(np.random.default_rng([9, seed]).integers(0, shape[0] * shape[1], count), shape[1])


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
        if number % 1000 == 999:
            print(number + 1, _checked(tf, checking, weights, fixed), flush=True)
    return _stored({name: weight.numpy() for name, weight in weights.items()}, fixed)


def _first_weights(rng: np.random.Generator) -> dict[str, np.ndarray]:
    from colorizer.inference.spreading import NARROW, WIDE

    features, values, gate_features = 24, 2 * twin.EMBEDDING + 5, HIDDEN + 12 + 8
    return {
        "hidden": rng.normal(size=(features, HIDDEN)) * 0.7 / np.sqrt(features),
        "hidden_bias": np.zeros(HIDDEN),
        "output": rng.normal(size=(HIDDEN, values)) * 0.1 / np.sqrt(HIDDEN),
        "output_bias": np.zeros(values),
        "reaches": np.log(list(twin.FIRST.values())),
        "common": np.log(twin.MOST_COMMON) - 0.05,
        "by_hints": np.zeros((8, len(WIDE + NARROW))),
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
    batch = {name: samples[name][photos][:, chosen] for name in ("descriptors", "tone", "proposed", "row", "true")}
    batch["paths"] = samples["paths"][photos][:, hints][:, :, chosen]
    batch["hinted"] = samples["hinted"][photos][:, hints]
    return batch


def _checked(tf, samples, weights, fixed) -> dict[int, float]:
    from colorizer.inference.spreading import COUNTS

    photos, places = np.arange(len(samples["row"])), np.arange(PLACES)
    gains = {}
    for count in COUNTS:
        batches = [
            batch_of(samples, photos, np.arange(count) + first, places) for first in range(0, min(count * 2, 50), count)
        ]
        gains[count] = round(float(np.mean([twin.gain_of(tf, batch, weights, fixed, True) for batch in batches])), 3)
    return gains


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*map(Path, sys.argv[1:])))
