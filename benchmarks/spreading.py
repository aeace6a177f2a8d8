"""`python -m benchmarks.spreading PHOTOS FILE.npz`: how the kernels that hints spread by were learned.

PHOTOS holds one folder for each source; photos of the sources that no network that ships has learned from are taken,
some to learn from, others to see what came of it. What is made as large as possible is what true colours at random
places gain: the mean over photos of the PSNR of chroma over the automatic result, in dB. FILE.npz is what
`colorizer.inference.spreading.LEARNED` names; it belongs to the model that ships.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import numpy as np

SOURCES = {"coco_captions": (45, 48), "deconv100": (30, 41), "mosaics572": (40, 330), "pacs_photo": (40, 330)}
SOURCES |= {"zalo5k": (40, 330)}
"""How many photos of each are checked with and, at most, learned from."""
LEARNING = 544
HINTS, PLACES, HIDDEN, EMBEDDING = (50, 24), 326, 32, 6
"""Of each photo: hints to check and to learn with, and random places where colours are compared."""
STEPS, PHOTOS_AT_ONCE, PLACES_AT_ONCE, LEARNING_RATE = 600, 8, 96, 6e-3
ROUNDS = (((1, 5, 10), (1.0, 1.5, 1.0)), ((1, 5, 10), (1.0, 1.5, 1.0)), ((5, 10, 24), (1.5, 1.0, 1.0)))
"""Numbers of hints in turn, and how much each counts."""
WEIGHT_DECAY = 1e-3
MOST = {"path": 1.0, "tone": 0.22, "proposed": 0.16, "embedding": 1.0}
"""Lengths of the narrow kernel: longer ones score more, but chosen colours flow around things."""
MOST_COMMON = (0.012, 0.075, 0.095, 0.11)
"""Of a difference, for `spreading.COUNTS` hints: one hint is to repaint a thing, not the photo."""
FIRST = {"wide_path": 5.7, "wide_tone": 1.5, "wide_proposed": 0.8, "wide_row": 1.7, "wide_embedding": 1.0}
FIRST |= {"wide_doubt": 3e-3, "linear": 550.0, "linear_embedding": 0.1, "doubt": 5e-3}
FIRST |= {"path": 0.95, "tone": 0.2, "proposed": 0.15, "embedding": 1.0}
"""What the reaches begin with."""


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
    for source, (checked, learned) in SOURCES.items():
        paths = sorted(path for path in (photos / source).rglob("*") if path.is_file())
        random.Random(5).shuffle(paths)
        checking += paths[:checked]
        learning += paths[checked : checked + learned]
    random.Random(6).shuffle(learning)
    return learning[:LEARNING], checking


def sampled(paths: list[Path], hints: int) -> dict[str, np.ndarray]:
    """Return what is known of random places of photos, each of shape (photos, places, ...), the first of them hints;
    `paths` between these and all, shape (photos, hints, places).
    """
    from colorizer.inference.hinted import set_photo
    from colorizer.network import load_model
    from colorizer.photos import chroma, read_photo

    network, all_samples = load_model(), []
    for number, path in enumerate(paths):
        photo = read_photo(path)
        luma, proposed = set_photo(photo, network).grid
        true = photo.rgb().resize(luma.shape[::-1])
        all_samples.append(samples_of(luma, proposed, chroma(np.asarray(true, np.float32) / 255), hints, number))
    return {name: np.stack([samples[name] for samples in all_samples]) for name in all_samples[0]}


def samples_of(
    luma: np.ndarray, proposed: np.ndarray, true: np.ndarray, hints: int, seed: int
) -> dict[str, np.ndarray]:
    """Return the samples of one photo: of luma, shape (h, w), proposed and true chroma, both of shape (h, w, 2)."""
    from colorizer.inference.descriptors import descriptors, tone
    from colorizer.inference.spreading import paths_over

    rows, columns = places_of(luma.shape, hints + PLACES, seed)
    around = [true[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4] for y, x in zip(rows, columns, strict=True)]
    shortest = paths_over(luma)
    cells = list(zip(rows.tolist(), columns.tolist(), strict=True))[:hints]
    return {
        "descriptors": descriptors(luma, proposed)[rows, columns],
        "tone": tone(luma)[rows, columns],
        "proposed": proposed[rows, columns],
        "row": (rows / len(luma)).astype(np.float32),
        "true": true[rows, columns],
        "hinted": np.stack([patch.mean(axis=(0, 1)) for patch in around[:hints]]),
        "paths": np.stack([shortest.find_costs([cell])[0][rows, columns] for cell in cells]).astype(np.float32),
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
            gains = [tf.reduce_mean(_gain(tf, batch, weights, fixed)) for batch in batches]
            decay = sum(tf.reduce_sum(weights[name] ** 2) for name in ("hidden", "output"))
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
        if number % 200 == 199:
            print(number + 1, _checked(tf, checking, weights, fixed), flush=True)
    return _stored({name: weight.numpy() for name, weight in weights.items()}, fixed)


def _first_weights(rng: np.random.Generator) -> dict[str, np.ndarray]:
    from colorizer.inference.spreading import NARROW, WIDE

    features, values = 24, 2 * EMBEDDING + 5
    return {
        "hidden": rng.normal(size=(features, HIDDEN)) * 0.7 / np.sqrt(features),
        "hidden_bias": np.zeros(HIDDEN),
        "output": rng.normal(size=(HIDDEN, values)) * 0.1 / np.sqrt(HIDDEN),
        "output_bias": np.zeros(values),
        "reaches": np.log(list(FIRST.values())),
        "common": np.log(MOST_COMMON) - 0.05,
        "by_hints": np.zeros((8, len(WIDE + NARROW))),
    }


def _stored(weights: dict[str, np.ndarray], fixed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    reaches = np.exp(np.minimum(weights["reaches"], _bounds()))
    common = np.minimum(np.exp(weights["common"]), MOST_COMMON)
    return {**weights, **fixed, "reaches": reaches, "common": common.astype(np.float32)}


def _bounds() -> np.ndarray:
    """Return the logarithm of the largest each reach may be."""
    return np.log([MOST.get(name, np.inf) for name in FIRST]).astype(np.float32)


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
        gains[count] = round(float(np.mean([_gain(tf, batch, weights, fixed, True) for batch in batches])), 3)
    return gains


def _gain(tf, batch, weights, fixed, exact: bool = False):
    """Return what hints gain, in dB, of each photo of a batch: `spreading.Spreading` in TensorFlow's words."""
    from colorizer.photos.color import CHROMA_TO_OFFSET

    count = batch["hinted"].shape[1]
    errors = (CHROMA_TO_OFFSET @ CHROMA_TO_OFFSET.T).astype(np.float32) / 3
    missing = batch["true"] - batch["proposed"]
    differences = batch["hinted"] - batch["proposed"][:, :count]
    change = change_of(tf, batch, differences, weights, fixed)
    least = tf.minimum(tf.reduce_min(differences, 1, keepdims=True), 0)
    most = tf.maximum(tf.reduce_max(differences, 1, keepdims=True), 0)
    clipped = tf.clip_by_value(change, least, most)
    # What is clipped has no gradient: a tenth of it stays as it was.
    spread = clipped if exact else 0.9 * clipped + 0.1 * change

    def error(rest):
        return tf.reduce_mean(tf.einsum("bpc,cd,bpd->bp", rest, errors, rest)[:, count:], 1) + 1e-5

    return 10 / np.log(10) * tf.math.log(error(missing) / error(missing - spread))


