"""Training of a network that classifies chroma: Zhang, Isola and Efros 2016, https://arxiv.org/abs/1603.08511."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from colorizer.dataset.batches import PhotoBatches
from colorizer.network.architectures import LOGITS
from colorizer.network.chroma_bins import CHROMA_STEP, chroma_bins
from colorizer.photos.color import chroma

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
