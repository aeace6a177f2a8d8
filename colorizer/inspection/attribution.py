"""Explain the color of a place: which parts of the photo push the network towards that color, and which away."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from PIL import Image
from scipy.ndimage import gaussian_filter

from colorizer.inspection.graph import crossing_layers, middle, resolution_layers
from colorizer.inspection.regions import Region
from colorizer.network.architectures import LOGITS
from colorizer.network.chroma_bins import CHROMA_STEP, chroma_bins
from colorizer.network.network import Network
from colorizer.photos.color import chroma

_NEAR_BINS = 2 * CHROMA_STEP
"""Chroma distance within which the bins of a classifying head count as the region's color: two steps."""
_FOG = 1 / 20
"""Standard deviation of a blur that keeps tones but removes shapes, as a fraction of the network's size."""
_GRAY_DIRECTION = np.array([1, 0], np.float32)
"""Direction used for a region without chroma: blue."""


@dataclass(frozen=True)
class Attribution:
    """Explanation of the color of one region of a photo."""

    region: Region
    direction: np.ndarray
    """The region's hue: a unit vector (Cb, Cr), float32."""
    score: float
    """The region's mean chroma along its hue, in [-0.5, 0.5]."""
    signed: np.ndarray
    """What pushes towards that hue (positive) and away from it (negative), float32, shape (size, size)."""
    grad_cam: np.ndarray
    """Plain Grad-CAM for the same score: float32, nonnegative, shape (size, size)."""


def attribute(network: Network, luma: np.ndarray, region: Region) -> Attribution:
    """Explain the color that a network predicts for a region of a photo.

    The score is the region's mean chroma, projected onto its own hue. With a classifying head, it is the log
    probability of the bins near that color. The signed map is HiResCAM (Draelos and Carin 2020,
    https://arxiv.org/abs/2011.08891): the gradient of the score with respect to each feature, times that feature,
    summed over channels. It is adapted in two ways. First, it is computed at every layer of a cut through the network
    (`graph.crossing_layers`), because a single layer of a U-Net misses what passes through skip connections. Second,
    features are measured relative to those of the same photo blurred until its shapes are gone ("fog"), because what
    the blurred photo shows too explains nothing. Grad-CAM (Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391) is
    computed at the first layer after the middle.

    Both are tested by hiding (`hiding.hide_marked`) and by random weights (Adebayo et al. 2018,
    https://arxiv.org/abs/1810.03292). docs/INSPECTION.md lists what else was tried.

    Args:
        network: The network.
        luma: The network's input, float32 in [0, 1], shape (size, size).
        region: The region.
    """
    layers, size = crossing_layers(network.model), network.size
    proposed = chroma(network.predict(luma[None, ..., None])[0])
    mask = region.mask(size)
    mean = (proposed * mask[..., None]).sum(axis=(0, 1)) / mask.sum()
    strength = float(np.hypot(*mean))
    direction = (mean / strength).astype(np.float32) if strength > 1e-6 else _GRAY_DIRECTION
    watched = [*layers, _after_the_middle(network.model)]
    seen = keras.Model(network.model.inputs[0], [*(layer.output for layer in watched), _scored_output(network.model)])
    features, gradients = _gradients(seen, luma, mask, direction, mean)
    fog = gaussian_filter(luma, size * _FOG)
    foggy = [np.asarray(each)[0] for each in seen(fog[None, ..., None], training=False)[: len(layers)]]
    parts = [
        ((here - there) * slope).sum(axis=-1)
        for here, there, slope in zip(features[:-1], foggy, gradients[:-1], strict=True)
    ]
    grad_cam = (features[-1] * gradients[-1].mean(axis=(0, 1))).sum(axis=-1)
    return Attribution(
        region=region,
        direction=direction,
        score=float(mean @ direction),
        signed=np.sum([_enlarged(part, size) for part in parts], axis=0, dtype=np.float32),
        grad_cam=_enlarged(np.maximum(grad_cam, 0), size),
    )


def _after_the_middle(model: keras.Model) -> keras.layers.Layer:
    """Return the first layer of the decoder, or the last layer if there is no decoder."""
    turn = middle(model).output.shape[1]
    layers = resolution_layers(model)
    coarsest = max(number for number, layer in enumerate(layers) if layer.output.shape[1] == turn)
    return layers[min(coarsest + 1, len(layers) - 1)]


def _scored_output(model: keras.Model) -> keras.KerasTensor:
    """Return the output to score: the logits of a classifying head, or RGB before it is clipped."""
    names = {layer.name for layer in model.layers}
    for name in (LOGITS, "to_rgb"):
        if name in names:
            return model.get_layer(name).output
    return model.outputs[0]


def _gradients(
    seen: keras.Model, luma: np.ndarray, mask: np.ndarray, direction: np.ndarray, mean: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the features of one photo and the score's gradients: float32, shape (rows, columns, channels) each."""
    photo = tf.constant(luma[None, ..., None])
    with tf.GradientTape() as tape:
        tape.watch(photo)
        *features, output = seen(photo, training=False)
        score = _score(output, mask, direction, mean)
    gradients = tape.gradient(score, features, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return [each.numpy()[0] for each in features], [each.numpy()[0] for each in gradients]


def _score(output: tf.Tensor, mask: np.ndarray, direction: np.ndarray, mean: np.ndarray) -> tf.Tensor:
    if output.shape[-1] == 3:
        along = tf.reduce_sum(chroma(output, keras.ops) * direction, axis=-1)
        return tf.reduce_sum(along * mask) / mask.sum()
    bins = chroma_bins()
    is_near = (np.hypot(*(bins - mean).T) <= _NEAR_BINS).astype(np.float32)
    likelihood = tf.reduce_sum(tf.nn.softmax(tf.cast(output, tf.float32)) * is_near, axis=-1)
    small = np.asarray(Image.fromarray(mask).resize(output.shape[1:3][::-1], Image.Resampling.BOX))
    return tf.reduce_sum(tf.math.log(likelihood + 1e-9) * small) / small.sum()


def _enlarged(part: np.ndarray, size: int) -> np.ndarray:
    """Resize a map from a coarse grid to the network's size, preserving its sum."""
    cells = size * size / part.size
    return np.asarray(Image.fromarray(part.astype(np.float32)).resize((size, size), Image.Resampling.BILINEAR)) / cells
