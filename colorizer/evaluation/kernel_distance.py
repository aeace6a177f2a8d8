"""Distance between colorized and true photos as sets: the kernel inception distance on features of MobileNetV2.

Unlike PSNR, it does not reward brown, the mean of all colors. However, it does not detect colors that are detached from
objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from PIL import Image

FEATURE_SIDE = 224
"""Side of the squares to which photos are resized, in pixels: the size MobileNetV2 was trained on."""
_BATCH_SIZE = 16
_ROWS = 1024
"""Number of features compared at once, so that memory does not grow with the square of the number of photos."""


@dataclass(frozen=True)
class KernelDistances:
    """Kernel inception distances to the true photos, times 1000.

    Equal sets have distance 0; noise can make it negative.
    """

    predicted: float
    gray: float
    """Distance of the photos left gray."""


class KernelDistanceMeter:
    """Collect photos one by one, as truth, prediction and gray, and compare them as sets.

    Args:
        encoder: The feature network (`network.photo_features`).
    """

    def __init__(self, encoder: keras.Model):
        self._encoder = encoder
        self._waiting: list[Sequence[np.ndarray]] = []
        self._features: list[np.ndarray] = []

    def add(self, squares: Sequence[np.ndarray]) -> None:
        """Add truth, prediction and gray of one photo, each from `feature_square`."""
        self._waiting.append(squares)
        if len(self._waiting) == _BATCH_SIZE:
            self._encode()

    def result(self) -> KernelDistances | None:
        """Return the distances of all added photos; None for fewer than two."""
        self._encode()
        if sum(map(len, self._features)) < 2:
            return None
        truth, predicted, gray = np.concatenate(self._features).swapaxes(0, 1)
        return KernelDistances(1000 * kernel_distance(truth, predicted), 1000 * kernel_distance(truth, gray))

    def _encode(self) -> None:
        if not self._waiting:
            return
        squares = np.stack([square for squares in self._waiting for square in squares])
        features = self._encoder.predict_on_batch(squares.astype(np.float32) / 255)
        self._features.append(np.asarray(features, np.float64).reshape(len(self._waiting), 3, -1))
        self._waiting = []


def feature_square(picture: Image.Image) -> np.ndarray:
    """Resize an RGB picture for the feature network: uint8, shape (FEATURE_SIDE, FEATURE_SIDE, 3)."""
    return np.asarray(picture.resize((FEATURE_SIDE, FEATURE_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0))


def kernel_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Return the squared maximum mean discrepancy of two sets of features.

    This is the unbiased estimate with the kernel (x . y / d + 1)^3: Binkowski et al. 2018, "Demystifying MMD GANs",
    https://arxiv.org/abs/1801.01401, section 4.

    Args:
        one: float64, shape (n, d), with n of at least two.
        other: float64, shape (m, d), with m of at least two.
    """
    n, m = len(one), len(other)
    return (
        (_kernel_sum(one, one) - _own_sum(one)) / (n * (n - 1))
        + (_kernel_sum(other, other) - _own_sum(other)) / (m * (m - 1))
        - 2 * _kernel_sum(one, other) / (n * m)
    )


def _kernel_sum(one: np.ndarray, other: np.ndarray) -> float:
    parts = (one[start : start + _ROWS] @ other.T for start in range(0, len(one), _ROWS))
    return float(sum(((part / one.shape[1] + 1) ** 3).sum() for part in parts))


def _own_sum(features: np.ndarray) -> float:
    """Return the sum of the kernel of every feature with itself."""
    return float((((features**2).sum(axis=1) / features.shape[1] + 1) ** 3).sum())
