"""How strongly each layer is told to change, measured while a network is trained."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from colorizer.training.gradients import FIGURE


class GradientNorms(keras.callbacks.Callback):
    """Add to every epoch's figures the root mean square of the loss's gradient for each layer's kernel, on one batch.

    It is taken after the epoch, without dropout and with the statistics of batch normalization as they stand, so that
    nothing the training draws or keeps is changed by it. It costs about as much as one step, so less than 1 % from 110
    steps an epoch on (docs/INSPECTION.md).
    """

    def __init__(self, fitted: keras.Model, photos: np.ndarray, truth: np.ndarray):
        """`fitted`: compiled, what is trained. `photos` and `truth`: a batch as it is fitted with, float32 in [0, 1],
        shapes (n, size, size, 1) and (n, size, size, 3).
        """
        super().__init__()
        self.fitted, self.photos, self.truth = fitted, photos, truth

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs.update(gradient_norms(self.fitted, self.photos, self.truth))


def gradient_norms(fitted: keras.Model, photos: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return the root mean square of the gradient for each learning layer's largest weight, named as figures are.

    Beside one another these are comparable, whatever the layers' sizes. Glorot and Bengio 2010, "Understanding
    the difficulty of training deep feedforward neural networks", section 4, look at them so:
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
