"""What a network is to those who use it."""

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
    """A network and what must be known to use it."""

    engine: Engine
    """What computes it: `engines.KerasEngine` or `engines.LiteRTEngine`."""
    name: str
    """The architecture or the file it came from."""
    size: int
    """Side of the square it works on, in pixels."""
    path: Path | None = None
    """The file it was loaded from."""

    @property
    def model(self) -> keras.Model:
        """The Keras model, loaded now if it is not yet; raises ColorizeError where it cannot be.

        Who has it may train it, so from now on it is what predicts.
        """
        return self.engine.model

    @property
    def weights_digest(self) -> str:
        """SHA-256 of the weights, in hexadecimal: `engines.digest_of_weights`."""
        return self.engine.weights_digest

    def predict(self, luma: np.ndarray) -> np.ndarray:
        """Return RGB in [0, 1], float32, shape (n, size, size, 3), for `luma` in [0, 1], shape (n, size, size, 1).

        The same photo gives the same colours whatever it goes with. Raises MemoryError where memory does not suffice.
        """
        return self.engine.predict(luma)
