"""What a network proposes for photos: colour offsets on its own square."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from colorizer.errors import ColorizeError
from colorizer.network.network import Network
from colorizer.photos.color import luma
from colorizer.photos.photo import DEFAULT_LIMITS, Photo
from colorizer.photos.tones import tonal_range
from colorizer.settings import PhotoLimits


def propose(network: Network, photos: Sequence[Photo], limits: PhotoLimits = DEFAULT_LIMITS) -> np.ndarray:
    """Return the network's colour offsets, RGB minus luma, float32, shape (n, size, size, 3), for some photos.

    The network sees each photo and its mirror image, and the mean of what it proposes for both is returned: nearer to
    the truth by a twentieth of a decibel (docs/EXPERIMENTS.md), and the same whichever way round a negative was
    printed. A faded photo is shown to it with its contrast restored: it learned from few that are. Raises ColorizeError
    where memory does not suffice for one.
    """
    squares = np.stack([unfaded(photo.square(network.size), limits) for photo in photos])[..., None]
    mirrored = predicted(network, np.ascontiguousarray(squares[:, :, ::-1]))
    rgb = (predicted(network, squares) + mirrored[:, :, ::-1]) / 2
    return rgb - luma(rgb)[..., None]


def predicted(network: Network, squares: np.ndarray) -> np.ndarray:
    """Return what `network.predict` does for these squares, which go through it in parts where memory does not suffice
    for all of them together; where not for one, raise ColorizeError.
    """
    try:
        return network.predict(squares)
    except MemoryError as error:
        if len(squares) == 1:
            raise ColorizeError(
                f"Memory does not suffice for {network.name}, which works on {network.size} x {network.size} pixels; "
                "close other programs, or take a smaller model."
            ) from error
    half = len(squares) // 2
    return np.concatenate([predicted(network, part) for part in (squares[:half], squares[half:])])


def unfaded(gray: np.ndarray, limits: PhotoLimits = DEFAULT_LIMITS) -> np.ndarray:
    """Return luma in [0, 1], any shape, with the contrast of a faded photo restored; that of another as it is."""
    black, white = tonal_range(gray, limits)
    return np.clip((gray - black) / (white - black), 0, 1)
