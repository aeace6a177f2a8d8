"""`python -m benchmarks.references_network PHOTOS FOLDER [PAIRS [STEPS]]`: train the networks that match references.

PHOTOS holds photographs in color. PAIRS pairs of views are made of them and recolored, so that only the reference tells
the colors. FOLDER gets `references.tflite` and `references.npz`, which ship in `colorizer/pretrained`. The encoder is
that of the shipped model and is not trained. Trained are the projection of its features to descriptions of places, the
temperature of their comparison, and the trust in a match.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from colorizer.inference.references import GRID, SIDE

if TYPE_CHECKING:
    import keras

DIMENSIONS, HIDDEN = 64, 16
"""Dimensions of a description, and hidden units of the network that trusts matches."""
PROPERTIES = 11
"""Number of properties of a match, as in `references._match`."""
PAIRS, STEPS, BATCH, LEARNING_RATE = 2000, 700, 8, 3e-3
UNRELATED_WEIGHT, WORSE_WEIGHT = 2.0, 2.0
"""Weight of unrelated pairs, and further weight of what makes an unrelated photo worse, relative to related pairs."""
VALIDATED = 150
_FLOOR = 3e-5
"""Squared error of chroma that is invisible, so that it makes no difference."""
_CELLS = GRID * GRID
_SUBGRID = GRID // 2


def views(rgb: np.ndarray, drawn: random.Random) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Recolor a photograph, and cut two views from it.

    Args:
        rgb: RGB in [0, 1], float32, shape (h, w, 3).
        drawn: Draws the views.

    Returns:
        The luma of the view to colorize, which may be blurred and noisy as in an old print, float32 in [0, 1], shape
        (SIDE, SIDE), and both views, float32 RGB in [0, 1], shape (SIDE, SIDE, 3).
    """
    import cv2

    from colorizer.inference.proposal import unfaded
    from colorizer.photos.color import luma

    rgb = _recolored(rgb, drawn)
    target, reference = (_exposed(_view(rgb, drawn), drawn) for _ in range(2))
    gray = luma(target)
    if drawn.random() < 0.3:
        noise = np.random.default_rng(drawn.randrange(1 << 30)).normal(0, drawn.uniform(0, 0.04), gray.shape)
        gray = np.clip(cv2.GaussianBlur(gray, (0, 0), drawn.uniform(0.4, 1.2)) + noise, 0, 1).astype(np.float32)
    return unfaded(gray), target, reference


def _view(rgb: np.ndarray, drawn: random.Random) -> np.ndarray:
    """Cut a part as if seen from elsewhere, mirrored three times in ten."""
    import cv2

    height, width = rgb.shape[:2]
    share = drawn.uniform(0.6, 1)
    across, down = (side * share * drawn.uniform(0.85, 1) for side in (width, height))
    left, top = drawn.uniform(0, width - across), drawn.uniform(0, height - down)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    tilt = 0.14 * drawn.random()
    seen = (corners + np.array([[drawn.uniform(-tilt, tilt) for _ in range(2)] for _ in range(4)])) * (across, down)
    seen = np.clip(np.add(seen, (left, top)), 0, (width - 1, height - 1)).astype(np.float32)
    square = corners * np.float32(SIDE - 1)
    if drawn.random() < 0.3:
        square = square[[1, 0, 3, 2]]
    warped = cv2.warpPerspective(rgb, cv2.getPerspectiveTransform(seen, square), (SIDE, SIDE), flags=cv2.INTER_AREA)
    return np.clip(warped, 0, 1)


def _exposed(rgb: np.ndarray, drawn: random.Random) -> np.ndarray:
    if drawn.random() < 0.2:
        return rgb
    gamma, contrast = np.exp(drawn.uniform(-0.45, 0.45)), drawn.uniform(0.75, 1.1)
    black = drawn.uniform(0, 1 - contrast) if contrast < 1 else 0
    return np.clip(rgb**gamma * contrast + black, 0, 1)


