"""What a described network would ask for: its weights and what each layer gives, worked out before any layer is built.

A file of some kilobytes can describe a layer of gigabytes; Keras would take them before it misses them in the file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import keras
import numpy as np

from colorizer.network.suspicious import Suspicious
from colorizer.settings import ModelLimits, ModelSettings

Shape = tuple[int, ...]
"""What one photo takes, with a 1 for the batch; sides that may be any are those of the default size."""
Shapes = dict[str, list[list[Shape]]]
"""What each layer gives, each time it is used, by its name."""
Reference = tuple[str, int, int]
"""A layer, which of the times it is used, and which of the tensors it then gives."""
_FORMAT, _WINDOW = ("data_format",), ("strides", "padding", "data_format")
_ARGUMENTS = {
    "AveragePooling2D": ("pool_size", *_WINDOW),
    "Concatenate": ("axis",),
    "Conv2D": ("filters", "kernel_size", "dilation_rate", *_WINDOW),
    "Conv2DTranspose": ("filters", "kernel_size", "dilation_rate", "output_padding", *_WINDOW),
    "Cropping2D": ("cropping", *_FORMAT),
    "Dense": ("units",),
    "DepthwiseConv2D": ("kernel_size", "dilation_rate", "depth_multiplier", *_WINDOW),
    "Flatten": (),
    "GlobalAveragePooling2D": ("keepdims", *_FORMAT),
    "GlobalMaxPooling2D": ("keepdims", *_FORMAT),
    "MaxPooling2D": ("pool_size", *_WINDOW),
    "Permute": ("dims",),
    "RepeatVector": ("n",),
    "Reshape": ("target_shape",),
    "Resizing": ("height", "width", *_FORMAT),
    "SeparableConv2D": ("filters", "kernel_size", "dilation_rate", "depth_multiplier", *_WINDOW),
    "UpSampling2D": ("size", *_FORMAT),
    "ZeroPadding2D": ("padding", *_FORMAT),
}
"""Layers that give another shape than they take, and the arguments it depends on."""
_MERGES = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
_NORMS = ("BatchNormalization", "GroupNormalization", "LayerNormalization", "Normalization", "RMSNormalization")
_KERNELS = ("Conv2D", "Conv2DTranspose", "Dense", "DepthwiseConv2D", "SeparableConv2D")
_MODELS, _SEQUENTIAL = ("Functional", "Model", "Sequential"), "Sequential"
_STEPS = ("kernel_size", "strides", "pool_size", "size", "dilation_rate", "depth_multiplier")
_LARGEST = 10_000_000
_PASSES = 20
"""How often Keras may have to go through the layers, until all that each one takes is there; it writes them in order,
and would go on for minutes through a long chain that is written backwards."""
_SPARE_NUMBERS = 1_000_000
"""Weights that may be missing in a file without a word: seeds, statistics."""


@dataclass
class _Asked:
    """What the layers seen so far ask for."""

    limits: ModelLimits
    layers: int = 0
    connections: int = 0
    numbers: int = 0
    """Of all weights together."""


def screen_layers(network: dict, numbers: int, limits: ModelLimits) -> None:
    """Raise Suspicious for a described network that would take more memory than its file has weights for.

    `numbers` is how many numbers the weights in the file have together. What is described wrongly raises nearly any
    error, as it would when Keras builds it.
    """
    asked = _Asked(limits)
    _model(network, None, asked)
    if asked.numbers > 2 * numbers + _SPARE_NUMBERS:
        raise Suspicious(f"its layers ask for {asked.numbers:,} weights, but it holds {numbers:,}")


def _model(network: dict, given: list[Shape] | None, asked: _Asked) -> list[Shape]:
    """Return the shapes a model gives, when it takes those given, or else those it says it takes."""
    config = network["config"]
    if network["class_name"] == _SEQUENTIAL:
        return _sequential(network, given, asked)
    described = {_name(layer): layer for layer in config["layers"]}
    if len(described) != len(config["layers"]):
        raise ValueError("two of its layers have one name")
    inputs = [name for name, layer in described.items() if layer["class_name"] == "InputLayer"]
    if max(len(inputs), len(_references(config["input_layers"]))) > asked.limits.maximum_inputs:
        raise Suspicious(f"it takes more than {asked.limits.maximum_inputs} inputs")
    shapes: Shapes = {name: [] for name in described}
    for name, layer in described.items():
        _count(layer, asked)
        if layer["class_name"] == "InputLayer":
            shapes[name].append([_shape(_input_shape(layer["config"]))])
    for (name, _, _), shape in zip(_references(config["input_layers"]), given or (), strict=False):
        shapes[name] = [[shape]]
    waiting = {name: [_references(node) for node in layer["inbound_nodes"]] for name, layer in described.items()}
    asked.connections += sum(len(node) for nodes in waiting.values() for node in nodes)
    if asked.connections > asked.limits.maximum_connections:
        raise Suspicious(f"its layers have more than {asked.limits.maximum_connections:,} connections")

    _follow(described, waiting, shapes, asked)
    outputs = _taken(described, shapes, _references(config["output_layers"]))
    if outputs is None:
        raise ValueError("what it gives comes from no layer")
    return outputs


def _follow(
    described: dict[str, dict], waiting: dict[str, list[list[Reference]]], shapes: Shapes, asked: _Asked
) -> None:
    """Go through the layers as Keras does, until each is given what it takes, and note what it gives in `shapes`."""
    for _ in range(_PASSES):
        for name, nodes in waiting.items():
            while nodes and (taken := _taken(described, shapes, nodes[0])) is not None:
                nodes.pop(0)
                shapes[name].append(_layer(described[name], taken, asked, is_first=not shapes[name]))
        if not any(waiting.values()):
            return
    raise Suspicious("its layers follow each other in no order")


def _taken(described: dict[str, dict], shapes: Shapes, references: Sequence[Reference]) -> list[Shape] | None:
    """Return the shapes that are referred to, or None as long as one of them is not known."""
    found = []
    for name, node, tensor in references:
        # A model's own first node is the one it was made with, which its description leaves out.
        number = max(0, node - 1) if described[name]["class_name"] in _MODELS else node
        if number >= len(shapes[name]):
            return None
        found.append(shapes[name][number][tensor])
    return found


def _sequential(network: dict, given: list[Shape] | None, asked: _Asked) -> list[Shape]:
    config = network["config"]
    layers = config["layers"] if isinstance(config, dict) else config
    stated = [
        *(given or ()),
        *_built_for(network),
        *_shapes_in(config.get("build_input_shape") if isinstance(config, dict) else None),
        *(_shape(_input_shape(layer["config"])) for layer in layers[:1] if _input_shape(layer["config"])),
    ]
    if not stated:
        raise ValueError("it does not say what it takes")
    for layer in layers:
        _count(layer, asked)
    # Whatever it says, and however often: Keras builds it for one of them and is asked for another.
    for shape in reversed(list(dict.fromkeys(stated))):
        shapes = [shape]
        for layer in layers:
            if layer["class_name"] != "InputLayer":
                shapes = _layer(layer, shapes, asked, is_first=True)
    return shapes


def _count(layer: dict, asked: _Asked) -> None:
    asked.layers += 1
    if asked.layers > asked.limits.maximum_layers:
        raise Suspicious(f"it has more than {asked.limits.maximum_layers:,} layers")
    if layer["class_name"] not in _MODELS:
        for shape in _built_for(layer):  # which Keras builds it for, before it meets what it is given
            _layer(layer, [shape], asked, is_first=False)
            _refuse_weights(_weights(layer["class_name"], layer["config"], shape, asked.limits), asked)


def _layer(layer: dict, taken: list[Shape], asked: _Asked, is_first: bool) -> list[Shape]:
    """Return the shapes a layer gives, and count its weights the first time."""
    kind, config = layer["class_name"], layer["config"]
    if kind in _MODELS:
        before = asked.numbers
        given = _model(layer, taken, asked)
        if not is_first:
            asked.numbers = before
        return given
    given = _given(kind, config, taken, asked.limits)
    if math.prod(given[1:]) * 4 > asked.limits.maximum_layer_bytes:
        raise Suspicious(f"one of its layers would give {math.prod(given[1:]) * 4 / 1e9:,.0f} GB for each photo")
    if is_first:
        numbers = _weights(kind, config, taken[0], asked.limits)
        _refuse_weights(numbers, asked)
        asked.numbers += numbers
    return [given]


def _refuse_weights(numbers: int, asked: _Asked) -> None:
    if numbers * 4 > asked.limits.maximum_bytes:
        raise Suspicious(f"one of its layers asks for {numbers:,} weights")


def _given(kind: str, config: dict, taken: list[Shape], limits: ModelLimits) -> Shape:
    if kind in _MERGES:
        return (1, *np.broadcast_shapes(*(shape[1:] for shape in taken)))
    if kind not in _ARGUMENTS:
        return taken[0]
    shape = _made(kind, config, limits).compute_output_shape(taken if kind == "Concatenate" else taken[0])
    return (1, *(int(side) for side in shape[1:]))


def _made(kind: str, config: dict, limits: ModelLimits) -> keras.layers.Layer:
    """Make a layer with those of its arguments that its shape depends on; it is not built."""
    arguments = {name: config[name] for name in _ARGUMENTS[kind] if name in config}
    for name, value in arguments.items():
        largest = limits.maximum_step if name in _STEPS else _LARGEST
        if any(abs(number) > largest for number in _integers(value)):
            raise Suspicious(f"the {name} of one of its layers is larger than {largest:,}")
    return _made_once(kind, json.dumps(arguments))


@lru_cache(maxsize=1000)
def _made_once(kind: str, arguments: str) -> keras.layers.Layer:
    # Making one takes a millisecond, and the layers of a network repeat each other.
    return getattr(keras.layers, kind)(**json.loads(arguments), name="screened")


def _integers(value: Any) -> Iterator[int]:
    """Yield the numbers in an argument; raise ValueError for what is neither a whole number, a word nor nothing."""
    if isinstance(value, list):
        for inner in value:
            yield from _integers(inner)
    elif isinstance(value, int):
        yield int(value)
    elif value is not None and not isinstance(value, str):
        raise ValueError(f"an argument of one of its layers is {value!r}")


def _weights(kind: str, config: dict, shape: Shape, limits: ModelLimits) -> int:
    """Return how many numbers the weights of a layer have together, when it takes `shape`."""
    if kind in _NORMS:
        axes = config.get("axis", -1)
        axes = [] if axes is None else axes if isinstance(axes, list) else [axes]
        return 4 * math.prod(shape[axis] for axis in axes)
    if kind == "PReLU":
        shared = config.get("shared_axes") or ()
        return math.prod(side for axis, side in enumerate(shape) if axis not in shared)
    return _kernel_weights(kind, config, shape, limits) if kind in _KERNELS else 0


def _kernel_weights(kind: str, config: dict, shape: Shape, limits: ModelLimits) -> int:
    layer = _made(kind, config, limits)
    if kind == "Dense":
        return (shape[-1] + 1) * layer.units
    channels, window = shape[1 if layer.data_format == "channels_first" else -1], math.prod(layer.kernel_size)
    if kind == "DepthwiseConv2D":
        return (window + 1) * channels * layer.depth_multiplier
    if kind == "SeparableConv2D":
        inner = channels * layer.depth_multiplier
        return window * inner + (inner + 1) * layer.filters
    return (window * channels // max(1, int(config.get("groups") or 1)) + 1) * layer.filters


def _name(layer: dict) -> str:
    return layer["name"] if "name" in layer else layer["config"]["name"]


def _input_shape(config: dict) -> list | None:
    return config.get("batch_shape") or config.get("batch_input_shape")


def _built_for(layer: dict) -> list[Shape]:
    """Return the shapes a layer's description says it was built for; Keras builds it for them again."""
    return _shapes_in(layer.get("build_config"))


def _shapes_in(value: Any) -> list[Shape]:
    if isinstance(value, dict):
        return [shape for inner in value.values() for shape in _shapes_in(inner)]
    if isinstance(value, list) and value and all(side is None or isinstance(side, int) for side in value):
        return [_shape(value)]
    return [shape for inner in value for shape in _shapes_in(inner)] if isinstance(value, list) else []


def _shape(sides: list[int | None]) -> Shape:
    return (1, *(ModelSettings.size if side is None else side for side in sides[1:]))


def _references(value: Any) -> list[Reference]:
    """Return which layers' outputs a description refers to, as (layer, node, tensor).

    Keras 2 wrote them as such a list, Keras 3 writes the list into the `keras_history` of a tensor.
    """
    found: list[Reference] = []
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(reversed(value.values()))
        elif isinstance(value, list) and len(value) > 2 and isinstance(value[0], str) and isinstance(value[1], int):
            found.append(tuple(value[:3]))
            waiting.extend(reversed(value[3:]))
        elif isinstance(value, list):
            waiting.extend(reversed(value))
    return found
