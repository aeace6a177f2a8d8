"""Layer outputs on photos: channels as pictures, and channels that never respond."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np

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
