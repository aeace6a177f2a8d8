"""An exponential moving average of the weights."""

from __future__ import annotations

import keras
import tensorflow as tf


class Average(keras.callbacks.Callback):
    """Average the weights over the steps; the network holds the average while it is validated, and at the end."""

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
        """Give the network the average for good; not when `fit` ends, since another phase may follow."""
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