def _recolored(rgb: np.ndarray, drawn: random.Random) -> np.ndarray:
    """Change the chroma of the photo, of the whole one or of some regions, and seven times in ten at all."""
    import cv2
    from skimage.segmentation import felzenszwalb

    from colorizer.photos.color import CHROMA_TO_OFFSET, chroma, luma, merge

    colors, kind = chroma(rgb), drawn.random()

    def turned(part: np.ndarray, tint: float) -> np.ndarray:
        angle, factor = drawn.uniform(0, 2 * np.pi), drawn.uniform(0.5, 1.6)
        turn = factor * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return part @ turn + [drawn.gauss(0, tint), drawn.gauss(0, tint)]

    if 0.3 <= kind < 0.5:
        colors = turned(colors, 0.03)
    elif kind >= 0.5:
        smooth = cv2.GaussianBlur(rgb, (0, 0), 1)
        regions = felzenszwalb(smooth, scale=drawn.choice((100, 200, 400)), sigma=0.5, min_size=150)
        for number in range(regions.max() + 1):
            if drawn.random() < 0.6:
                colors[regions == number] = turned(colors[regions == number], 0.07)
    offset = np.moveaxis((colors @ CHROMA_TO_OFFSET).astype(np.float32), -1, 0)
    return np.moveaxis(merge(luma(rgb), offset), 0, -1).astype(np.float32)


