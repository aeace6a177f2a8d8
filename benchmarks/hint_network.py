"""`python -m benchmarks.hint_network PHOTOS FOLDER [STEPS]`: train the network that spreads hints.

PHOTOS holds photographs in color, and for some of them their objects in `NAME.labels.png`. FOLDER gets the weights,
averaged over the steps, as `hints.weights.h5` every 500 steps, and at the end `hints.tflite`, which ships as
`colorizer/pretrained/hints.tflite`. The encoder is that of the shipped model and is not trained.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

LESSONS, CUTS = 4, 6
"""Lessons per crop, and crops per batch."""
STEPS, LEARNING_RATE, WARM_UP = 4000, 1e-3, 300
OUTSIDE_WEIGHT, TRUE_WEIGHT = 2.0, 2.5
"""Weight of changes outside the object relative to what is missing inside it, and weight of the log of the squared
error with true hints.
"""
MARKED_SHARE = 0.5
"""Share of crops from photographs with marked objects."""
OBJECTS = {True: 0.75, False: 0.5}
"""Share of lessons with an object, by whether the photograph's objects are marked."""
AVERAGE = 0.98
"""Momentum of the average of the weights, which is updated every ten steps."""
_FLOOR = 3e-5


def encoder_and_decoder() -> tuple[keras.Model, keras.Model]:
    """Build both parts: luma to features at strides 4, 8 and 16, and maps with features to the six shares."""
    import keras
    from keras import layers

    from colorizer import load_model
    from colorizer.inference.spreading import MAPS, USUAL

    shipped = load_model().model
    luma = layers.Input((None, None, 1))
    scaled = layers.Rescaling(2.0, -1.0)(layers.Concatenate()([luma, luma, luma]))
    mobilenet = keras.applications.MobileNetV2(input_tensor=scaled, include_top=False, weights=None)
    taken = {layer.name for layer in shipped.layers}
    for layer in mobilenet.layers:
        if layer.weights and layer.name in taken:
            layer.set_weights(shipped.get_layer(layer.name).get_weights())
    names = ("block_3_expand_relu", "block_6_expand_relu", "block_13_expand_relu")
    encoder = keras.Model(luma, [mobilenet.get_layer(name).output for name in names])
    encoder.trainable = False
    maps = layers.Input((None, None, MAPS))
    quarter, eighth, sixteenth = seen = [layers.Input((None, None, each.shape[-1])) for each in encoder.outputs]

    def convolved(x, filters: int, kernel: int = 3, strides: int = 1):
        x = layers.Conv2D(filters, kernel, strides, padding="same", kernel_initializer="he_normal")(x)
        return layers.LeakyReLU(negative_slope=0.2)(x)

    def joined(*parts):
        return layers.Concatenate()(list(parts))

    def enlarged(x, filters: int):
        return layers.UpSampling2D(2, interpolation="bilinear")(layers.Conv2D(filters, 1)(x))

    full = convolved(maps, 24, 1)
    half = convolved(joined(convolved(full, 24, 3, 2), layers.Conv2D(16, 1)(quarter)), 24)
    fourth = convolved(joined(convolved(half, 32, 3, 2), layers.Conv2D(24, 1)(eighth)), 32)
    x = convolved(joined(convolved(fourth, 48, 3, 2), layers.Conv2D(32, 1)(sixteenth)), 48)
    x = convolved(joined(enlarged(x, 32), fourth), 32)
    x = convolved(joined(enlarged(x, 24), half), 24)
    x = convolved(joined(enlarged(x, 24), full, maps), 32, 1)
    scores = layers.Conv2D(6, 1, kernel_initializer="zeros")(x)
    # Untrained, it gives every place within a usual distance the nearest hint's color, as encoded in one map.
    usual = layers.Conv2D(6, 1)
    total = layers.Add()([scores, usual(maps)])
    weights = np.zeros((1, 1, MAPS, 6), np.float32)
    weights[0, 0, USUAL, 1] = 1
    usual.set_weights([weights, np.array([0, 0, -3, -3, -3, -3], np.float32)])
    return encoder, keras.Model([maps, *seen], layers.Softmax()(total))


