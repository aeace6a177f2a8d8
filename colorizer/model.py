"""Build, load, save and describe networks.

Every network here is plain Keras made of stock layers: luma in, shape (n, height, width, 1), float32 in [0, 1]; RGB
out, shape (n, height, width, 3), float32 in [0, 1]. A saved file opens in any Keras without this package.
"""

from __future__ import annotations

import shutil
import textwrap
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf
from keras import layers

from colorizer.color import CHROMA_TO_OFFSET, chroma_bins
from colorizer.encoders import Encoded, mobilenet_v2, resnet18
from colorizer.files import complete_file
from colorizer.screening import screen
from colorizer.settings import ColorizeError, ModelSettings

DEFAULT_FILTERS = {
    "rgb_unet": (128, 128, 256, 512, 512),
    "chroma_unet": (16, 32, 64, 128, 256),
    "mobilenet_unet": (64, 128, 256),
    "resnet18_unet": (64, 128, 256),
}
"""Filters of each block, finest first: encoder blocks, or decoder blocks where the encoder is a pretrained one."""

LOGITS = "chroma_logits"
"""Name of the layer that says how likely each chroma bin is; only networks with a classifying head have it."""


@dataclass(frozen=True)
class Network:
    """A network and what must be known to use it."""

    model: keras.Model
    name: str
    """The architecture or the file it came from."""
    size: int
    """Side of the square it works on, in pixels."""


def build(settings: ModelSettings) -> Network:
    """Build an untrained network; the same settings and seed give the same weights. Raises ColorizeError."""
    builder = {
        "rgb_unet": rgb_unet,
        "chroma_unet": chroma_unet,
        "mobilenet_unet": mobilenet_unet,
        "resnet18_unet": resnet18_unet,
    }
    if settings.architecture not in builder:
        raise ColorizeError(f"There is no architecture {settings.architecture}; choose one of {', '.join(builder)}.")
    if settings.head == "classification" and settings.architecture == "rgb_unet":
        raise ColorizeError(
            "rgb_unet predicts no chroma, so it has no classification head; choose another architecture."
        )
    keras.utils.set_random_seed(settings.seed)
    return Network(builder[settings.architecture](settings), settings.architecture, settings.size)


def rgb_unet(settings: ModelSettings) -> keras.Model:
    """The plain autoencoder: every block halves by max pooling, and all three channels are predicted.

    U-Net with concatenated skip connections: Ronneberger, Fischer and Brox 2015, https://arxiv.org/abs/1505.04597.
    """
    filters = _filters(settings)
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


def chroma_unet(settings: ModelSettings) -> keras.Model:
    """A lean U-Net that predicts two chroma channels at a quarter of the size and keeps the luma it was given.

    Strided convolutions halve the input; the decoder stops at a quarter of the resolution, where the eye's acuity for
    colour ends long before the photo's detail does, and a bilinear upsampling brings chroma to full size.
    """
    filters = _filters(settings)
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
    """A U-Net whose encoder is MobileNetV2 trained on ImageNet; raises MissingWeights."""
    return _with_encoder(settings, mobilenet_v2)


def resnet18_unet(settings: ModelSettings) -> keras.Model:
    """A U-Net whose encoder is ResNet-18 trained on ImageNet; raises ColorizeError without keras-hub, or
    MissingWeights."""
    return _with_encoder(settings, resnet18)


