"""A network's layers: shapes, parameters with their formulas, receptive fields, time, and how they are connected."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import keras
import numpy as np
import tensorflow as tf

from colorizer.errors import ColorizeError
from colorizer.network.architectures import receptive_field
from colorizer.network.engines import KerasEngine
from colorizer.network.network import Network
from colorizer.progress import Progress, no_progress

_TIMED_PHOTOS, _TIMED_ROUNDS = 4, 3
"""A layer's time is the minimum of three runs on four photos, because other processes slow down some runs."""


@dataclass(frozen=True)
class LayerFacts:
    """One row of the table."""

    name: str
    kind: str
    """Name of the layer's class in Keras."""
    output: tuple[int | None, ...]
    """Output shape for one photo."""
    parameters: int
    formula: str
    """How the number of parameters is computed, such as "3*3*64*128 + 128": the sizes of the weights."""
    is_learning: bool
    """Whether training changes any of them."""
    receptive_field: int | None
    """Receptive field by formula, along one side, in pixels. None if the layer, or one before it, is of a kind without
    a formula. It may exceed the photo, which it then covers."""
    measured_field: int | None
    """Receptive field measured by the gradient (`network.receptive_field`), at most the photo. None if not measured, or
    if the layer was saturated."""
    time_share: float
    """Fraction of the time of a training step, forward and backward; NaN if the layer cannot run alone."""


def layer_table(
    model: keras.Model, size: int, measured: Sequence[str] = (), progress: Progress = no_progress
) -> tuple[LayerFacts, ...]:
    """Return the facts of every layer, in the order of computation.

    Formula: Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks",
    https://doi.org/10.23915/distill.00021. Bilinear upsampling uses two neighbors along each side; after it, single
    places may see a few pixels more or fewer. Times are measured for each layer alone on four photos of noise,
    including gradients, so small layers appear slightly more expensive than inside a compiled step.

    Args:
        model: The network.
        size: Side of the network's input, in pixels.
        measured: Names of the layers whose receptive field is also measured.
        progress: Called with the number of finished layers and the total.
    """
    fields, seconds = _receptive_fields(model), _layer_seconds(model, size)
    total = sum(each for each in seconds.values() if math.isfinite(each)) or 1.0
    rows = []
    for number, layer in enumerate(model.layers, 1):
        rows.append(
            LayerFacts(
                name=layer.name,
                kind=type(layer).__name__,
                output=tuple(layer.output.shape[1:]) if hasattr(layer.output, "shape") else (),
                parameters=layer.count_params(),
                formula=_parameter_formula(layer),
                is_learning=bool(layer.trainable_weights),
                receptive_field=fields.get(layer.name),
                measured_field=(receptive_field(model, layer.name, size) or None) if layer.name in measured else None,
                time_share=seconds[layer.name] / total,
            )
        )
        progress(number, len(model.layers))
    return tuple(rows)


def _parameter_formula(layer: keras.layers.Layer) -> str:
    shapes = ["*".join(map(str, weight.shape)) or "1" for weight in layer.weights]
    terms = []
    for shape, same in groupby(shapes):
        count = len(list(same))
        terms.append(shape if count == 1 else f"{count}*{shape}")
    return " + ".join(terms)


def _receptive_fields(model: keras.Model) -> dict[str, int | None]:
    """Return the receptive field of every layer's output, along one side."""
    known: dict[int, tuple[float, float] | None] = {}
    """Receptive field and step of each tensor, in pixels of the photo. The step is the distance between what two
    neighbors of its grid see."""
    fields = {}
    for layer in model.layers:
        taken = [known.get(id(tensor)) for tensor in inputs_of(layer)]
        seen = (1.0, 1.0) if not taken else _seen(layer, taken)
        if hasattr(layer.output, "shape"):
            known[id(layer.output)] = seen
        fields[layer.name] = None if seen is None else round(seen[0])
    return fields


