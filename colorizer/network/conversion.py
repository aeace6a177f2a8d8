"""Keras models made into networks for LiteRT, and proven equal to what they were made of."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import tensorflow as tf

from colorizer.errors import ColorizeError
from colorizer.network.converted import Converted, digest_of_file, give_up, is_given_up, keep, made_record
from colorizer.network.engines import LiteRTEngine, is_litert_of_use
from colorizer.network.model_files import load
from colorizer.network.network import Network

MOST_LEVELS = 0.1
"""Of 255 that any channel of any pixel may differ by."""
_KEPT_WHOLE = 20_000
"""Numbers of an array up to which it stays float32 when others are halved. In the shipped model that is a twentieth of
all, the biases among them; halved too, they moved colours by 1.4 levels instead of 0.04:
docs/decisions/0007-two-engines.md.
"""


def convert(path: Path, half: bool = False) -> Converted:
    """Convert a model file; raise ColorizeError where it cannot be loaded, converted, or made equal.

    `half`: whether its large arrays are stored as float16, which halves the file. What is computed is float32 always.
    """
    digest, network = digest_of_file(path), load(path)
    flatbuffer = _flatbuffer(network)
    if half:
        flatbuffer = _halved(flatbuffer)
    converted = Converted(made_record(flatbuffer, digest, network.weights_digest, network.size), flatbuffer)
    furthest = levels_apart(network, opened(converted, network), made_up_luma(network.size))
    if not furthest <= MOST_LEVELS:  # also where it is no number
        raise ColorizeError(f"{path}, converted, differs from itself by {furthest:.2f} levels of 255.")
    return converted


def keep_converted(path: Path, cache_folder: Path | None) -> None:
    """Convert a model file once, so that `model_files.load_converted` has it the next time; what cannot be converted is
    Keras' for good.
    """
    if not can_be_kept(path, cache_folder):
        return
    with suppress(MemoryError, OSError):
        digest = digest_of_file(path)
        try:
            converted = convert(path)
        except ColorizeError:
            give_up(digest, cache_folder)
        else:
            if converted.record.model == digest_of_file(path):
                keep(converted, cache_folder)


def can_be_kept(path: Path | None, cache_folder: Path | None) -> bool:
    """Say whether there is a file, a cache for what it is converted into, a use for that, and no earlier failure."""
    if path is None or cache_folder is None or not is_litert_of_use():
        return False
    try:
        return not is_given_up(digest_of_file(path), cache_folder)
    except OSError:
        return False


def opened(converted: Converted, network: Network) -> Network:
    """Return a network converted from another."""
    engine = LiteRTEngine(converted.flatbuffer, lambda: network.model, converted.record.weights)
    return Network(engine, network.name, network.size)


def levels_apart(one: Network, other: Network, luma: np.ndarray) -> float:
    """Return how far apart, in levels of 255, the colours are at most that two networks predict from some luma."""
    return float(np.abs(one.predict(luma) - other.predict(luma)).max() * 255)


def made_up_luma(size: int) -> np.ndarray:
    """Return four squares with edges and slopes of every scale, for networks to be compared on: float32 in [0, 1],
    shape (4, size, size, 1).
    """
    random = np.random.default_rng(0)
    scales = [cells for cells in (2, 4, 8, 16, 32) if cells <= size]
    squares = np.zeros((4, size, size), np.float32)
    for cells in scales:
        places = np.arange(size) * cells // size
        squares += random.random((4, cells, cells), np.float32)[:, places][:, :, places]
    return (squares / len(scales))[..., None]


def _flatbuffer(network: Network) -> bytes:
    """Return a network as a flatbuffer that takes one photo at a time."""
    predict = tf.function(lambda luma: network.model(luma, training=False))
    signature = tf.TensorSpec((1, network.size, network.size, 1), tf.float32)
    # Without the object that owns the variables: with it they would not be constants, and empty when loaded.
    converter = tf.lite.TFLiteConverter.from_concrete_functions([predict.get_concrete_function(signature)], None)
    try:
        return converter.convert()
    except Exception as error:  # the converter raises nearly every kind for what LiteRT does not have
        raise ColorizeError(f"{network.name} cannot be converted for LiteRT.") from error


def _halved(flatbuffer: bytes) -> bytes:
    """Return a flatbuffer whose large arrays are stored as float16, and made float32 while it is loaded."""
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(flatbuffer))
    (graph,) = model.subgraphs
    dequantize = schema.OperatorCodeT()
    dequantize.builtinCode = dequantize.deprecatedBuiltinCode = schema.BuiltinOperator.DEQUANTIZE
    model.operatorCodes.append(dequantize)
    halves, steps = {}, []
    for number, whole in enumerate(list(graph.tensors)):
        data = model.buffers[whole.buffer].data
        if whole.type != schema.TensorType.FLOAT32 or data is None or len(data) <= 4 * _KEPT_WHOLE:
            continue
        halves[whole.buffer] = bytes(data)  # several tensors may have the same one
        half = schema.TensorT()
        half.name, half.shape, half.buffer = whole.name + b"_half", whole.shape, whole.buffer
        half.type = schema.TensorType.FLOAT16
        graph.tensors.append(half)
        whole.buffer = 0  # the empty one, by the format's rule
        step = schema.OperatorT()
        step.opcodeIndex = len(model.operatorCodes) - 1
        step.inputs, step.outputs = [len(graph.tensors) - 1], [number]
        steps.append(step)
    for number, data in halves.items():
        model.buffers[number].data = np.frombuffer(data, np.float32).astype(np.float16).view(np.uint8)
    graph.operators = [*steps, *graph.operators]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
