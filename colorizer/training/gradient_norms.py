"""Gradient norms of each layer, measured during training."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from colorizer.training.gradients import FIGURE


class GradientNorms(keras.callbacks.Callback):
    """Add the root mean square of each layer's kernel gradient, on one batch, to every epoch's metrics.

    It is measured after the epoch, without dropout and with the current statistics of batch normalization, so it
    changes no random state and no weights. It costs about as much as one step: less than 1 % for 110 or more steps per
    epoch (docs/INSPECTION.md).
    """

    def __init__(self, fitted: keras.Model, photos: np.ndarray, truth: np.ndarray):
        """Initialize the callback.

        Args:
            fitted: The compiled model in training.
            photos: Inputs of one training batch, float32 in [0, 1], shape (n, size, size, 1).
            truth: Targets of that batch, float32 in [0, 1], shape (n, size, size, 3).
        """
        super().__init__()
        self.fitted, self.photos, self.truth = fitted, photos, truth

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs.update(gradient_norms(self.fitted, self.photos, self.truth))


def gradient_norms(fitted: keras.Model, photos: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return the root mean square of the gradient of each trainable layer's largest weight, by metric name.

    The values are comparable between layers of different sizes. Glorot and Bengio 2010, "Understanding the difficulty
    of training deep feedforward neural networks", section 4, compare them this way:
    https://proceedings.mlr.press/v9/glorot10a.html.
    """
    layers = [layer for layer in fitted.layers if layer.trainable_weights]
    kernels = [max(layer.trainable_weights, key=lambda weight: weight.shape.num_elements()) for layer in layers]
    with tf.GradientTape() as tape:
        loss = fitted.compute_loss(x=photos, y=truth, y_pred=fitted(photos, training=False), training=False)
    gradients = tape.gradient(loss, [kernel.value for kernel in kernels], unconnected_gradients="zero")
    return {
        FIGURE + layer.name: float(tf.sqrt(tf.reduce_mean(tf.square(tf.cast(gradient, tf.float32)))))
        for layer, gradient in zip(layers, gradients, strict=True)
    }
