"""Engines that run a network: Keras on TensorFlow, or LiteRT, which starts in a twentieth of the time.

LiteRT (https://ai.google.dev/edge/litert) runs networks that `conversion` made from Keras models; it does not train.
The Keras model does everything that LiteRT cannot. docs/decisions/0007-two-engines.md explains why there are two.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from colorizer.files import exists
from colorizer.libraries import suppressed_stderr

if TYPE_CHECKING:
    import keras

_MOST_THREADS = 4
"""Maximum number of threads: LiteRT processes one photo at a time, and more threads do not make it faster."""
_GPU = Path("/dev/nvidia0")
"""Exists on Linux with an NVIDIA GPU, the only kind that TensorFlow uses by itself."""


class Engine(Protocol):
    """What `network.Network` requires of an engine; its docstrings apply to each."""

    device: str
    """Description of the device and the library that compute."""

    @property
    def model(self) -> keras.Model: ...

    @property
    def weights_digest(self) -> str: ...

    def predict(self, luma: np.ndarray) -> np.ndarray: ...


class KerasEngine:
    """A Keras model that TensorFlow runs on a CPU or a GPU."""

    device = "TensorFlow"

    def __init__(self, model: keras.Model):
        self.model = model

    @property
    def weights_digest(self) -> str:
        return digest_of_weights(self.model)

    def predict(self, luma: np.ndarray) -> np.ndarray:
        import tensorflow as tf

        try:
            return np.asarray(self.model.predict_on_batch(luma), np.float32)
        except tf.errors.ResourceExhaustedError as error:
            raise MemoryError(str(error)) from error


class LiteRTEngine:
    """A converted network that LiteRT runs on a CPU, until its Keras model is needed.

    Args:
        flatbuffer: The content of a `.tflite` file for one photo, (1, size, size, 1) to (1, size, size, 3). It must be
            trusted: some damaged files crash LiteRT.
        load: Returns the Keras model it was converted from.
        weights_digest: Digest of that model's weights.
        threads: Number of threads; None for the number of cores.

    Raises:
        ImportError, OSError, RuntimeError, ValueError: LiteRT cannot run it.
    """

    device = "CPU, by LiteRT"

    def __init__(
        self, flatbuffer: bytes, load: Callable[[], keras.Model], weights_digest: str, threads: int | None = None
    ):
        self._interpreter = _interpreter("ai_edge_litert.interpreter", flatbuffer, threads)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._lock = Lock()
        self._load, self._weights_digest = load, weights_digest
        self._keras: KerasEngine | None = None

    @property
    def model(self) -> keras.Model:
        with self._lock:
            if self._keras is None:
                self._keras = KerasEngine(self._load())
            return self._keras.model

    @property
    def weights_digest(self) -> str:
        return self._keras.weights_digest if self._keras else self._weights_digest

    def predict(self, luma: np.ndarray) -> np.ndarray:
        if self._keras is not None:
            return self._keras.predict(luma)
        rgb = np.empty((*luma.shape[:3], 3), np.float32)
        with self._lock:  # an interpreter has only one set of tensors
            for number in range(len(luma)):
                self._interpreter.set_tensor(self._input, luma[number : number + 1])
                self._interpreter.invoke()
                rgb[number] = self._interpreter.get_tensor(self._output)[0]
        return rgb


def interpreter(flatbuffer: bytes) -> Any:
    """Open a trusted `.tflite` network, with TensorFlow's own interpreter if LiteRT is not installed."""
    try:
        return _interpreter("ai_edge_litert.interpreter", flatbuffer)
    except ImportError:
        return _interpreter("tensorflow.lite.python.interpreter", flatbuffer)


def _interpreter(module: str, flatbuffer: bytes, threads: int | None = None) -> Any:
    threads = min(threads or os.cpu_count() or 1, _MOST_THREADS)
    with suppressed_stderr():  # it reports its backend on stderr
        opened = import_module(module).Interpreter(model_content=flatbuffer, num_threads=threads)
        opened.allocate_tensors()
    return opened


def is_litert_of_use() -> bool:
    """Return whether to use LiteRT on this machine: it is installed, and there is no GPU for Keras."""
    return not exists(_GPU) and find_spec("ai_edge_litert") is not None


def digest_of_weights(model: keras.Model) -> str:
    """Return the SHA-256 of all weights' bytes, in Keras' order, in hexadecimal."""
    return hashlib.sha256(b"".join(weight.tobytes() for weight in model.get_weights())).hexdigest()