def made_pairs(photos: Path, count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Make pairs of views with predictions, all on the square: luma of both, chroma of both, predicted chroma."""
    from colorizer import load_model
    from colorizer.inference.proposal import predicted, unfaded
    from colorizer.photos.color import chroma, luma

    network, drawn = load_model(), random.Random(seed)
    paths = [path for path in sorted(photos.rglob("*")) if path.suffix in (".jpg", ".png", ".webp")]
    pairs = []
    for _ in range(count):
        with Image.open(drawn.choice(paths)) as image:
            rgb = np.asarray(image.convert("RGB"), np.float32) / 255
        gray, target, reference = views(rgb, drawn)
        square = gray[None, ..., None]
        mirrored = predicted(network, np.ascontiguousarray(square[:, :, ::-1]))[:, :, ::-1]
        guess = chroma((predicted(network, square) + mirrored)[0] / 2)
        pairs.append((gray, unfaded(luma(reference)), chroma(target), chroma(reference), guess))
    names = ("gray", "reference_gray", "true", "colors", "predicted")
    return {name: np.stack(each).astype(np.float16) for name, each in zip(names, zip(*pairs, strict=True), strict=True)}


def describer() -> keras.Model:
    """Build the projection of features at strides 4, 8 and 16 to a unit vector for each place."""
    import keras
    from keras import layers

    given, parts = [layers.Input((None, None, channels)) for channels in (144, 192, 576)], []
    for features, scale in zip(given, (1, 2, 4), strict=True):
        x = layers.UnitNormalization(axis=-1)(features)
        start = keras.initializers.RandomNormal(stddev=1 / 8, seed=scale)
        x = layers.Conv2D(DIMENSIONS, 1, use_bias=scale == 4, kernel_initializer=start)(x)
        parts.append(layers.UpSampling2D(scale, interpolation="bilinear")(x) if scale > 1 else x)
    return keras.Model(given, layers.UnitNormalization(axis=-1)(layers.Add()(parts)))


class Matching:
    """What is trained: the describer, the scales of similarity and luma, and the trust in a match."""

    def __init__(self):
        import keras
        from keras import layers

        self.describer = describer()
        self.scales = keras.Variable(np.log(np.array([25, 4], np.float32)))
        doubting = keras.initializers.Constant(-1)
        self.trust = keras.Sequential(
            [
                layers.Input((PROPERTIES,)),
                layers.Dense(HIDDEN, "relu"),
                layers.Dense(1, "sigmoid", bias_initializer=doubting),
            ]
        )

    @property
    def variables(self) -> list[keras.Variable]:
        return [*self.describer.trainable_variables, self.scales, *self.trust.trainable_variables]

    def match(self, places, others, gray, other_gray, colors, predicted):
        """Return the matched chroma of each place, and the trust in it; `references._match` does this in NumPy.

        Args:
            places, others: Descriptions of the places of photos and of their references, shape (n, cells, dimensions).
            gray, other_gray: Their luma, shape (n, cells).
            colors: Chroma of the references, shape (n, cells, 2).
            predicted: Predicted chroma of the photos, shape (n, cells, 2).
        """
        import tensorflow as tf

        temperature, luma_weight = tf.unstack(tf.exp(self.scales.value))
        similarity = tf.matmul(places, others, transpose_b=True)
        apart = tf.abs(gray[:, :, None] - other_gray[:, None])
        scores = temperature * similarity - luma_weight * apart
        logs = tf.nn.log_softmax(scores, -1)
        shares, cells = tf.exp(logs), gray.shape[1]
        # A photo's cells are drawn in training, so that each stands for several.
        backward = tf.nn.softmax(scores, 1) * (cells / _CELLS)
        color = tf.matmul(shares, colors)
        square = tf.matmul(shares, tf.reduce_sum(colors**2, -1, keepdims=True))[..., 0]
        variance = square - tf.reduce_sum(color**2, -1)
        best = tf.reduce_max(similarity, -1)
        mutual = tf.sqrt(tf.reduce_sum(shares * backward, -1) + 1e-6)
        side = round(cells**0.5)

        def local(values):
            plane = tf.reshape(values, (-1, side, side, 1))
            return tf.reshape(tf.nn.avg_pool2d(plane, 5 if side == GRID else 3, 1, "SAME"), (-1, cells))

        def everywhere(values):
            return tf.ones_like(values) * tf.reduce_mean(values, -1, keepdims=True)

        properties = [
            best,
            tf.reduce_sum(shares * similarity, -1),
            -tf.reduce_sum(shares * logs, -1) / np.log(_CELLS),
            10 * tf.sqrt(tf.maximum(variance, 0) + 1e-8),
            mutual,
            4 * tf.reduce_sum(shares * apart, -1),
            5 * tf.sqrt(tf.reduce_sum((color - predicted) ** 2, -1) + 1e-8),
            local(best),
            local(mutual),
            everywhere(best),
            everywhere(mutual),
        ]
        return color, self.trust(tf.stack(properties, -1))[..., 0]

    def write(self, folder: Path) -> None:
        """Write the encoder with the describer as a LiteRT network in half precision, and the rest as arrays."""
        import tensorflow as tf

        from benchmarks.hint_network import encoder_and_decoder

        folder.mkdir(parents=True, exist_ok=True)
        encoder, _ = encoder_and_decoder()
        whole = tf.function(lambda luma: self.describer(encoder(luma, training=False), training=False))
        concrete = whole.get_concrete_function(tf.TensorSpec((1, SIDE, SIDE, 1), tf.float32))
        holder = tf.Module()
        holder.parts = [encoder, self.describer]
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], holder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
        (folder / "references.tflite").write_bytes(converter.convert())
        temperature, luma_weight = np.exp(self.scales.numpy())
        names = ("hidden", "hidden_bias", "output", "output_bias")
        trust = dict(zip(names, self.trust.get_weights(), strict=True))
        np.savez(folder / "references.npz", temperature=temperature, luma_weight=luma_weight, **trust)


def main(photos: Path, folder: Path, pairs: int = PAIRS, steps: int = STEPS) -> int:
    """Train, print a line every 50 steps, and write what is learned."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import tensorflow as tf

    from benchmarks.hint_network import encoder_and_decoder

    made, matching = made_pairs(photos, pairs), Matching()
    encoder, _ = encoder_and_decoder()
    seen, others = (_features(encoder, made[name]) for name in ("gray", "reference_gray"))
    planes = [_on_grid(made[name]) for name in ("gray", "reference_gray", "true", "colors", "predicted")]
    schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps, 0.02)
    optimizer, drawn, began = keras.optimizers.Adam(schedule, clipnorm=1.0), np.random.default_rng(0), time.monotonic()

    def gains(seen, others, gray, other_gray, true, colors, predicted):
        """Return the change of the log of the squared error with the right references, and with those of others."""

        def doubled(values):
            return tf.concat([values, values], 0)

        def shuffled(values):
            return tf.concat([values, tf.roll(values, 1, 0)], 0)

        first = tf.random.uniform((2,), 0, 2, tf.int32)

        def drawn(values):
            halves = tf.reshape(values, (BATCH, _SUBGRID, 2, _SUBGRID, 2, -1))
            some = tf.gather(tf.gather(halves, first[0], axis=2), first[1], axis=3)
            return doubled(tf.reshape(some, (BATCH, _SUBGRID**2, -1)))

        flat = (BATCH, _CELLS, DIMENSIONS)
        places, other_places = (tf.reshape(matching.describer(each), flat) for each in (seen, others))
        predicted, true = drawn(predicted), drawn(true)
        color, trust = matching.match(
            drawn(places),
            shuffled(other_places),
            drawn(gray)[..., 0],
            shuffled(other_gray),
            shuffled(colors),
            predicted,
        )
        result = predicted + trust[..., None] * (color - predicted)
        before, after = (tf.reduce_mean(tf.reduce_sum((each - true) ** 2, -1), -1) for each in (predicted, result))
        log = tf.math.log((after + _FLOOR) / (before + _FLOOR))
        return log[:BATCH], log[BATCH:]

    @tf.function
    def step(*batch):
        with tf.GradientTape() as tape:
            related, unrelated = gains(*batch)
            loss = tf.reduce_mean(related + tf.nn.relu(related))
            loss += UNRELATED_WEIGHT * tf.reduce_mean(unrelated + WORSE_WEIGHT * tf.nn.relu(unrelated))
        optimizer.apply_gradients(zip(tape.gradient(loss, matching.variables), matching.variables, strict=True))
        return tf.reduce_mean(related), tf.reduce_mean(unrelated)

    def batch(numbers: np.ndarray) -> tuple:
        features = ([each[numbers].astype(np.float32) for each in every] for every in (seen, others))
        return (*features, *(plane[numbers] for plane in planes))

    told = []
    for number in range(1, steps + 1):
        told.append(step(*batch(drawn.choice(np.arange(VALIDATED, pairs), BATCH, replace=False))))
        if number % 50 == 0:
            related, unrelated = -10 / np.log(10) * np.mean(told, axis=0)
            print(
                f"{number} of {steps}, {time.monotonic() - began:.0f} s: {related:+.2f} dB of chroma with the right "
                f"reference, {unrelated:+.2f} dB with another",
                flush=True,
            )
            told = []
    kept = np.arange(VALIDATED // BATCH * BATCH).reshape(-1, BATCH)
    related, unrelated = -10 / np.log(10) * np.mean([gains(*batch(numbers)) for numbers in kept], axis=(0, 2))
    print(f"Not trained with: {related:+.2f} dB of chroma with the right reference, {unrelated:+.2f} dB with another.")
    matching.write(folder)
    return 0


def _features(encoder: keras.Model, gray: np.ndarray) -> list[np.ndarray]:
    parts = [encoder(gray[first : first + 32].astype(np.float32)[..., None]) for first in range(0, len(gray), 32)]
    return [np.concatenate([np.asarray(each, np.float16) for each in depth]) for depth in zip(*parts, strict=True)]


def _on_grid(planes: np.ndarray) -> np.ndarray:
    """Average squares to the grid, shape (n, cells) or (n, cells, 2)."""
    step, rest = SIDE // GRID, planes.shape[3:]
    blocks = planes.astype(np.float32).reshape(len(planes), GRID, step, GRID, step, *rest)
    return blocks.mean(axis=(2, 4)).reshape(len(planes), _CELLS, *rest)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4, 5):
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])))