def load(path: Path, default_size: int = ModelSettings.size) -> Network:
    """Load a whole model from a `.h5` or `.keras` file of Keras 2 or 3; raise ColorizeError when it does not serve.

    Nothing in the file is run: see `screening`. The model's own input size rules; `default_size` is taken where it
    accepts any.
    """
    if path.suffix.lower() not in (".h5", ".keras"):
        raise ColorizeError(f"{path} is no model: its name ends neither in .h5 nor in .keras.")
    if not path.is_file():
        raise ColorizeError(f"There is no model file at {path}.")
    screen(path)
    if _weights_only(path):
        raise ColorizeError(
            f"{path} holds only weights, without the network they belong to; choose the whole model saved beside it."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Keras 2's LeakyReLU(alpha=...), which Keras 3 understands
            # Losses and metrics of other programs may not exist here; the network is all that is needed.
            model = keras.models.load_model(path, custom_objects=_keras_2_layers(), compile=False, safe_mode=True)
    except Exception as error:  # Keras raises nearly every kind for a broken file
        raise ColorizeError(f"{path} cannot be loaded as a Keras model: {_first_line(error)}") from error
    return Network(model, path.name, _input_size(model, path, default_size))


def save(model: keras.Model, path: Path) -> None:
    """Save a whole model as `.h5` or `.keras`, complete or not at all; raise ColorizeError."""
    with complete_file(path, _bytes(model)) as temporary:
        model.save(temporary)


def save_weights(model: keras.Model, path: Path) -> None:
    """Save the weights alone (the name ends in `.weights.h5`), complete or not at all; raise ColorizeError."""
    with complete_file(path, _bytes(model)) as temporary:
        model.save_weights(temporary)


def save_compact(model: keras.Model, path: Path, vividness: float = 1.0) -> None:
    """Save a `.keras` model for shipping, at about half its size; raise ColorizeError.

    Weights are rounded to half precision (11 significant bits, IEEE 754), whose empty bits then compress away; they
    remain float32 in the file, so that any Keras opens it. `vividness` becomes the model's own: it multiplies the
    chroma in the layer that joins it with luma.
    """
    compact = keras.models.clone_model(model)
    compact.set_weights([weight.astype(np.float16).astype(np.float32) for weight in model.get_weights()])
    join = compact.get_layer("to_rgb")
    scale = np.array([1, vividness, vividness], np.float32)[:, None]
    join.set_weights([model.get_layer("to_rgb").get_weights()[0] * scale])
    with complete_file(path) as temporary:
        compact.save(temporary)
        with zipfile.ZipFile(temporary) as stored:
            members = {member.filename: stored.read(member) for member in stored.infolist()}
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as deflated:
            for name, data in members.items():
                deflated.writestr(name, data)


def receptive_field(model: keras.Model, layer: str = "", size: int = 256) -> int:
    """Return how many pixels, along one side, can change one output in the middle of a network.

    Measured by the gradient of that output (of the named layer, or the last) with respect to a random photo of
    `size` x `size` pixels, with the network's own weights; never more than `size`, and for a network that takes one
    size only, never more than that.
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
    return int(rows.max() - rows.min()) + 1


def summary(model: keras.Model) -> str:
    """Return Keras' own table of the layers."""
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    return "\n".join(lines)


def draw(model: keras.Model, path: Path) -> None:
    """Save a drawing of the model as PNG; raise ColorizeError, saying what to install, where Graphviz is missing."""
    if shutil.which("dot") is None:
        raise ColorizeError(
            "The drawing needs Graphviz, which is not installed; install it (Debian and Ubuntu: apt install graphviz; "
            "macOS: brew install graphviz; Windows: winget install graphviz) and try again."
        )
    with complete_file(path) as temporary:
        keras.utils.plot_model(model, temporary, show_shapes=True, dpi=72)


def _with_encoder(settings: ModelSettings, encode: Callable[[keras.KerasTensor, str], Encoded]) -> keras.Model:
    """Build a decoder on an encoder's features; chroma at a quarter of the size, luma kept."""
    luma = layers.Input((settings.size, settings.size, 1), name="luma")
    encoded = encode(luma, settings.encoder_weights)
    x = encoded.top
    for count, skip in zip(reversed(_filters(settings)), reversed(encoded.skips), strict=True):
        x = layers.Conv2D(count, 1)(x)
        x = _decoder_block(x, layers.Conv2D(count // 2, 1)(skip), count, settings)
    return keras.Model(luma, _join(luma, x, 4, settings), name=settings.architecture)


def _filters(settings: ModelSettings) -> tuple[int, ...]:
    return settings.filters or DEFAULT_FILTERS[settings.architecture]


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
    """Predict chroma from features and join it with luma: stock layers only, so that any Keras opens the file."""
    # A small first step keeps an untrained network near gray.
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
    # Half a unit is all the chroma there is, so that of the layers above, which reach from -1 to 1, is halved.
    matrix = np.concatenate([np.ones((1, 3), np.float32), CHROMA_TO_OFFSET / 2])
    to_rgb = layers.Conv2D(3, 1, use_bias=False, trainable=False, name="to_rgb")
    rgb = to_rgb(joined)
    to_rgb.set_weights([matrix[None, None]])
    return layers.ReLU(max_value=1.0, name="rgb")(rgb)


def _bytes(model: keras.Model) -> int:
    """Return more than a file of this model takes: HDF5 crashes where a disk fills up under it."""
    weights = sum(weight.nbytes for weight in model.get_weights())
    return weights + weights // 10 + 4 * len(model.weights) * 1024 + 1_000_000


def _weights_only(path: Path) -> bool:
    try:
        with h5py.File(path, "r") as file:
            return "model_config" not in file.attrs
    except OSError:  # no HDF5 file: a .keras archive, or nothing at all
        return False


def _input_size(model: keras.Model, path: Path, default_size: int) -> int:
    inputs, outputs = model.inputs, model.outputs
    if len(inputs) != 1 or len(outputs) != 1 or len(inputs[0].shape) != 4 or len(outputs[0].shape) != 4:
        raise ColorizeError(f"{path} is another kind of model: it takes or gives something else than one photo.")
    taken, given = inputs[0].shape, outputs[0].shape
    if taken[-1] != 1:
        raise ColorizeError(f"{path} takes {taken[-1]} channels, not one of luma: {_shape(taken)}.")
    if given[-1] != 3:
        raise ColorizeError(f"{path} gives {given[-1]} channels, not three of RGB: {_shape(given)}.")
    if taken[1:3] != given[1:3] or taken[1] != taken[2]:
        raise ColorizeError(f"{path} works on {_shape(taken)} to {_shape(given)}, not on squares of one size.")
    return taken[1] or default_size


def _shape(shape: tuple) -> str:
    return " x ".join("any" if side is None else str(side) for side in shape[1:])


def _keras_2_layers() -> dict[str, type]:
    """Return readers of the layers whose Keras 2 configuration names an argument Keras 3 refuses: one group of filters,
    which is what these layers always have.
    """

    def reader(layer: type[keras.layers.Layer]) -> type:
        def from_config(config: dict) -> keras.layers.Layer:
            return layer.from_config({name: value for name, value in config.items() if name != "groups"})

        return type(layer.__name__, (), {"from_config": staticmethod(from_config)})

    return {layer.__name__: reader(layer) for layer in (layers.Conv2DTranspose, layers.DepthwiseConv2D)}


def _first_line(error: Exception) -> str:
    text = textwrap.shorten(str(error).strip().split("\n")[0] or type(error).__name__, 200, placeholder="…")
    return text if text.endswith(".") else f"{text}."
