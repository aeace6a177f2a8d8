"""An exponential moving average of the weights."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf


def mix_with_start(model: keras.Model, start: list[np.ndarray], share: float) -> None:
    """Move a model back toward its starting weights, in place.

    Args:
        model: The trained model.
        start: The weights before training, as `get_weights` returns them.
        share: Share of the starting weights in the result, in [0, 1].
    """
    weights = zip(model.get_weights(), start, strict=True)
    model.set_weights([((1 - share) * weight + share * before).astype(weight.dtype) for weight, before in weights])


class Average(keras.callbacks.Callback):
    """Exponential moving average of the weights over the steps.

    The network holds the average during validation and, after `finish`, for good.
    """

    def __init__(self, model: keras.Model, momentum: float):
        super().__init__()
        self.momentum, self.seen = momentum, 0
        self.weights = [weight for weight in model.weights if "float" in weight.dtype]
        self.averages = [tf.Variable(weight.numpy()) for weight in self.weights]

    def on_train_batch_end(self, batch, logs=None):
        self.seen += 1
        self._update(tf.constant(min(self.momentum, (1 + self.seen) / (10 + self.seen))))

    def on_test_begin(self, logs=None):
        self._swap()

    def on_epoch_end(self, epoch, logs=None):
        self._swap()

    def finish(self) -> None:
        """Assign the average to the network permanently; not done when `fit` ends, as another phase may follow."""
        for average, weight in zip(self.averages, self.weights, strict=True):
            weight.assign(average)

    @tf.function
    def _update(self, momentum: tf.Tensor) -> None:
        for average, weight in zip(self.averages, self.weights, strict=True):
            average.assign(momentum * average + (1 - momentum) * tf.cast(weight.value, average.dtype))

    def _swap(self) -> None:
        for average, weight in zip(self.averages, self.weights, strict=True):
            kept = weight.numpy()
            weight.assign(average)
            average.assign(kept)
