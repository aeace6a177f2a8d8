"""A network as the rest of the program uses it, and the chroma values that a classifying one chooses from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from colorizer.photos.color import CHROMA_TO_OFFSET

if TYPE_CHECKING:
    import keras

    from colorizer.network.engines import Engine

CHROMA_STEP = 0.05
"""Side of a chroma bin. This gives 291 bins, about as many as the 313 of Zhang, Isola and Efros 2016,
https://arxiv.org/abs/1603.08511, which are squares of 10 units in the plane of CIELAB's a and b.
"""


def chroma_bins() -> np.ndarray:
    """Return the chroma (Cb, Cr) of all bins: a square grid, limited to values that are possible with some luma.

    A chroma is possible with some luma exactly when its largest and smallest color offset differ by at most 1.

    Returns:
        Chroma, float32, shape (bins, 2).
    """
    axis = np.arange(-round(0.5 / CHROMA_STEP), round(0.5 / CHROMA_STEP) + 1) * CHROMA_STEP
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float32)
    return grid[np.ptp(grid @ CHROMA_TO_OFFSET, axis=-1) <= 1]


@dataclass(frozen=True)
class Network:
    """A network with its name and input size."""

    engine: Engine
    """Computes predictions: `engines.KerasEngine` or `engines.LiteRTEngine`."""
    name: str
    """The architecture, or the file it was loaded from."""
    size: int
    """Side of the network's input, a square, in pixels."""
    path: Path | None = None
    """The file it was loaded from."""

    @property
    def model(self) -> keras.Model:
        """The Keras model, loaded on first access; raises ColorizeError if it cannot be loaded.

        Callers may train it, so it also makes all further predictions.
        """
        return self.engine.model

    @property
    def weights_digest(self) -> str:
        """SHA-256 of the weights, in hexadecimal: `engines.digest_of_weights`."""
        return self.engine.weights_digest

    def predict(self, luma: np.ndarray) -> np.ndarray:
        """Predict the colors of photos; each result is independent of the other photos in the batch.

        Args:
            luma: Luma in [0, 1], shape (n, size, size, 1).

        Returns:
            RGB in [0, 1], float32, shape (n, size, size, 3).

        Raises:
            MemoryError: There is not enough memory.
        """
        return self.engine.predict(luma)
