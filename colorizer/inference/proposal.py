"""Predict colors for photos: color offsets on the network's square grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from colorizer.errors import ColorizeError
from colorizer.network.network import Network
from colorizer.photos.color import luma
from colorizer.photos.photo import DEFAULT_LIMITS, Photo
from colorizer.photos.toning import tonal_range
from colorizer.settings import PhotoLimits


def propose(network: Network, photos: Sequence[Photo], limits: PhotoLimits = DEFAULT_LIMITS) -> np.ndarray:
    """Predict color offsets for photos.

    The prediction is the average over each photo and its mirror image. This is a twentieth of a decibel closer to the
    truth (docs/EXPERIMENTS.md), and it does not change if a negative was printed the wrong way round. The network sees
    faded photos with restored contrast, because it was trained on few faded ones.

    Args:
        network: The network.
        photos: The photos.
        limits: Limits for detecting faded photos.

    Returns:
        RGB minus luma, float32, shape (n, size, size, 3).

    Raises:
        ColorizeError: There is not enough memory for a single photo.
    """
    squares = np.stack([unfaded(photo.square(network.size), limits) for photo in photos])[..., None]
    mirrored = predicted(network, np.ascontiguousarray(squares[:, :, ::-1]))
    rgb = (predicted(network, squares) + mirrored[:, :, ::-1]) / 2
    return rgb - luma(rgb)[..., None]


def predicted(network: Network, squares: np.ndarray) -> np.ndarray:
    """Run `network.predict`, splitting the squares into smaller batches if memory runs out.

    Raises ColorizeError if there is not enough memory for a single square.
    """
    try:
        return network.predict(squares)
    except MemoryError as error:
        if len(squares) == 1:
            raise ColorizeError(
                f"Not enough memory for {network.name}, which works on {network.size} x {network.size} pixels. Close "
                "other programs, or choose a smaller model."
            ) from error
    half = len(squares) // 2
    return np.concatenate([predicted(network, part) for part in (squares[:half], squares[half:])])


def unfaded(gray: np.ndarray, limits: PhotoLimits = DEFAULT_LIMITS) -> np.ndarray:
    """Restore the contrast of faded luma in [0, 1], any shape; return other luma unchanged."""
    black, white = tonal_range(gray, limits)
    return np.clip((gray - black) / (white - black), 0, 1)
