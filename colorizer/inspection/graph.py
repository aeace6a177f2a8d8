"""Analyze how a network's layers are connected: its narrow middle, and the connections that bypass it."""

from __future__ import annotations

from dataclasses import replace

import keras

from colorizer.errors import ColorizeError
from colorizer.network.engines import KerasEngine
from colorizer.network.network import Network

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
