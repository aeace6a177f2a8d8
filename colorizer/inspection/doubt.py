"""Measure where a network is uncertain of its colors, and whether that predicts its errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from PIL import Image
from scipy.stats import rankdata

from colorizer.network.architectures import LOGITS, is_classifier
from colorizer.network.network import Network
from colorizer.photos.color import chroma

_SHIFT = 1 / 16
"""Shift between views, as a fraction of the photo: less than a feature of the middle, more than one of the decoder."""
_BINS = 10
"""Number of points of the reliability curve: tenths of all places, sorted by uncertainty."""


@dataclass(frozen=True)
class Reliability:
    """Whether uncertainty predicts error, over all places of some photos."""

    doubt: tuple[float, ...]
    """Mean uncertainty of each tenth of the places, from the most certain to the least certain."""
    error: tuple[float, ...]
    """Mean error of the same places."""
    correlation: float
    """Spearman's rank correlation of uncertainty and error over all places: 1 if the most uncertain places are always
    the most wrong, 0 if they are unrelated."""


def doubt(network: Network, luma: np.ndarray) -> np.ndarray:
    """Return how uncertain a network is of each place of a photo: float32, shape (size, size), nonnegative.

    With a classifying head, this is the entropy of its bins, as a fraction of the entropy of a uniform distribution
    (Shannon 1948, https://doi.org/10.1002/j.1538-7305.1948.tb01338.x). Otherwise, it is how much the chroma of a place
    varies between mirrored and shifted views of the photo: the root mean square distance from their mean, in units of
    chroma. This is test-time augmentation as a measure of uncertainty (Wang et al. 2019,
    https://arxiv.org/abs/1807.07356).

    Args:
        network: The network.
        luma: The network's input, float32 in [0, 1], shape (size, size).
    """
    return _entropy(network, luma) if is_classifier(network.model) else _disagreement(network, luma)


def reliability(doubts: Sequence[np.ndarray], errors: Sequence[np.ndarray]) -> Reliability:
    """Compare uncertainty and error place by place, given one array of each per photo, with equal shapes."""
    unsure, wrong = np.concatenate([each.ravel() for each in doubts]), np.concatenate([each.ravel() for each in errors])
    order = np.argsort(unsure, kind="stable")
    parts = [part for part in np.array_split(order, _BINS) if len(part)]
    ranks = rankdata(unsure), rankdata(wrong)
    is_flat = any(np.ptp(each) == 0 for each in ranks)
    return Reliability(
        doubt=tuple(float(unsure[part].mean()) for part in parts),
        error=tuple(float(wrong[part].mean()) for part in parts),
        correlation=0.0 if is_flat else float(np.corrcoef(*ranks)[0, 1]),
    )


def _entropy(network: Network, luma: np.ndarray) -> np.ndarray:
    head = keras.Model(network.model.inputs[0], network.model.get_layer(LOGITS).output)
    likelihoods = np.asarray(keras.ops.softmax(head(luma[None, ..., None], training=False)), np.float32)[0]
    entropy = -(likelihoods * np.log(np.maximum(likelihoods, 1e-12))).sum(axis=-1) / np.log(likelihoods.shape[-1])
    size = (network.size, network.size)
    return np.asarray(Image.fromarray(entropy.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))


def _disagreement(network: Network, luma: np.ndarray) -> np.ndarray:
    size, step = network.size, max(1, round(network.size * _SHIFT))
    padded = np.pad(luma, step, mode="reflect")
    places = ((0, 0), (step, 0), (0, step), (-step, 0), (0, -step))
    views = []
    for down, across in places:
        moved = padded[step + down : step + down + size, step + across : step + across + size]
        views += [moved, moved[:, ::-1]]
    proposed = chroma(network.predict(np.stack(views)[..., None]))
    proposed[1::2] = proposed[1::2, :, ::-1]
    # Places near the edges are visible in some of the views only.
    seen = np.pad(proposed, ((0, 0), (step, step), (step, step), (0, 0)), constant_values=np.nan)
    back = [
        seen[number, step - down : step - down + size, step - across : step - across + size]
        for number, (down, across) in enumerate(place for place in places for _ in range(2))
    ]
    return np.sqrt(np.nanvar(back, axis=0).sum(axis=-1)).astype(np.float32)
