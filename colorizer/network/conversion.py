"""Convert Keras models for LiteRT, and verify that both predict the same colors."""

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
"""Largest difference allowed in any channel of any pixel, in levels of 255."""
_KEPT_WHOLE = 20_000
"""Arrays up to this many numbers stay float32 when others are halved. In the shipped model they are a twentieth of all
numbers and include the biases. Halving them too changed colors by 1.4 levels instead of 0.04:
docs/decisions/0007-two-engines.md.
"""


def convert(path: Path, half: bool = False) -> Converted:
    """Convert a model file for LiteRT.

    Args:
        path: The model file.
        half: Whether to store large arrays as float16, which halves the file. Computation is always float32.

    Raises:
        ColorizeError: The file cannot be loaded or converted, or the result differs too much.
    """
    digest, network = digest_of_file(path), load(path)
    flatbuffer = _flatbuffer(network)
    if half:
        flatbuffer = _halved(flatbuffer)
    converted = Converted(made_record(flatbuffer, digest, network.weights_digest, network.size), flatbuffer)
    furthest = levels_apart(network, opened(converted, network), made_up_luma(network.size))
    if not furthest <= MOST_LEVELS:  # also refuses NaN
        raise ColorizeError(
            f"The converted {path} differs from the original by {furthest:.2f} of 255 levels, which is too much. Use "
            "the original model."
        )
    return converted


def keep_converted(path: Path, cache_folder: Path | None) -> None:
    """Convert a model file and cache the result for `model_files.load_converted`.

    A file that cannot be converted is marked, so that Keras always loads it.
    """
    if cache_folder is None or not can_be_kept(path, cache_folder):
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
    """Return whether a model file should be converted.

    The file and a cache must exist, LiteRT must be useful here, and no earlier conversion may have failed.
    """
    if path is None or cache_folder is None or not is_litert_of_use():
        return False
    try:
        return not is_given_up(digest_of_file(path), cache_folder)
    except OSError:
        return False


def opened(converted: Converted, network: Network) -> Network:
    """Open a converted network, with the name and size of the original."""
    engine = LiteRTEngine(converted.flatbuffer, lambda: network.model, converted.record.weights)
    return Network(engine, network.name, network.size)


def levels_apart(one: Network, other: Network, luma: np.ndarray) -> float:
    """Return the largest difference between the colors that two networks predict from some luma, in levels of 255."""
    return float(np.abs(one.predict(luma) - other.predict(luma)).max() * 255)


def made_up_luma(size: int) -> np.ndarray:
    """Return four random squares with edges and slopes of every scale, to compare networks on.

    Returns:
        Luma in [0, 1], float32, shape (4, size, size, 1).
    """
    random = np.random.default_rng(0)
    scales = [cells for cells in (2, 4, 8, 16, 32) if cells <= size]
    squares = np.zeros((4, size, size), np.float32)
    for cells in scales:
        places = np.arange(size) * cells // size
        squares += random.random((4, cells, cells), np.float32)[:, places][:, :, places]
    return (squares / len(scales))[..., None]


def _flatbuffer(network: Network) -> bytes:
    """Convert a network to a flatbuffer that takes one photo at a time."""
    predict = tf.function(lambda luma: network.model(luma, training=False))
    signature = tf.TensorSpec((1, network.size, network.size, 1), tf.float32)
    # The object that owns the variables is left out: with it they would not be constants, and would be empty when
    # loaded.
    converter = tf.lite.TFLiteConverter.from_concrete_functions([predict.get_concrete_function(signature)], None)
    try:
        return converter.convert()
    except Exception as error:  # the converter raises almost any exception for operations that LiteRT lacks
        raise ColorizeError(f"{network.name} cannot be converted for LiteRT.") from error


def _halved(flatbuffer: bytes) -> bytes:
    """Store the large arrays of a flatbuffer as float16; they are converted to float32 while it is loaded."""
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
        halves[whole.buffer] = bytes(data)  # several tensors may share a buffer
        half = schema.TensorT()
        half.name, half.shape, half.buffer = whole.name + b"_half", whole.shape, whole.buffer
        half.type = schema.TensorType.FLOAT16
        graph.tensors.append(half)
        whole.buffer = 0  # the format's empty buffer
        step = schema.OperatorT()
        step.opcodeIndex = len(model.operatorCodes) - 1
        step.inputs, step.outputs = [len(graph.tensors) - 1], [number]
        steps.append(step)
    for number, data in halves.items():
        model.buffers[number].data = np.frombuffer(data, np.float32).astype(np.float16).view(np.uint8)
    graph.operators = [*steps, *graph.operators]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
