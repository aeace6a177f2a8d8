"""What regression minimizes, by the names that `TrainingSettings.loss` knows."""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
from keras import ops

from colorizer.photos.color import colourfulness

LOG_SQUARED_ERROR = "log_squared_error"
_FLOOR = 1e-5
"""Mean squared error that no photo is asked to fall below: a PSNR of 50 dB."""
_INVISIBLE = 0.01
"""The square of a tenth of a level of 255."""
Loss = Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]


def regression_loss(name: str, colourfulness_weight: float = 0.0) -> Loss:
    """Return a loss of true and predicted RGB, float32 in [0, 1], shape (n, h, w, 3).

    `name`: "log_squared_error" or one that Keras knows. `colourfulness_weight`: what a unit of Hasler-Suesstrunk
    colourfulness, on its scale of 0 to some 100, takes off the loss; DDColor (Kang et al. 2023,
    https://arxiv.org/abs/2212.11613, section 3.4) has such a term beside its others.
    """
    error = log_squared_error if name == LOG_SQUARED_ERROR else keras.losses.get(name)
    if not colourfulness_weight:
        return error

    def loss(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> keras.KerasTensor:
        colourful = ops.mean(colourfulness(predicted, ops, smallest=_INVISIBLE))
        return ops.mean(error(truth, predicted)) - colourfulness_weight * colourful

    return loss


def log_squared_error(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> keras.KerasTensor:
    """Return 10 log10(1 + e / floor) of each photo's mean squared error e, shape (n,): decibels of PSNR, counted
    downwards from 50 dB, so that a decibel counts alike in a pale photo and in a colourful one.
    """
    error = ops.mean(ops.square(predicted - truth), axis=(1, 2, 3))
    return ops.log(1 + error / _FLOOR) * (10 / math.log(10))
