"""What filters detect: the input that excites each most, the photos that do, and channels that never respond."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from scipy.ndimage import uniform_filter

from colorizer.inspection.viewing import ViewedPhoto
from colorizer.network.network import Network

_BATCH_SIZE = 8
_STILL = 1e-6
"""Channels whose values vary less than this, over all places of all photos, are silent."""


@dataclass(frozen=True)
class Channels:
    """Some channels of one layer on one photo."""

    layer: str
    numbers: tuple[int, ...]
    """Indices of the channels."""
    maps: np.ndarray
    """Activations: float32, shape (rows, columns, channels)."""


@dataclass(frozen=True)
class ChannelCensus:
    """The channels of one layer over several photos."""

    layer: str
    channels: int
    silent: tuple[int, ...]
    """Silent channels: the same value at every place of every photo, usually zero after a ReLU."""
    liveliest: tuple[int, ...]
    """All other channels, sorted by how much their activation varies within a photo (mean standard deviation over
    photos)."""


def strongest_channels(
    model: keras.Model, layers: Sequence[keras.layers.Layer], luma: np.ndarray, count: int = 6
) -> tuple[Channels, ...]:
    """Return, for each layer, the channels that vary most over a photo.

    Args:
        model: The network.
        layers: The layers.
        luma: The network's input, float32 in [0, 1], shape (size, size).
        count: Maximum number of channels per layer.
    """
    found = []
    for layer, features in zip(layers, _features(model, layers, luma[None]), strict=True):
        order = np.argsort(-features[0].std(axis=(0, 1)), kind="stable")[:count]
        found.append(Channels(layer.name, tuple(map(int, order)), features[0][..., order]))
    return tuple(found)


def count_silent_channels(
    model: keras.Model, layers: Sequence[keras.layers.Layer], lumas: np.ndarray
) -> tuple[ChannelCensus, ...]:
    """Find the channels of each layer that are silent on all given photos.

    A ReLU channel that no photo activates can no longer learn, because no gradient passes through it ("dying ReLU": Lu
    et al. 2019, https://arxiv.org/abs/1903.06733). With few photos, it may also be that none shows what the channel
    detects.

    Args:
        model: The network.
        layers: The layers.
        lumas: The photos, float32 in [0, 1], shape (n, size, size).
    """
    parts = [
        [(each.min((0, 1, 2)), each.max((0, 1, 2)), each.std((1, 2)).sum(0)) for each in features]
        for features in _batches_of_features(model, layers, lumas)
    ]
    census = []
    for layer, of_layer in zip(layers, zip(*parts, strict=True), strict=True):
        least = np.min([part[0] for part in of_layer], axis=0)
        most = np.max([part[1] for part in of_layer], axis=0)
        spread = np.sum([part[2] for part in of_layer], axis=0)
        is_silent = most - least < _STILL
        order = [int(number) for number in np.argsort(-spread, kind="stable") if not is_silent[number]]
        silent = tuple(map(int, np.flatnonzero(is_silent)))
        census.append(ChannelCensus(layer.name, len(most), silent, tuple(order)))
    return tuple(census)


def _batches_of_features(
    model: keras.Model, layers: Sequence[keras.layers.Layer], lumas: np.ndarray
) -> Iterator[list[np.ndarray]]:
    for first in range(0, len(lumas), _BATCH_SIZE):
        yield _features(model, layers, lumas[first : first + _BATCH_SIZE])


def _features(model: keras.Model, layers: Sequence[keras.layers.Layer], lumas: np.ndarray) -> list[np.ndarray]:
    """Return the output of each layer for some photos: float32, shape (n, rows, columns, channels)."""
    seen = keras.Model(model.inputs[0], [layer.output for layer in layers])
    return [np.asarray(each, np.float32) for each in seen(lumas[..., None], training=False)]


STEPS = 96
"""Steps of gradient ascent per layer. After about a hundred, patterns hardly change."""
_STEP_SIZE = 0.05
_JITTER = 1 / 16
"""Maximum shift of the pattern before each step, as a fraction of the side, to suppress what a filter sees at only one
place of its grid."""
_START = 0.01
"""Standard deviation of the initial pattern's frequencies."""
_PHOTOS_AT_A_TIME = 8


@dataclass(frozen=True)
class Patch:
    """The part of a photo that one output of a filter sees, where that filter responds most."""

    photo: int
    """Index of the photo."""
    left: int
    """Left edge of the patch on the network's grid, in pixels. The patch lies inside the grid."""
    top: int
    side: int


@dataclass(frozen=True)
class FilterPattern:
    """What one filter detects."""

    layer: str
    number: int
    """Index of the channel."""
    pattern: np.ndarray
    """The luma that excites it most: float32 in [0, 1], shape (size, size)."""
    patches: tuple[Patch, ...]
    """Places in photos that excite it most, strongest first, one per photo."""


def filter_patterns(
    network: Network,
    layer: keras.layers.Layer,
    numbers: Sequence[int],
    photos: Sequence[ViewedPhoto],
    field: int,
    seed: int = 0,
) -> tuple[FilterPattern, ...]:
    """Find what some filters of a layer detect.

    Uses gradient ascent on the mean of the channel (Erhan et al. 2009; Simonyan, Vedaldi and Zisserman 2014,
    https://arxiv.org/abs/1312.6034). The input is a sum of waves with equal power at every scale and is shifted before
    every step (Olah, Mordvintsev and Schubert 2017, "Feature Visualization", https://doi.org/10.23915/distill.00007);
    without both, it turns into noise. Runs `STEPS` steps of Adam. The same seed gives the same patterns.

    Args:
        network: The network.
        layer: The layer.
        numbers: Indices of the filters.
        photos: Photos to search for patches.
        field: Receptive field of one output, along one side, in pixels (`layers.LayerFacts.receptive_field`).
        seed: Seed for the initial patterns.
    """
    seen = keras.Model(network.model.inputs[0], layer.output)
    patterns = _patterns(seen, numbers, network.size, seed)
    patches = _patches(seen, numbers, photos, min(field, network.size), network.size)
    return tuple(
        FilterPattern(layer.name, number, pattern, tuple(best))
        for number, pattern, best in zip(numbers, patterns, patches, strict=True)
    )


def _patterns(seen: keras.Model, numbers: Sequence[int], size: int, seed: int) -> np.ndarray:
    """Return one luma per filter: float32 in [0, 1], shape (filters, size, size)."""
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    # Amplitudes in photos are inversely proportional to frequency (Field 1987, https://doi.org/10.1364/JOSAA.4.002379).
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
    for _ in range(STEPS):
        step(tf.constant(random.integers(-most, most + 1, 2), tf.int32))
    return luma().numpy()


def _patches(
    seen: keras.Model, numbers: Sequence[int], photos: Sequence[ViewedPhoto], side: int, size: int, count: int = 4
) -> list[list[Patch]]:
    """Return, for each filter, the patches of the photos at which it responds most."""
    best, places = [], []
    for first in range(0, len(photos), _PHOTOS_AT_A_TIME):
        lumas = np.stack([photo.luma for photo in photos[first : first + _PHOTOS_AT_A_TIME]])
        features = np.take(np.asarray(seen(lumas[..., None], training=False), np.float32), numbers, axis=-1)
        rows = features.shape[1]
        # A ReLU with a ceiling reaches it in many places. Averaging finds the one among other responses, not the first.
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
    middles = ((at + 0.5) / rows * size - side / 2 for at in (column, row))
    left, top = (round(min(max(0, each), size - side)) for each in middles)
    return Patch(photo, left, top, side)