def _seen(layer: keras.layers.Layer, taken: list[tuple[float, float] | None]) -> tuple[float, float] | None:
    """Compute receptive field and step of a layer's output from those of its inputs."""
    known = [each for each in taken if each is not None]
    if len(known) < len(taken) or not is_on_a_grid(layer):
        return None
    field, step = max(each[0] for each in known), max(each[1] for each in known)
    kind, before = type(layer).__name__, inputs_of(layer)[0].shape[1:3]
    if kind in ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D"):
        is_pool = kind.endswith("Pooling2D")
        reach = layer.pool_size[0] - 1 if is_pool else (layer.kernel_size[0] - 1) * layer.dilation_rate[0]
        return field + reach * step, step * layer.strides[0]
    if kind == "Conv2DTranspose":
        return field + (math.ceil(layer.kernel_size[0] / layer.strides[0]) - 1) * step, step / layer.strides[0]
    if kind == "UpSampling2D":
        neighbours = 1 if layer.interpolation == "bilinear" else 0
        return field + neighbours * step, step / layer.size[0]
    is_place_by_place = layer.output.shape[1:3] == before or kind in ("ZeroPadding2D", "Cropping2D")
    return (field, step) if is_place_by_place else None


def _layer_seconds(model: keras.Model, size: int) -> dict[str, float]:
    """Return each layer's time for `_TIMED_PHOTOS` photos, forward and backward; NaN if it cannot run alone."""
    timed = [layer for layer in model.layers if is_on_a_grid(layer)]
    photos = tf.constant(np.random.default_rng(0).random((_TIMED_PHOTOS, size, size, 1)), tf.float32)
    outputs = keras.Model(model.inputs[0], [layer.output for layer in timed])(photos, training=False)
    values = {id(layer.output): value for layer, value in zip(timed, outputs, strict=True)}
    seconds = dict.fromkeys((layer.name for layer in model.layers), math.nan)
    for layer in timed:
        tensors = inputs_of(layer)
        if tensors and all(id(tensor) in values for tensor in tensors):
            given = [values[id(tensor)] for tensor in tensors]
            seconds[layer.name] = min(_timed(lambda: _step(layer, given)) for _ in range(_TIMED_ROUNDS))  # noqa: B023
    return seconds


def _step(layer: keras.layers.Layer, given: list[tf.Tensor]) -> None:
    """Run a layer forward and backward once."""
    with tf.GradientTape() as tape:
        tape.watch(given)
        output = layer(given if len(given) > 1 else given[0], training=False)
    tape.gradient(output, [*given, *(weight.value for weight in layer.trainable_weights)])


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


_LEAST_CHANNELS = 4
"""Layers with fewer channels are luma, chroma or RGB, which are viewed as pictures."""
_MARGINS = ("ZeroPadding2D", "Cropping2D")
"""Layers that only add or remove a margin around another layer's grid."""
_SQUASHING = ("ReLU", "LeakyReLU", "ELU", "PReLU", "Activation", "Softmax")
"""Keras layers that only apply a nonlinearity."""


