"""Show a network: its table of layers, its drawing and its receptive field."""

from __future__ import annotations

import shutil
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from colorizer.errors import ColorizeError
from colorizer.files import complete_file


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
