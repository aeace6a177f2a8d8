"""A network as the rest of the program uses it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

    from colorizer.network.engines import Engine


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