def feature_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers that compute features on a grid, from the photo to the colors, without input and output."""
    outputs = {id(output) for output in model.outputs}
    return [
        layer
        for layer in model.layers
        if not isinstance(layer, keras.layers.InputLayer) and is_on_a_grid(layer) and id(layer.output) not in outputs
    ]


def is_on_a_grid(layer: keras.layers.Layer) -> bool:
    """Return whether a layer has one output of shape (n, h, w, channels) with known h and w."""
    shape = getattr(layer.output, "shape", ())
    return len(shape) == 4 and None not in shape[1:]


def inputs_of(layer: keras.layers.Layer) -> list[keras.KerasTensor]:
    """Return the inputs of a layer; an empty list for an input layer."""
    if isinstance(layer, keras.layers.InputLayer):
        return []
    taken = layer.input
    return list(taken) if isinstance(taken, list | tuple) else [taken]


def is_nonlinear(layer: keras.layers.Layer) -> bool:
    """Return whether a layer applies a nonlinearity to its output."""
    activation = getattr(layer, "activation", None)
    return type(layer).__name__ in _SQUASHING or getattr(activation, "__name__", "linear") != "linear"


def middle(model: keras.Model) -> keras.layers.Layer:
    """Return the last layer of the coarsest grid, where the encoder ends, or the middle layer if there is one grid.

    Raises ColorizeError for a network whose layers have no grids.
    """
    layers = feature_layers(model)
    if not layers:
        raise ColorizeError("This network cannot be inspected: none of its layers has rows and columns.")
    rows = [layer.output.shape[1] for layer in layers]
    if min(rows) == max(rows):
        return layers[len(layers) // 2]
    return [layer for layer, count in zip(layers, rows, strict=True) if count == min(rows)][-1]


def resolution_layers(model: keras.Model) -> tuple[keras.layers.Layer, ...]:
    """Return one layer for each grid on the way to the middle, and one for each on the way back.

    For each grid, this is the last nonlinear layer, because its output is what is passed on, or the last layer if none
    is nonlinear. Layers with fewer than four channels are omitted.
    """
    layers = [layer for layer in feature_layers(model) if layer.output.shape[-1] >= _LEAST_CHANNELS]
    names = [layer.name for layer in layers]
    turn = middle(model).name
    place = names.index(turn) + 1 if turn in names else len(names)
    return (*_one_for_each_grid(layers[:place]), *_one_for_each_grid(layers[place:]))


def _one_for_each_grid(layers: list[keras.layers.Layer]) -> list[keras.layers.Layer]:
    grids: dict[int, keras.layers.Layer] = {}
    for layer in layers:
        rows = layer.output.shape[1]
        if type(layer).__name__ in _MARGINS:
            continue
        if rows not in grids or is_nonlinear(layer) or not is_nonlinear(grids[rows]):
            grids[rows] = layer
    return list(grids.values())


def crossing_layers(model: keras.Model) -> tuple[keras.layers.Layer, ...]:
    """Return a cut: layers through which all information about a photo reaches the colors.

    These are the middle, and every layer before it that a later layer uses directly, without the photo itself. A linear
    layer is replaced by the last nonlinear layer before it: there, a filter that detects nothing outputs zero, while
    after a linear layer everything is mixed.
    """
    turn = middle(model)
    owners = {id(layer.output): layer for layer in model.layers if is_on_a_grid(layer)}
    later, crossing = {turn.name}, {turn.name: turn}
    for layer in model.layers:  # sorted so that each layer comes after its inputs
        sources = [owners[id(tensor)] for tensor in inputs_of(layer) if id(tensor) in owners]
        if any(source.name in later for source in sources):
            later.add(layer.name)
            earlier = [source for source in sources if source.name not in later and inputs_of(source)]
            crossing |= {source.name: source for source in earlier}
    bent = [_last_bend(layer, owners) for layer in crossing.values()]
    return tuple({layer.name: layer for layer in bent}.values())


def _last_bend(layer: keras.layers.Layer, owners: dict[int, keras.layers.Layer]) -> keras.layers.Layer:
    """Return the last nonlinear layer up to this one in an unbranched chain, or the layer itself if there is none."""
    earlier = layer
    while not is_nonlinear(earlier):
        sources = [owners.get(id(tensor)) for tensor in inputs_of(earlier)]
        if len(sources) != 1 or sources[0] is None or not inputs_of(sources[0]):
            return layer
        earlier = sources[0]
    return earlier


def of_one_size(network: Network) -> Network:
    """Return a network with known layer sizes: the network itself, or a copy with a fixed input size."""
    model = network.model
    if model.inputs[0].shape[1] is not None:
        return network
    fixed = keras.models.clone_model(model, input_tensors=keras.Input((network.size, network.size, 1)))
    fixed.set_weights(model.get_weights())
    return replace(network, engine=KerasEngine(fixed))
