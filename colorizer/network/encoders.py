"""Encoders pretrained on ImageNet.

Each takes luma in [0, 1], float32, shape (n, height, width, 1), and repeats it three times, in the range of its
pretraining. The encoder becomes part of the network: its stock layers join one flat graph, so that any Keras opens the
file.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import keras
from keras import layers

from colorizer.errors import ColorizeError, MissingWeights, reason
from colorizer.network.clean_copy import clean_copy
from colorizer.network.model_files import PRETRAINED, load
from colorizer.settings import RANDOM_WEIGHTS, SHIPPED_WEIGHTS, ModelLimits

_MOBILENET_SKIPS = ("block_3_expand_relu", "block_6_expand_relu", "block_13_expand_relu")
"""MobileNetV2 activations at strides 4, 8 and 16: the last ones before each halving."""
_MOBILENET_TOP = "block_16_project_BN"
"""Output of MobileNetV2's last narrow block, stride 32, 320 channels; the 1280 channels after it serve its classifier.
"""
_RESNET_PRESET = "resnet_18_imagenet"
_IMAGENET_MEAN, _IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of red, green and blue on ImageNet, which standardize ResNet's inputs:
https://docs.pytorch.org/vision/stable/models.html.
"""
_SCALED = "to_encoder_range"
"""Name of the layer that identifies a network with an encoder of this module."""
_BLOCK = re.compile(r"(?:bn_)?(Conv1|expanded_conv|block_\d+|conv1|pool1|stack\d+_block\d+)(?=_|$)")
"""Matches the block of a layer, at the start of the layer's name, for both encoders."""


@dataclass(frozen=True)
class Encoded:
    """Features of an encoder."""

    skips: tuple[keras.KerasTensor, ...]
    """Features at strides 4, 8 and 16."""
    top: keras.KerasTensor
    """Features at stride 32."""


def mobilenet_v2(luma: keras.KerasTensor, weights: str) -> Encoded:
    """Encode with MobileNetV2 (Sandler et al. 2018, https://arxiv.org/abs/1801.04381), whose inputs lie in [-1, 1].

    Args:
        luma: Luma in [0, 1], float32, shape (n, height, width, 1).
        weights: A file, an empty string for Keras' own download, `SHIPPED_WEIGHTS` or `RANDOM_WEIGHTS`.

    Raises:
        MissingWeights: The weights cannot be loaded.
    """
    scaled = layers.Rescaling(2.0, -1.0, name=_SCALED)(_three_times(luma))
    with _weights_needed("MobileNetV2", weights):
        source = None if weights else "imagenet"
        encoder = keras.applications.MobileNetV2(input_tensor=scaled, include_top=False, weights=source)
        if weights == SHIPPED_WEIGHTS:
            _take_from_shipped(encoder)
        else:
            _load(encoder, weights)
    skips = tuple(encoder.get_layer(name).output for name in _MOBILENET_SKIPS)
    _keep_statistics(encoder, weights)
    return Encoded(skips, encoder.get_layer(_MOBILENET_TOP).output)


def resnet18(luma: keras.KerasTensor, weights: str) -> Encoded:
    """Encode with ResNet-18 (He et al. 2016, https://arxiv.org/abs/1512.03385) from the package keras-hub.

    `weights` is as in `mobilenet_v2`. Raises ColorizeError if keras-hub is not installed, and MissingWeights.
    """
    try:
        from keras_hub.models import ResNetBackbone
    except ImportError as error:
        raise ColorizeError(
            'ResNet-18 needs keras-hub, which is not installed; run: pip install "keras-hub>=0.32,<1"'
        ) from error
    scale = [1 / deviation for deviation in _IMAGENET_DEVIATION]
    offset = [-mean / deviation for mean, deviation in zip(_IMAGENET_MEAN, _IMAGENET_DEVIATION, strict=True)]
    scaled = layers.Rescaling(scale, offset, name=_SCALED)(_three_times(luma))
    with _weights_needed("ResNet-18", weights):
        if weights:
            encoder = ResNetBackbone(
                input_conv_filters=[64],
                input_conv_kernel_sizes=[7],
                stackwise_num_filters=[64, 128, 256, 512],
                stackwise_num_blocks=[2, 2, 2, 2],
                stackwise_num_strides=[1, 2, 2, 2],
                block_type="basic_block",
            )
        else:
            encoder = ResNetBackbone.from_preset(_RESNET_PRESET)
        _load(encoder, weights)
    _keep_statistics(encoder, weights)
    outputs = encoder.pyramid_outputs
    *skips, top = _applied(encoder, scaled, [outputs[level] for level in sorted(outputs)])
    return Encoded(tuple(skips), top)


