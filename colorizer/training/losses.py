"""Loss functions by the names accepted in `TrainingSettings.loss`, for regression and for classified chroma
(Zhang, Isola and Efros 2016, https://arxiv.org/abs/1603.08511)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from colorizer.dataset.batches import PhotoBatches
from colorizer.network.architectures import LOGITS
from colorizer.network.network import CHROMA_STEP, chroma_bins
from colorizer.photos.color import chroma, colourfulness

LOG_SQUARED_ERROR = "log_squared_error"
_FLOOR = 1e-5
"""Mean squared error below which the loss hardly falls any further: a PSNR of 50 dB."""
_INVISIBLE = 0.01
"""The square of a tenth of a level of 255."""
_SMALLEST = 1e-6
"""Lower bound that is negligible but has a derivative."""
_SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
"""From linear RGB, http://www.brucelindbloom.com/index.html?Eqn_RGB_XYZ_Matrix.html; primaries of IEC 61966-2-1."""
_D65 = _SRGB_TO_XYZ.sum(axis=1)
Loss = Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]


def regression_loss(name: str, colourfulness_weight: float = 0.0, colour_difference_weight: float = 0.0) -> Loss:
    """Build a loss of true and predicted RGB, float32 in [0, 1], shape (n, h, w, 3).

    Args:
        name: "log_squared_error" or the name of a Keras loss.
        colourfulness_weight: Amount subtracted from the loss per unit of Hasler-Suesstrunk colorfulness (scale of 0 to
            about 100). DDColor (Kang et al. 2023, https://arxiv.org/abs/2212.11613, section 3.4) has such a term.
        colour_difference_weight: Amount added to the loss per unit of `colour_difference`.
    """
    error = log_squared_error if name == LOG_SQUARED_ERROR else keras.losses.get(name)
    if not colourfulness_weight and not colour_difference_weight:
        return error

    def loss(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> keras.KerasTensor:
        total = ops.mean(error(truth, predicted))
        if colourfulness_weight:
            total -= colourfulness_weight * ops.mean(colourfulness(predicted, ops, smallest=_INVISIBLE))
        if colour_difference_weight:
            total += colour_difference_weight * ops.mean(colour_difference(truth, predicted))
        return total

    return loss


def log_squared_error(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> keras.KerasTensor:
    """Return 10 log10(1 + e / floor) for each photo's mean squared error e, shape (n,).

    This counts decibels of PSNR downward from 50 dB, so that a decibel counts the same in pale and in colorful photos.
    """
    error = ops.mean(ops.square(predicted - truth), axis=(1, 2, 3))
    return ops.log(1 + error / _FLOOR) * (10 / math.log(10))


def colour_difference(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> keras.KerasTensor:
    """Return the color difference of each place, CIEDE2000 without its hue-dependent terms, shape (n, h / 2, w / 2).

    Colors are compared as means of 2 x 2 pixels. The weight T and the rotation R_T are omitted because their
    derivatives are discontinuous where the hue is. The main differences from a distance in CIE Lab remain: near gray,
    red and green count up to half as much again, and in strong colors a chroma difference counts less (Sharma, Wu and
    Dalal 2005, "The CIEDE2000 color-difference formula", https://doi.org/10.1002/col.20070).
    """
    true_lab, lab = (_lab(ops.average_pool(rgb, 2)) for rgb in (truth, predicted))
    mean_chroma = (_chroma(true_lab[1:]) + _chroma(lab[1:])) / 2
    strong = (mean_chroma / 25) ** 7
    reddening = 1 + 0.5 * (1 - ops.sqrt(strong / (1 + strong) + _SMALLEST))
    true_ab, ab = ((each[1] * reddening, each[2]) for each in (true_lab, lab))
    true_chroma, chroma = _chroma(true_ab), _chroma(ab)
    mean_chroma = (true_chroma + chroma) / 2
    mean_lightness = (true_lab[0] + lab[0]) / 2 - 50
    lightness = (lab[0] - true_lab[0]) / (1 + 0.015 * mean_lightness**2 / ops.sqrt(20 + mean_lightness**2))
    hue_squared = sum((a - b) ** 2 for a, b in zip(true_ab, ab, strict=True)) - (true_chroma - chroma) ** 2
    return ops.sqrt(
        lightness**2
        + ((true_chroma - chroma) / (1 + 0.045 * mean_chroma)) ** 2
        + hue_squared / (1 + 0.015 * mean_chroma) ** 2
        + _INVISIBLE
    )


def _chroma(ab: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
    return ops.sqrt(ab[0] ** 2 + ab[1] ** 2 + _INVISIBLE)


def _lab(rgb: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
    """Convert sRGB (IEC 61966-2-1, white D65) to CIE Lab, each channel of shape (n, h, w)."""
    rgb = ops.maximum(rgb, _SMALLEST)
    linear = ops.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = ops.matmul(linear, ops.transpose(ops.convert_to_tensor(_SRGB_TO_XYZ / _D65[:, None], linear.dtype)))
    bent = ops.where(xyz > 216 / 24389, ops.maximum(xyz, _SMALLEST) ** (1 / 3), (24389 / 27 * xyz + 16) / 116)
    x, y, z = (bent[..., number] for number in range(3))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


UNIFORM_SHARE = 0.5
"""Weight of the uniform distribution that is mixed into the bin frequencies: the paper's lambda."""
_COUNTED_BATCHES = 64
_SPREAD = CHROMA_STEP / 2
"""Standard deviation of the Gaussian that spreads a color over neighboring bins: half a bin, as in the paper."""


class ChromaClassifier(keras.Model):
    """A network with a classifying head, trained with cross-entropy on the chroma bins of the true colors.

    `class_weights`, shape (bins,), weight each pixel's error by the rarity of its color. The reported accuracy is that
    of the resulting RGB.
    """

    def __init__(self, network: keras.Model, class_weights: np.ndarray):
        super().__init__(network.inputs, [network.output, network.get_layer(LOGITS).output])
        self.class_weights = class_weights

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        # A custom compute_loss divides by the number of replicas, because Keras multiplies the result by it.
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        return (self._bin_loss(y, y_pred[1]) + sum(self.losses)) / replicas

    def _bin_loss(self, y: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        logits = ops.cast(logits, "float32")
        true = soft_bins(y, y.shape[1] // logits.shape[1])
        weights = ops.sum(true * self.class_weights, axis=-1)
        return ops.mean(ops.categorical_crossentropy(true, logits, from_logits=True) * weights)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return super().compute_metrics(x, y, y_pred[0], sample_weight)

    def get_metrics_result(self) -> dict[str, tf.Tensor]:
        # Keras 3.12 prefixes metric names with the output's name.
        return {name.removeprefix("rgb_"): value for name, value in super().get_metrics_result().items()}


def soft_bins(rgb: tf.Tensor, reduction: int) -> tf.Tensor:
    """Assign the colors of RGB in [0, 1], shape (n, h, w, 3), to nearby chroma bins.

    Returns:
        Shares that sum to 1, float32, shape (n, h / reduction, w / reduction, bins).
    """
    small = ops.average_pool(rgb, reduction, reduction)
    # |chroma - bin|^2 without |chroma|^2, which is the same for all bins and cancels in the softmax.
    bins = chroma_bins()
    distance = np.sum(bins**2, axis=-1) - 2 * ops.matmul(chroma(small, ops), bins.T)
    return ops.softmax(-distance / (2 * _SPREAD**2))


def class_weights(photos: PhotoBatches) -> np.ndarray:
    """Return a weight for each bin, higher for rare bins, from a sample of the photos: float32, shape (bins,).

    The weights are normalized so that their mean over the sampled pixels is 1.
    """
    counted = range(0, len(photos), -(-len(photos) // _COUNTED_BATCHES))
    shares = np.mean(
        [np.mean(soft_bins(tf.constant(photos[batch][1]), 4), axis=(0, 1, 2)) for batch in counted], axis=0
    )
    weights = 1 / ((1 - UNIFORM_SHARE) * shares + UNIFORM_SHARE / len(shares))
    return (weights / (shares * weights).sum()).astype(np.float32)
