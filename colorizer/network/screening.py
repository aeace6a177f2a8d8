"""Check the network that a model file describes, before and after it is built, so that nothing in the file runs code.

Stock layers are sufficient for colorizing and harmless, so only listed layers are allowed. The weights come from a
clean copy of the file (`clean_copy`).
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np

from colorizer.network.clean_copy import CleanCopy, Refused
from colorizer.settings import ModelLimits

# fmt: off
_LAYERS = frozenset((
    "Activation", "Add", "AlphaDropout", "Average", "AveragePooling2D", "BatchNormalization", "Concatenate",
    "Conv2D", "Conv2DTranspose", "Cropping2D", "Dense", "DepthwiseConv2D", "Dropout", "ELU", "Flatten",
    "GaussianDropout", "GaussianNoise", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "GroupNormalization",
    "Identity", "InputLayer", "LayerNormalization", "LeakyReLU", "Maximum", "MaxPooling2D", "Minimum", "Multiply",
    "Normalization", "PReLU", "Permute", "RMSNormalization", "ReLU", "RepeatVector", "Rescaling", "Reshape",
    "Resizing", "SeparableConv2D", "Softmax", "SpatialDropout2D", "Subtract", "ThresholdedReLU",
    "UnitNormalization", "UpSampling2D", "ZeroPadding2D", "Functional", "Model", "Sequential",
))
# fmt: on
"""Keras layers that compute only from their input tensors."""
_TENSORS = frozenset(("__keras_tensor__", "__numpy__", "__tensor__", "__tuple__"))
_ACTIVATIONS = frozenset((
    "elu", "gelu", "hard_sigmoid", "leaky_relu", "linear", "relu", "relu6", "selu", "sigmoid", "silu", "softmax",
    "softplus", "swish", "tanh",
))  # fmt: skip
_PARTS = (keras.initializers, keras.regularizers, keras.constraints, keras.dtype_policies)
_VALUES = 500_000
"""Values in a description; each takes up to 250 bytes in memory. MobileNetV2's has ten thousand."""
_MODELS = ("Functional", "Model", "Sequential")
_LARGEST_NUMBER = 10_000_000
"""Limit of integers in a layer's arguments: Keras and TensorFlow multiply them without checking."""
_CONNECTIONS = 20_000
"""Limit of connections between layers."""
_BACKWARD = 50
"""Limit of references to layers that come later in the description. Keras writes layers in order, apart from those used
several times, and would take minutes for a long chain in reverse order.
"""


def screen_config(config: bytes, limits: ModelLimits) -> dict:
    """Parse the description of a network and check that it holds only stock layers.

    Args:
        config: JSON in UTF-8, as model files hold it.
        limits: Limits on its size and depth.

    Raises:
        Refused: It asks for more than stock layers, or is too large.
        ValueError: It is not JSON.
    """
    text = config.decode("utf-8")  # the depth is measured for this encoding only
    _screen_shape(config, limits)
    network = json.loads(text)
    if not isinstance(network, dict):
        raise ValueError("it does not describe a network")
    # Keras ignores the outermost one, but would build one inside the network.
    network = {name: value for name, value in network.items() if name != "compile_config"}
    layers = 0
    for described in _described(network):
        name, module = described["class_name"], described.get("module")
        if module is not None and module != "builtins" and not f"{module}.".startswith("keras."):
            raise Refused(f"it needs code from {module!r}, which is not allowed")
        if name == "function" and module in ("keras.activations", "builtins") and described["config"] in _ACTIVATIONS:
            continue
        if isinstance(name, str) and "quantiz" in name.lower():
            raise Refused(f"it is quantized (it contains {name!r}); choose the model from before quantization")
        if not isinstance(name, str) or not (name in _LAYERS or name in _TENSORS or _is_part(name)):
            raise Refused(f"it contains {name!r}, which is not one of Keras' plain layers")
        layers += name in _LAYERS
        if name in _LAYERS and name not in _MODELS:
            _screen_arguments(described["config"])
    _screen_count(layers, limits)
    return network


def load_screened(copy: CleanCopy, limits: ModelLimits, default_size: int) -> keras.Model:
    """Load a model from a clean copy, and check its size before its weights take any memory.

    Args:
        copy: A copy whose description is not None.
        limits: Limits on the network and on the size of its layers.
        default_size: Side of a photo in pixels, for a network that takes photos of any size.

    Raises:
        Refused: As in `screen_config`, or a layer's output is larger than allowed.
        Exception: Almost any exception, if Keras cannot build a model from the description and the weights.
    """
    assert copy.config is not None
    _screen_count(_count_calls(screen_config(copy.config, limits)), limits)
    # Keras lists the weights that still need memory per thread. Those of a refused network disappear with this thread.
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(_load_lazily, copy.model, limits, default_size).result()


def _load_lazily(path: Path, limits: ModelLimits, default_size: int) -> keras.Model:
    with warnings.catch_warnings(), keras.StatelessScope(initialize_variables=False) as scope:
        warnings.simplefilter("ignore", UserWarning)  # for Keras 2's LeakyReLU(alpha=...), which Keras 3 supports
        # Losses and metrics of other programs may not exist here; only the network is needed.
        model = keras.models.load_model(path, custom_objects=_keras_2_layers(), compile=False, safe_mode=True)
        shapes = [(1, *(side or default_size for side in tensor.shape[1:])) for tensor in model.inputs]
        _screen_layer_sizes(model, [keras.KerasTensor(shape) for shape in shapes], limits)
    with keras.StatelessScope():
        pass  # on exit, Keras allocates the memory of the weights
    for variable in model.variables:
        value = scope.get_current_value(variable)
        if value is not None:
            variable.assign(value)
    return model


