"""What a network is to those who use it."""

from __future__ import annotations

from dataclasses import dataclass

import keras


@dataclass(frozen=True)
class Network:
    """A network and what must be known to use it."""

    model: keras.Model
    name: str
    """The architecture or the file it came from."""
    size: int
    """Side of the square it works on, in pixels."""
