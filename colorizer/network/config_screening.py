"""Look into a network's description, the JSON inside a model file: only layers that compute something from a tensor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from colorizer.network.suspicious import Suspicious
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
"""Keras' layers that compute something from a tensor and from nothing else."""
_TENSORS = frozenset(("__keras_tensor__", "__numpy__", "__tensor__", "__tuple__"))
_ACTIVATIONS = frozenset((
    "elu", "gelu", "hard_sigmoid", "leaky_relu", "linear", "relu", "relu6", "selu", "sigmoid", "silu", "softmax",
    "softplus", "swish", "tanh",
))  # fmt: skip
_PARTS = (keras.initializers, keras.regularizers, keras.constraints, keras.dtype_policies)
_VALUES = 500_000
"""Values in a description; each takes up to 250 bytes in memory. MobileNetV2's has ten thousand."""


def screen_config(config: bytes, limits: ModelLimits) -> dict:
    """Return a network's description, parsed; raise Suspicious for what is more than a network of stock layers.

    What is no JSON raises ValueError.
    """
    text = config.decode("utf-8")  # and nothing else, though JSON could be: it is measured as such
    _screen_shape(config, limits)
    network = json.loads(text)
    if not isinstance(network, dict):
        raise ValueError("it describes no network")
    # Never built when a model is only loaded; inside the network, Keras would build it nevertheless.
    network = {name: value for name, value in network.items() if name != "compile_config"}
    for described in _described(network):
        name, module = described["class_name"], described.get("module")
        if module is not None and module != "builtins" and not f"{module}.".startswith("keras."):
            raise Suspicious(f"it asks for code from {module!r}")
        if name == "function" and module in ("keras.activations", "builtins") and described["config"] in _ACTIVATIONS:
            continue
        if not isinstance(name, str) or not (name in _LAYERS or name in _TENSORS or _is_part(name)):
            raise Suspicious(f"it holds {name!r}, which is none of Keras' plain layers")
    return network


def _screen_shape(config: bytes, limits: ModelLimits) -> None:
    """See how many values there are and how deep, before they are parsed."""
    # What lies between quotes, when no quote is left that is escaped: the even parts lie outside.
    outside = b"".join(config.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
    if sum(outside.count(sign) for sign in (b",", b"[", b"{")) > _VALUES:
        raise Suspicious("the description of its network is larger than any")
    steps = np.zeros(256, np.int8)
    steps[list(b"[{")], steps[list(b"]}")] = 1, -1
    depths = np.cumsum(steps[np.frombuffer(outside, np.uint8)], dtype=np.int32)
    if depths.max(initial=0) > limits.maximum_config_depth:
        raise Suspicious(f"the description of its network lies more than {limits.maximum_config_depth} deep")


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
