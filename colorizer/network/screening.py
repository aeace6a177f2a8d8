"""Look into a model file before Keras opens it: it may come from anywhere, and must neither run code nor fill memory.

A network of stock layers needs nothing that could do harm, so this is a list of what is allowed, not of what is not.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import keras

from colorizer.errors import ColorizeError
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
_TENSORS = frozenset(("__keras_tensor__", "__numpy__", "__tensor__", "__tuple__", "__slice__"))
_ACTIVATIONS = frozenset((
    "elu", "gelu", "hard_sigmoid", "leaky_relu", "linear", "relu", "relu6", "selu", "sigmoid", "silu", "softmax",
    "softplus", "swish", "tanh",
))  # fmt: skip
_PARTS = (keras.initializers, keras.regularizers, keras.constraints, keras.dtype_policies)
_FILTERS = frozenset((1, 2, 3, 4, 32000))
"""Deflate, shuffle, Fletcher's sum, szip and LZF: https://github.com/HDFGroup/hdf5_plugins/blob/master/docs/RegisteredFilterPlugins.md
lists the others, which are libraries loaded at run time."""
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


def screen(path: Path, limits: ModelLimits | None = None) -> None:
    """Refuse a `.h5` or `.keras` file that is broken, too large, or more than a network of stock layers.

    Raises ColorizeError. A file of weights alone has no network to be screened; its weights are.
    """
    limits = limits or ModelLimits()
    try:
        if path.stat().st_size > limits.maximum_bytes:
            raise _refused(path, f"it is larger than {limits.maximum_bytes / 1e9:.0f} GB")
        if path.suffix.lower() == ".keras":  # as Keras decides, not by a content that might be both
            _screen_archive(path, limits)
        else:
            with path.open("rb") as file:
                config = _screen_weights(path, file, limits)
            if config is not None:
                if len(config) > limits.maximum_config_bytes:
                    raise _refused(path, "the description of its network is larger than any")
                _screen_config(path, config)
    except ColorizeError:
        raise
    except Exception as error:  # a crafted or damaged file fails in nearly every way
        raise ColorizeError(f"{path} cannot be loaded as a Keras model: it is damaged ({error}).") from error


def _screen_archive(path: Path, limits: ModelLimits) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        foreign = sorted(set(names) - {_CONFIG, _METADATA, _WEIGHTS})
        if foreign or len(names) != len(set(names)):
            raise _refused(path, f"it holds {foreign[0] if foreign else 'one file twice'}, which no such network needs")
        if sum(member.file_size for member in members) > limits.maximum_bytes:
            raise _refused(path, f"it unpacks to more than {limits.maximum_bytes / 1e9:.0f} GB")
        if archive.getinfo(_CONFIG).file_size > limits.maximum_config_bytes:
            raise _refused(path, "the description of its network is larger than any")
        _screen_config(path, archive.read(_CONFIG))
        _screen_weights(path, io.BytesIO(archive.read(_WEIGHTS)), limits)


def _screen_config(path: Path, config: str | bytes) -> None:
    network = json.loads(config)
    if isinstance(network, dict):
        # Never built when a model is only loaded; inside the network, Keras would build it nevertheless.
        network = {name: value for name, value in network.items() if name != "compile_config"}
    for described in _described(network):
        name, module = described["class_name"], described.get("module")
        if module is not None and module != "builtins" and not f"{module}.".startswith("keras."):
            raise _refused(path, f"it asks for code from {module!r}")
        if name == "function" and module in ("keras.activations", "builtins") and described["config"] in _ACTIVATIONS:
            continue
        if name not in (*_LAYERS, *_TENSORS) and not any(_is_class_of(part, name) for part in _PARTS):
            raise _refused(path, f"it holds {name!r}, which is none of Keras' plain layers")


def _described(value: Any) -> Iterator[dict]:
    """Yield everything in a configuration that names a class."""
    if isinstance(value, dict):
        if "class_name" in value:
            yield value
        for inner in value.values():
            yield from _described(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _described(inner)


def _is_class_of(module: Any, name: str) -> bool:
    return isinstance(name, str) and not name.startswith("_") and isinstance(getattr(module, name, None), type)


def _screen_weights(path: Path, file: BinaryIO, limits: ModelLimits) -> str | bytes | None:
    """Follow every link of an HDF5 file and return the network's configuration inside it, if there is one."""
    with h5py.File(file, "r") as opened:
        total, groups, objects = 0, [opened], 0
        while groups:
            group = groups.pop()
            for name in group:
                objects += 1
                if objects > limits.maximum_objects:
                    raise _refused(path, f"it holds more than {limits.maximum_objects:,} parts")
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise _refused(path, f"its part {name!r} is a link to elsewhere")
                part = group[name]
                if isinstance(part, h5py.Group):
                    groups.append(part)
                else:
                    total += _screened_bytes(path, name, part)
                    if total > limits.maximum_bytes:
                        raise _refused(path, f"its weights would fill more than {limits.maximum_bytes / 1e9:.0f} GB")
        return opened.attrs.get("model_config")


def _screened_bytes(path: Path, name: str, part: Any) -> int:
    if not isinstance(part, h5py.Dataset) or part.dtype.kind not in "biuf":
        raise _refused(path, f"its part {name!r} is no array of numbers")
    if part.is_virtual or part.external:
        raise _refused(path, f"its part {name!r} lies in another file")
    creation = part.id.get_create_plist()
    if any(creation.get_filter(number)[0] not in _FILTERS for number in range(creation.get_nfilters())):
        raise _refused(path, f"its part {name!r} is packed in an unknown way")
    return math.prod(part.shape or ()) * part.dtype.itemsize


def _refused(path: Path, reason: str) -> ColorizeError:
    return ColorizeError(f"{path} is refused: {reason}.")
