"""What the filters of a network look for: the input that excites each most, and the photos that do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from scipy.ndimage import uniform_filter

from colorizer.inspection.viewing import ViewedPhoto
from colorizer.network.network import Network
from colorizer.progress import Progress, no_progress

STEPS = 96
"""Steps of gradient ascent for one layer; after some hundred patterns hardly change."""
_STEP_SIZE = 0.05
_JITTER = 1 / 16
"""Share of the side by which the pattern is moved before each step: what a filter sees only at one place of its grid is
no pattern."""
_START = 0.01
"""Standard deviation of the first pattern's frequencies."""
_PHOTOS_AT_A_TIME = 8


@dataclass(frozen=True)
class Patch:
    """The part of a photo that one output of a filter sees, where that filter fires most."""

    photo: int
    """Which of the photos."""
    left: int
    """Of the patch on the network's grid, in pixels; it lies inside."""
    top: int
    side: int


@dataclass(frozen=True)
class FilterPattern:
    """What one filter looks for."""

    layer: str
    number: int
    """Which channel, counted from zero."""
    pattern: np.ndarray
    """The luma that excites it most: float32 in [0, 1], shape (size, size)."""
    patches: tuple[Patch, ...]
    """Where photos excite it most, the strongest first, one of each photo."""


def filter_patterns(
    network: Network,
    layer: keras.layers.Layer,
    numbers: Sequence[int],
    photos: Sequence[ViewedPhoto],
    field: int,
    seed: int = 0,
    progress: Progress = no_progress,
) -> tuple[FilterPattern, ...]:
    """Find what some filters of a layer look for.

    `field`: how many pixels, along one side, one output sees (`layers.LayerFacts.receptive_field`). Gradient ascent on
    the mean of the channel (Erhan et al. 2009; Simonyan, Vedaldi and Zisserman 2014, https://arxiv.org/abs/1312.6034),
    the input being a sum of waves of equal power at every scale that is moved before every step (Olah, Mordvintsev and
    Schubert 2017, "Feature Visualization", https://doi.org/10.23915/distill.00007): without both it becomes noise.
    `STEPS` steps of Adam; the same seed gives the same patterns.
    """
    seen = keras.Model(network.model.inputs[0], layer.output)
    patterns = _patterns(seen, numbers, network.size, seed, progress)
    patches = _patches(seen, numbers, photos, min(field, network.size), network.size)
    return tuple(
        FilterPattern(layer.name, number, pattern, tuple(best))
        for number, pattern, best in zip(numbers, patterns, patches, strict=True)
    )


def _patterns(seen: keras.Model, numbers: Sequence[int], size: int, seed: int, progress: Progress) -> np.ndarray:
    """Return one luma for each filter: float32 in [0, 1], shape (filters, size, size)."""
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    # Photos have waves in inverse proportion to their frequency (Field 1987, https://doi.org/10.1364/JOSAA.4.002379).
    power = tf.constant(size / np.maximum(frequency, 1 / size) / size, tf.float32)
    waves = tf.Variable(random.normal(0, _START, (len(numbers), 2, *frequency.shape)), dtype=tf.float32)
    optimizer = keras.optimizers.Adam(_STEP_SIZE)
    optimizer.build([waves])
    wanted = tf.one_hot(list(numbers), seen.outputs[0].shape[-1])

    def luma() -> tf.Tensor:
        spectrum = tf.complex(waves[:, 0] * power, waves[:, 1] * power)
        return tf.sigmoid(tf.signal.irfft2d(spectrum, (size, size)) * size)

    @tf.function
    def step(moved: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            photo = tf.roll(luma(), moved, (1, 2))[..., None]
            score = tf.reduce_mean(seen(photo, training=False), axis=(1, 2)) * wanted
            loss = -tf.reduce_sum(score)
        optimizer.apply([tape.gradient(loss, waves)], [waves])

    most = max(1, round(size * _JITTER))
    for number in range(1, STEPS + 1):
        step(tf.constant(random.integers(-most, most + 1, 2), tf.int32))
        progress(number, STEPS)
    return luma().numpy()


def _patches(
    seen: keras.Model, numbers: Sequence[int], photos: Sequence[ViewedPhoto], side: int, size: int, count: int = 4
) -> list[list[Patch]]:
    """Return, for each filter, the patches of the photos at which it fires most."""
    best, places = [], []
    for first in range(0, len(photos), _PHOTOS_AT_A_TIME):
        lumas = np.stack([photo.luma for photo in photos[first : first + _PHOTOS_AT_A_TIME]])
        features = np.take(np.asarray(seen(lumas[..., None], training=False), np.float32), numbers, axis=-1)
        rows = features.shape[1]
        # A rectifier with a ceiling is at it in many places: the one amid others that fire is meant, not the first.
        features = uniform_filter(features, (1, 3, 3, 1), mode="constant")
        flat = features.reshape(len(lumas), -1, len(numbers))
        best.append(flat.max(axis=1))
        places.append(flat.argmax(axis=1))
    strongest, where = np.concatenate(best), np.concatenate(places)
    found = []
    for channel in range(len(numbers)):
        order = np.argsort(-strongest[:, channel], kind="stable")[:count]
        found.append([_patch(int(photo), int(where[photo, channel]), rows, side, size) for photo in order])
    return found


def _patch(photo: int, place: int, rows: int, side: int, size: int) -> Patch:
    row, column = divmod(place, rows)
    left, top = ((at + 0.5) / rows * size - side / 2 for at in (column, row))
    return Patch(photo, *(round(min(max(0, each), size - side)) for each in (left, top)), side)