def change_of(tf, batch, differences, weights, fixed):
    """Return how the chroma of each place changes, before it is clipped, shape (photos, places, 2)."""
    from colorizer.inference.spreading import COUNTS, NARROW, WIDE

    count, paths, proposed = batch["hinted"].shape[1], batch["paths"], batch["proposed"]
    factors = tf.exp(
        tf.clip_by_value(
            _statistics(tf, differences, proposed[:, :count], paths[:, :, :count]) @ weights["by_hints"], -2.0, 2.0
        )
    )
    length_of = dict(zip(WIDE + NARROW, tf.unstack(factors, axis=-1), strict=True))
    length_of |= {name: tf.minimum(1.0, length_of[name]) for name in NARROW}
    first = dict(zip(FIRST, tf.unstack(tf.exp(tf.minimum(weights["reaches"], _bounds()))), strict=True))
    reach = {name: first[name] * length_of[name][:, None, None] for name in FIRST}
    common = tf.exp(tf.minimum(weights["common"], np.log(MOST_COMMON).astype(np.float32)))
    where = COUNTS.index(min(COUNTS, key=lambda known: abs(np.log(known / count))))
    most = common[where] * length_of["common"][:, None, None]

    hidden = tf.tanh(
        (batch["descriptors"] - fixed["mean"]) / fixed["deviation"] @ weights["hidden"] + weights["hidden_bias"]
    )
    parts = [EMBEDDING, EMBEDDING, 1, 1, 3]
    wide_at, narrow_at, wide_scale, scale, linear = tf.split(
        hidden @ weights["output"] + weights["output_bias"], parts, -1
    )

    def squared(values):
        squares = tf.reduce_sum(values**2, -1)
        products = tf.matmul(values[:, :count], values, transpose_b=True)
        return tf.maximum(squares[:, :count, None] + squares[:, None] - 2 * products, 0)

    def scaled(logarithms):
        scales = tf.exp(tf.clip_by_value(logarithms[..., 0], -3, 3))
        return scales[:, :count, None] * scales[:, None]

    def difference(values):
        return tf.abs(values[:, :count, None] - values[:, None])

    tone, apart = difference(batch["tone"]), squared(proposed)
    wide = paths / reach["wide_path"] + tone / reach["wide_tone"] + difference(batch["row"]) / reach["wide_row"]
    wide += tf.sqrt(apart + 1e-8) / reach["wide_proposed"] + tf.sqrt(squared(wide_at) + 1e-6) / reach["wide_embedding"]
    wide = scaled(wide_scale) * tf.exp(-wide)
    wide += reach["linear"] * tf.matmul(proposed[:, :count], proposed, transpose_b=True)
    wide += reach["linear_embedding"] * tf.matmul(linear[:, :count], linear, transpose_b=True)
    narrow = paths / reach["path"] + (tone / reach["tone"]) ** 2 + apart / reach["proposed"] ** 2
    narrow = scaled(scale) * tf.exp(-narrow - squared(narrow_at) / reach["embedding"] ** 2)

    def kriged(kernel, values, doubt):
        between = (kernel[:, :, :count] + tf.transpose(kernel[:, :, :count], [0, 2, 1])) / 2
        between += doubt * tf.linalg.diag(tf.linalg.diag_part(between))
        return tf.matmul(kernel, tf.linalg.solve(between, values), transpose_a=True)

    length = tf.sqrt(tf.reduce_sum(differences**2, -1, keepdims=True) + 1e-12)
    change = kriged(wide, differences * tf.minimum(1.0, most / length), reach["wide_doubt"])
    return change + kriged(narrow, differences - change[:, :count], reach["doubt"])


