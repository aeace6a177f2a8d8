"""Build networks, and show them: table of layers, drawing, receptive field.

Every network is plain Keras with stock layers. Its input is luma, shape (n, height, width, 1), float32 in [0, 1]; its
output is RGB, shape (n, height, width, 3), float32 in [0, 1]. Keras opens a saved file without this package.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from colorizer.errors import ColorizeError
from colorizer.files import complete_file
from colorizer.network.devices import set_seeds
from colorizer.network.encoders import Encoded, mobilenet_v2, resnet18
from colorizer.network.engines import KerasEngine
from colorizer.network.network import Network, chroma_bins
from colorizer.photos.color import CHROMA_TO_OFFSET
from colorizer.settings import ModelSettings

LOGITS = "chroma_logits"
"""Name of the layer with the logits of each chroma bin; only networks with a classifying head have it."""
_WITHOUT_CHROMA = ("rgb_unet", "book_unet")


def build(settings: ModelSettings) -> Network:
    """Build an untrained network; the same settings and seed give the same weights. Raises ColorizeError."""
    builder = {
        "rgb_unet": rgb_unet,
        "book_unet": book_unet,
        "chroma_unet": chroma_unet,
        "mobilenet_unet": mobilenet_unet,
        "resnet18_unet": resnet18_unet,
    }
    if settings.architecture not in builder:
        raise ColorizeError(f"Unknown architecture {settings.architecture}. Choose one of: {', '.join(builder)}.")
    if settings.head == "classification" and settings.architecture in _WITHOUT_CHROMA:
        raise ColorizeError(
            f"{settings.architecture} does not predict chroma, so it has no classification head. Choose another "
            "architecture."
        )
    set_seeds(settings.seed)
    return Network(KerasEngine(builder[settings.architecture](settings)), settings.architecture, settings.size)


def rgb_unet(settings: ModelSettings) -> keras.Model:
    """Build the plain autoencoder, which halves the size by max pooling in every block and predicts all three channels.

    U-Net with concatenated skip connections: Ronneberger, Fischer and Brox 2015, https://arxiv.org/abs/1505.04597.
    """
    filters = settings.filters or (128, 128, 256, 512, 512)
    luma = layers.Input((settings.size, settings.size, 1), name="luma")
    x, skips = luma, []
    for count in filters:
        x = _convolution(x, count, 4, settings)
        skips.append(x)
        x = layers.MaxPooling2D(2)(x)
    for count, skip in zip(reversed(filters), reversed(skips), strict=True):
        x = _decoder_block(x, skip, count, settings)
    rgb = layers.Conv2D(3, 3, padding="same", activation="sigmoid", name="rgb")(x)
    return keras.Model(luma, rgb, name="rgb_unet")


def book_unet(settings: ModelSettings) -> keras.Model:
    """Build the autoencoder of the book, for 256 x 256 pixels by default.

    Every level has two 3x3 convolutions, each with a LeakyReLU. The encoder halves the size by 2x2 max pooling; its
    last two levels are the bottom of the network. The decoder doubles the size by 2x2 transposed convolutions,
    convolves, and only then concatenates the encoder's features, which the next level receives unchanged.
    """
    filters = settings.filters or (128, 128, 256, 512, 512)
    luma = layers.Input((settings.size, settings.size, 1), name="luma")
    x, skips = luma, []
    for count in filters[:-2]:
        x = _convolution(_convolution(x, count, 3, settings), count, 3, settings)
        skips.append(x)
        x = layers.MaxPooling2D(2)(x)
    for count in filters[-2:]:
        x = _convolution(_convolution(x, count, 3, settings), count, 3, settings)
    for count, skip in zip(reversed(filters[:-2]), reversed(skips), strict=True):
        x = layers.Conv2DTranspose(count, 2, strides=2, kernel_initializer="he_normal")(x)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
        x = layers.Concatenate()([_convolution(x, count, 3, settings), skip])
        x = layers.Dropout(settings.dropout)(x) if settings.dropout else x
    rgb = layers.Conv2D(3, 3, padding="same", activation="sigmoid", name="rgb")(x)
    return keras.Model(luma, rgb, name="book_unet")


def chroma_unet(settings: ModelSettings) -> keras.Model:
    """Build a lean U-Net that predicts two chroma channels at a quarter of the size and keeps the input luma.

    Strided convolutions halve the input. The decoder stops at a quarter of the resolution, because the eye resolves
    color much less finely than the photo's detail. Bilinear upsampling brings chroma to full size.
    """
    filters = settings.filters or (16, 32, 64, 128, 256)
    luma = layers.Input((settings.size, settings.size, 1), name="luma")
    x, skips = luma, []
    for depth, count in enumerate(filters):
        x = _convolution(x, count, 3, settings, strides=2)
        if depth:
            x = _convolution(x, count, 3, settings)
        skips.append(x)
    for count, skip in zip(reversed(filters[1:-1]), reversed(skips[1:-1]), strict=True):
        x = _decoder_block(x, skip, count, settings)
    return keras.Model(luma, _join(luma, x, 2 ** min(2, len(filters)), settings), name="chroma_unet")


def mobilenet_unet(settings: ModelSettings) -> keras.Model:
    """Build a U-Net whose encoder is MobileNetV2 trained on ImageNet. Raises MissingWeights."""
    return _with_encoder(settings, mobilenet_v2)


def resnet18_unet(settings: ModelSettings) -> keras.Model:
    """Build a U-Net whose encoder is ResNet-18 trained on ImageNet.

    Raises ColorizeError if keras-hub is not installed, and MissingWeights.
    """
    return _with_encoder(settings, resnet18)


def _with_encoder(settings: ModelSettings, encode: Callable[[keras.KerasTensor, str], Encoded]) -> keras.Model:
    """Build a decoder on an encoder's features, with chroma at a quarter of the size and the input luma kept."""
    filters = settings.filters or (64, 128, 256)
    if len(filters) != 3:
        raise ColorizeError(
            f"{settings.architecture} has three decoder stages, so model.filters must be three numbers, not "
            f"{len(filters)}; or choose another architecture."
        )
    luma = layers.Input((settings.size, settings.size, 1), name="luma")
    encoded = encode(luma, settings.encoder_weights)
    x = encoded.top
    for count, skip in zip(reversed(filters), reversed(encoded.skips), strict=True):
        x = layers.Conv2D(count, 1)(x)
        x = _decoder_block(x, layers.Conv2D(count // 2, 1)(skip), count, settings)
    return keras.Model(luma, _join(luma, x, 4, settings), name=settings.architecture)


def _convolution(x, filters: int, kernel: int, settings: ModelSettings, strides: int = 1):
    x = layers.Conv2D(
        filters,
        kernel,
        strides=strides,
        padding="same",
        kernel_initializer="he_normal",
        kernel_regularizer=keras.regularizers.L2(settings.l2) if settings.l2 else None,
    )(x)
    return layers.LeakyReLU(negative_slope=0.2)(x)


def _decoder_block(x, skip, filters: int, settings: ModelSettings):
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.Concatenate()([x, skip])
    x = _convolution(x, filters, 3, settings)
    return layers.Dropout(settings.dropout)(x) if settings.dropout else x


def _join(luma, features, upsampling: int, settings: ModelSettings):
    """Predict chroma from features and join it with luma, with stock layers only, so that any Keras opens the file."""
    # Small initial weights keep an untrained network near gray.
    small = keras.initializers.RandomNormal(stddev=1e-3, seed=0)
    if settings.head == "classification":
        bins = chroma_bins()
        logits = layers.Conv2D(len(bins), 1, kernel_initializer=small, name=LOGITS)(features)
        sharpened = layers.Rescaling(1 / settings.temperature, name="annealed")(logits)
        mean = layers.Conv2D(2, 1, use_bias=False, trainable=False, name="chroma")
        chroma = mean(layers.Softmax(name="likelihoods")(sharpened))
        mean.set_weights([2 * bins[None, None]])
    else:
        chroma = layers.Conv2D(2, 1, activation="tanh", kernel_initializer=small, name="chroma")(features)
    chroma = layers.UpSampling2D(upsampling, interpolation="bilinear", name="chroma_full_size")(chroma)
    joined = layers.Concatenate(name="luma_and_chroma")([luma, chroma])
    # Chroma lies in [-0.5, 0.5], so the output of the layers above, in [-1, 1], is halved.
    matrix = np.concatenate([np.ones((1, 3), np.float32), CHROMA_TO_OFFSET / 2])
    to_rgb = layers.Conv2D(3, 1, use_bias=False, trainable=False, name="to_rgb")
    rgb = to_rgb(joined)
    to_rgb.set_weights([matrix[None, None]])
    return layers.ReLU(max_value=1.0, name="rgb")(rgb)


def is_classifier(network: keras.Model) -> bool:
    """Return whether a network has a classifying head."""
    return any(layer.name == LOGITS for layer in network.layers)


def receptive_field(model: keras.Model, layer: str = "", size: int = 256) -> int:
    """Measure how many pixels along one side affect one output in the middle of a network.

    The measure is the gradient of that output with respect to a random photo, with the network's own weights.

    Args:
        model: The network.
        layer: Name of the layer whose output is measured; the last one if empty.
        size: Side of the photo in pixels, for a network that takes any size.

    Returns:
        The side of the receptive field in pixels, at most the side of the photo. 0 if no pixel affects the output,
            because everything on the way to it is saturated.
    """
    output = model.get_layer(layer).output if layer else model.outputs[0]
    sides = [(shape[1] or size, shape[2] or size, shape[3]) for shape in (each.shape for each in model.inputs)]
    photo = [tf.random.stateless_uniform((1, *side), (0, number)) for number, side in enumerate(sides)]
    with tf.GradientTape() as tape:
        tape.watch(photo)
        features = keras.Model(model.inputs, output)(photo, training=False)
        middle = tf.reduce_sum(features[:, features.shape[1] // 2, features.shape[2] // 2])
    touched = sum(tf.reduce_sum(tf.abs(gradient), (0, 2, 3)) for gradient in tape.gradient(middle, photo))
    rows = np.flatnonzero(touched)
    return int(rows.max() - rows.min()) + 1 if rows.size else 0


def summary(model: keras.Model) -> str:
    """Return Keras' table of the layers."""
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    return "\n".join(lines)


def draw(model: keras.Model, path: Path) -> None:
    """Save a drawing of the model as PNG.

    Raises:
        ColorizeError: Graphviz is not installed, with instructions to install it, or the file cannot be written.
    """
    if shutil.which("dot") is None:
        raise ColorizeError(
            "The drawing needs Graphviz, which is not installed; install it (Debian and Ubuntu: apt install graphviz; "
            "macOS: brew install graphviz; Windows: winget install graphviz) and try again."
        )
    with complete_file(path) as temporary:
        keras.utils.plot_model(model, temporary, show_shapes=True, dpi=72)