def photo_features(weights: str = "") -> keras.Model:
    """Build MobileNetV2 as a feature extractor with ImageNet weights.

    It maps RGB in [0, 1], float32, shape (n, 224, 224, 3), to the means of its last features, shape (n, 1280).
    `weights` is as in `mobilenet_v2`. Raises MissingWeights.
    """
    rgb = keras.Input((224, 224, 3))
    with _weights_needed("MobileNetV2", weights):
        encoder = keras.applications.MobileNetV2(
            input_tensor=layers.Rescaling(2.0, -1.0)(rgb),
            include_top=False,
            weights=None if weights else "imagenet",
            pooling="avg",
        )
        _load(encoder, weights)
    return encoder


def encoder_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the encoder's layers inside a model; empty if this program built it without an encoder."""
    if not any(layer.name == _SCALED for layer in model.layers):
        return []
    return [layer for layer in model.layers if _BLOCK.match(layer.name)]


def is_pretrained(model: keras.Model) -> bool:
    """Return whether a model has a pretrained encoder, whose batch statistics then stay fixed."""
    return any(isinstance(layer, layers.BatchNormalization) and not layer.trainable for layer in encoder_layers(model))


def encoder_blocks(model: keras.Model) -> list[str]:
    """Return the names of an encoder's blocks, starting at the input."""
    return list(dict.fromkeys(_block(layer) for layer in encoder_layers(model)))


def layers_from(model: keras.Model, block: str) -> list[keras.layers.Layer]:
    """Return the encoder's layers from a block onward, or all of them if `block` is empty. Raises ColorizeError."""
    blocks = encoder_blocks(model)
    if block and block not in blocks:
        which = f"its blocks are {', '.join(blocks)}" if blocks else "it has no encoder"
        raise ColorizeError(f"The network has no block {block!r} to fine-tune from: {which}.")
    learning = set(blocks[blocks.index(block) :] if block else blocks)
    return [layer for layer in encoder_layers(model) if _block(layer) in learning]


def _block(layer: keras.layers.Layer) -> str:
    match = _BLOCK.match(layer.name)
    return match[1] if match else ""


def _three_times(luma: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Concatenate(name="luma_three_times")([luma, luma, luma])


def _applied(
    encoder: keras.Model, image: keras.KerasTensor, outputs: list[keras.KerasTensor]
) -> list[keras.KerasTensor]:
    """Apply a model's layers one by one to `image`, and return the resulting tensors for its `outputs`."""
    tensors = {id(encoder.inputs[0]): image}
    for layer in encoder.layers[1:]:
        taken = layer.input
        given = [tensors[id(each)] for each in taken] if isinstance(taken, list) else tensors[id(taken)]
        tensors[id(layer.output)] = layer(given)
    return [tensors[id(output)] for output in outputs]


def _keep_statistics(encoder: keras.Model, weights: str) -> None:
    """Freeze a pretrained encoder's batch statistics, because those of small batches would undo its pretraining.

    See https://keras.io/guides/transfer_learning/.
    """
    for layer in encoder.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = weights == RANDOM_WEIGHTS


def _load(encoder: keras.Model, weights: str) -> None:
    if weights not in ("", RANDOM_WEIGHTS):
        with clean_copy(Path(weights), ModelLimits()) as copy:
            encoder.load_weights(copy.weights)


def _take_from_shipped(encoder: keras.Model) -> None:
    """Copy the encoder weights of the shipped model, trained on ImageNet and then on color photos."""
    learned = encoder_layers(load(PRETRAINED).model)
    if not learned:
        raise ColorizeError("the built-in model has no encoder.")
    for layer in learned:
        encoder.get_layer(layer.name).set_weights(layer.get_weights())


@contextmanager
def _weights_needed(name: str, weights: str) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # Warnings that the weights are from another size, and long ones before the error for a wrong file.
            warnings.simplefilter("ignore", UserWarning)
            yield
    except Exception as error:  # a download or an HDF5 file can raise almost any exception
        known = {"": "their download", RANDOM_WEIGHTS: "their download", SHIPPED_WEIGHTS: "the built-in model"}
        where = known.get(weights, f"the file {weights}")
        raise MissingWeights(f"{name}'s ImageNet weights cannot be loaded from {where}: {reason(error)}") from error