def _statistics(tf, differences, proposed, paths):
    """Return `spreading.statistics` of each photo, shape (photos, 8)."""
    count = differences.shape[1]

    def size(vectors):
        return tf.sqrt(tf.reduce_mean(tf.reduce_sum(vectors**2, -1), 1) + 1e-8)

    def tens(value):
        return tf.math.log(value) / np.log(10).astype(np.float32)

    length = size(differences)
    alike = tf.sqrt(tf.reduce_sum(tf.reduce_mean(differences, 1) ** 2, -1) + 1e-10)
    factor = tf.reduce_sum(differences * proposed, [1, 2]) / (tf.reduce_sum(proposed**2, [1, 2]) + 4e-4 * count)
    apart = tf.reduce_sum(paths, [1, 2]) / (count * (count - 1)) if count > 1 else tf.ones_like(length)
    return tf.stack(
        [
            tf.zeros_like(length) + np.float32(np.log10(count) - 0.7),
            tens(length + 0.005) + 1.3,
            tens(size(differences + proposed) + 0.01) + 1.1,
            tens(size(proposed) + 0.01) + 1.2,
            alike / (length + 0.003) - 0.5,
            tf.clip_by_value(factor, -1.0, 2.0),
            tf.tanh(apart) - 0.5,
            tf.ones_like(length),
        ],
        -1,
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*map(Path, sys.argv[1:])))