def main(photos: Path, folder: Path, steps: int = STEPS) -> int:
    """Train, print a line every 50 steps, and write the network."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import tensorflow as tf

    folder.mkdir(parents=True, exist_ok=True)
    encoder, decoder = encoder_and_decoder()
    decay = keras.optimizers.schedules.CosineDecay(LEARNING_RATE / 10, steps, 0.02, "", LEARNING_RATE, WARM_UP)
    optimizer = keras.optimizers.Adam(decay, clipnorm=1.0)

    @tf.function
    def step(luma, maps, fields, target, inside, weight, is_true):
        seen = [tf.repeat(each, LESSONS, axis=0) for each in encoder(luma, training=False)]
        with tf.GradientTape() as tape:
            loss, figures = _loss(tf, decoder([maps, *seen], training=True), fields, target, inside, weight, is_true)
        gradients = tape.gradient(loss, decoder.trainable_variables)
        optimizer.apply_gradients(zip(gradients, decoder.trainable_variables, strict=True))
        return loss, *figures

    began, told, average = time.monotonic(), [], decoder.get_weights()
    for number, batch in zip(range(1, steps + 1), _batches(photos), strict=False):
        told.append([float(value) for value in step(*batch)])
        if number % 10 == 0:
            momentum = min(AVERAGE, number / (number + 190))
            average = [momentum * a + (1 - momentum) * b for a, b in zip(average, decoder.get_weights(), strict=True)]
        if number % 50 == 0:
            loss, inside, outside, decibels = np.mean(told, axis=0)
            print(
                f"{number} of {steps}, {time.monotonic() - began:.0f} s: loss {loss:.3f}, missing inside {inside:.3f}, "
                f"changed outside {outside:.4f}, true hints {decibels:+.2f} dB of chroma",
                flush=True,
            )
            told = []
        if number % 500 == 0 or number == steps:
            trained = decoder.get_weights()
            decoder.set_weights(average)
            decoder.save_weights(folder / "hints.weights.h5")
            decoder.set_weights(trained)
    decoder.set_weights(average)
    write_flatbuffer(encoder, decoder, folder / "hints.tflite")
    return 0


def write_flatbuffer(encoder: keras.Model, decoder: keras.Model, path: Path) -> None:
    """Write both parts as one LiteRT network of luma and maps, with weights in half precision."""
    import tensorflow as tf

    from colorizer.inference.spreading import GRID, MAPS, SIDE

    whole = tf.function(lambda luma, maps: decoder([maps, *encoder(luma, training=False)], training=False))
    shapes = (1, SIDE, SIDE, 1), (1, GRID, GRID, MAPS)
    concrete = whole.get_concrete_function(*(tf.TensorSpec(shape, tf.float32) for shape in shapes))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], decoder)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    path.write_bytes(converter.convert())


def _loss(tf, shares, fields, target, inside, weight, is_true):
    """Compute the loss and its metrics.

    Returns:
        The loss, and a tuple: for objects, what is missing inside and what changes outside, as shares of the wanted
        change; and how many decibels closer true hints bring the chroma.
    """
    shape = tf.shape(fields)
    change = tf.reduce_sum(shares[..., 1:, None] * tf.reshape(fields, tf.concat([shape[:3], [5, 2]], 0)), axis=3)
    squared = tf.reduce_sum((change - target) ** 2, -1)
    error, wanted = tf.sqrt(squared + 1e-8), tf.sqrt(tf.reduce_sum(target**2, -1) + 1e-8)

    def mean(values, places):
        return tf.reduce_sum(values * places, [1, 2]) / (tf.reduce_sum(places, [1, 2]) + 1e-3)

    size = mean(wanted, inside * weight) + 0.01
    missing, changed = mean(error, inside * weight) / size, mean(error, (1 - inside) * weight) / size
    before, after = tf.reduce_mean(wanted**2, [1, 2]), tf.reduce_mean(squared, [1, 2])
    nearer = tf.math.log((after + _FLOOR) / (before + _FLOOR))
    loss = (1 - is_true) * (missing + OUTSIDE_WEIGHT * changed) + is_true * TRUE_WEIGHT * nearer
    objects = tf.reduce_sum(1 - is_true) + 1e-3
    return tf.reduce_mean(loss), (
        tf.reduce_sum((1 - is_true) * missing) / objects,
        tf.reduce_sum((1 - is_true) * changed) / objects,
        -10 / np.log(10) * tf.reduce_sum(is_true * nearer) / (tf.reduce_sum(is_true) + 1e-3),
    )


def _batches(photos: Path) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield batches from another process for as long as they are requested."""
    context = get_context("spawn")
    queue = context.Queue(8)
    context.Process(target=_fill, args=(photos, queue, 0), daemon=True).start()
    while True:
        yield queue.get()


def _fill(photos: Path, queue, seed: int) -> None:
    from benchmarks.hint_samples import cut, object_lesson, read_photograph, true_lesson
    from colorizer import load_model

    network, drawn = load_model(), random.Random(seed)
    endings = {".jpg", ".png", ".webp"}
    paths = [path for path in sorted(photos.rglob("*")) if path.suffix in endings and ".labels" not in path.name]
    read = [read_photograph(path, network) for path in paths]
    marked = [photograph for photograph in read if photograph.is_marked]
    while True:
        cuts, lessons = [], []
        while len(cuts) < CUTS:
            photograph = drawn.choice(marked if marked and drawn.random() < MARKED_SHARE else read)
            given = cut(photograph, drawn)
            some = [
                object_lesson(given, drawn)
                if drawn.random() < OBJECTS[photograph.is_marked]
                else true_lesson(given, drawn)
                for _ in range(LESSONS)
            ]
            if None not in some:
                cuts.append(given)
                lessons.append(some)
        flat = list(chain.from_iterable(lessons))
        stacked = (
            np.stack([getattr(lesson, name) for lesson in flat])
            for name in ("maps", "fields", "target", "inside", "weight")
        )
        is_true = np.array([lesson.is_true for lesson in flat], np.float32)
        queue.put((np.stack([given.luma for given in cuts])[..., None], *stacked, is_true))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])))