def _screen_layer_sizes(model: keras.Model, photo: Sequence[keras.KerasTensor], limits: ModelLimits) -> Any:
    """Compute the output shape of each layer for one photo; raise Refused if one is larger than allowed."""

    def checked(layer: keras.Operation) -> Callable[..., Any]:
        def given(*taken: Any, **options: Any) -> Any:
            inner = layer._functional if isinstance(layer, keras.Sequential) else layer
            if hasattr(inner, "_run_through_graph"):
                return _screen_layer_sizes(inner, keras.tree.flatten(taken), limits)
            outputs = layer.compute_output_spec(*taken, **options)
            for tensor in keras.tree.flatten(outputs):
                size = 4 * math.prod(tensor.shape)
                if size > limits.maximum_layer_bytes:
                    raise Refused(f"one of its layers would output {size / 1e9:,.0f} GB for each photo")
            return outputs

        return given

    graph = model._functional if isinstance(model, keras.Sequential) else model
    return graph._run_through_graph(photo, operation_fn=checked)


def _screen_count(layers: int, limits: ModelLimits) -> None:
    if layers > limits.maximum_layers:
        raise Refused(f"it has more than {limits.maximum_layers:,} layers")


def _count_calls(model: dict) -> int:
    """Count how often a model calls layers, including those of nested models; raise Refused for absurd graphs."""
    config = model["config"]
    layers = config["layers"] if isinstance(config, dict) else config  # Keras 1 had only a list
    places = {layer.get("name"): place for place, layer in enumerate(layers)}
    taken = [(place, name) for place, layer in enumerate(layers) for name in _names_taken(layer.get("inbound_nodes"))]
    if len(taken) > _CONNECTIONS:
        raise Refused(f"its layers have more than {_CONNECTIONS:,} connections")
    if sum(places.get(name, 0) > place for place, name in taken) > _BACKWARD:
        raise Refused("its layers are not listed in the order of computation")
    calls = 0
    for layer in layers:
        times = max(1, len(layer.get("inbound_nodes") or ()))
        calls += times * (_count_calls(layer) if layer["class_name"] in _MODELS else 1)
    return calls


def _screen_arguments(config: dict) -> None:
    """Raise Refused for a layer that is quantized, takes channels first, or has too large a number."""
    if config.get("data_format") == "channels_first":
        raise Refused(
            "its layers expect channels first, which CPUs do not support; save it with data_format='channels_last'"
        )
    if isinstance(config.get("dtype"), str) and "_from_" in config["dtype"]:
        raise Refused(f"it is quantized ({config['dtype']}); choose the model from before quantization")
    for name, value in config.items():
        if any(abs(number) > _LARGEST_NUMBER for number in _integers(value)) and name != "seed":
            raise Refused(f"the {name} of one of its layers is larger than {_LARGEST_NUMBER:,}")


def _integers(value: Any) -> Iterator[int]:
    """Yield the integers in an argument, except those of nested objects such as initializers."""
    if isinstance(value, list):
        for inner in value:
            yield from _integers(inner)
    elif isinstance(value, int):
        yield value


def _names_taken(value: Any) -> Iterator[str]:
    """Yield the layer name of each tensor reference.

    Keras 2 wrote a reference as [name, node, tensor, ...]; Keras 3 writes it into the `keras_history` of a tensor.
    """
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            if len(value) > 2 and isinstance(value[0], str) and isinstance(value[1], int):
                yield value[0]
            waiting.extend(value)


def _keras_2_layers() -> dict[str, type]:
    """Return deserializers for the layers whose Keras 2 configuration has an argument that Keras 3 rejects.

    The argument is the number of filter groups, which is always one for these layers.
    """

    def reader(layer: type[keras.layers.Layer]) -> type:
        def from_config(config: dict) -> keras.layers.Layer:
            return layer.from_config({name: value for name, value in config.items() if name != "groups"})

        return type(layer.__name__, (), {"from_config": staticmethod(from_config)})

    return {layer.__name__: reader(layer) for layer in (keras.layers.Conv2DTranspose, keras.layers.DepthwiseConv2D)}


def _screen_shape(config: bytes, limits: ModelLimits) -> None:
    """Check the number of values and their depth before parsing."""
    # After removing escaped quotes, the even parts of a split by quotes are outside strings.
    outside = b"".join(config.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
    if sum(outside.count(sign) for sign in (b",", b"[", b"{")) > _VALUES:
        raise Refused("the description of its network is too large")
    steps = np.zeros(256, np.int8)
    steps[list(b"[{")], steps[list(b"]}")] = 1, -1
    depths = np.cumsum(steps[np.frombuffer(outside, np.uint8)], dtype=np.int32)
    if depths.max(initial=0) > limits.maximum_config_depth:
        raise Refused(f"the description of its network is nested more than {limits.maximum_config_depth} deep")


def _described(network: dict) -> Iterator[dict]:
    """Yield everything in a configuration that names a class."""
    waiting: list[Any] = [network]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _is_part(name: str) -> bool:
    return not name.startswith("_") and any(isinstance(getattr(part, name, None), type) for part in _PARTS)
