"""The table of a network's layers: shapes, parameters with their formulas, receptive fields, time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import keras
import numpy as np
import tensorflow as tf

from colorizer.inspection.graph import inputs_of, is_on_a_grid
from colorizer.network.drawing import receptive_field
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
    """Receptive field measured by the gradient (`network.drawing.receptive_field`), at most the photo. None if not
    measured, or if the layer was saturated."""
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
    if None in taken or not is_on_a_grid(layer):
        return None
    field, step = max(each[0] for each in taken), max(each[1] for each in taken)
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
