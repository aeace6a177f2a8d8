"""Explain the color of a place: regions that push the network towards it or away, tested by hiding them."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from PIL import Image
from scipy.ndimage import gaussian_filter

from colorizer.errors import ColorizeError
from colorizer.inspection.layers import crossing_layers, middle, resolution_layers
from colorizer.network.architectures import LOGITS
from colorizer.network.network import CHROMA_STEP, Network, chroma_bins
from colorizer.photos.color import chroma

REGION_SHARE = 1 / 8
"""Side of a region, as a fraction of the network's side: about a face in a group, or a window of a house."""
_LEAST_CHROMA = 0.04
"""Mean chroma below which a region looks gray: ten levels of 255."""


@dataclass(frozen=True)
class Region:
    """A rectangle on the network's grid: rows from `top` to `bottom`, columns from `left` to `right`, ends excluded."""

    left: int
    top: int
    right: int
    bottom: int

    def mask(self, size: int) -> np.ndarray:
        """Return the region as a mask: float32, 1 inside and 0 outside, shape (size, size)."""
        inside = np.zeros((size, size), np.float32)
        inside[self.top : self.bottom, self.left : self.right] = 1
        return inside


def region_around(x: float, y: float, width: int, height: int, size: int) -> Region:
    """Return the region around a point of a photo.

    Args:
        x: Column of the point, in pixels from the upper left corner.
        y: Row of the point, likewise.
        width: Width of the photo, in pixels.
        height: Height of the photo, in pixels.
        size: Side of the network's grid.

    Raises:
        ColorizeError: The point lies outside the photo.
    """
    if not (0 <= x < width and 0 <= y < height):
        raise ColorizeError(f"The point {x:g},{y:g} lies outside the photo, which has {width} x {height} pixels.")
    side = max(1, round(size * REGION_SHARE))
    left = min(max(0, round(x / width * size - side / 2)), size - side)
    top = min(max(0, round(y / height * size - side / 2)), size - side)
    return Region(left, top, left + side, top + side)


def colourful_regions(chroma: np.ndarray, count: int = 2) -> tuple[Region, ...]:
    """Return the most colorful regions of a photo, each of a different hue, most colorful first.

    Hues count as different if they are more than 45 degrees apart. There are fewer than `count` regions if the rest of
    the photo is gray or has the same hues.

    Args:
        chroma: Predicted Cb and Cr, float32, shape (size, size, 2).
        count: Maximum number of regions.
    """
    size = len(chroma)
    side = max(1, round(size * REGION_SHARE))
    candidates = []
    for top in range(0, size - side + 1, max(1, side // 2)):
        for left in range(0, size - side + 1, max(1, side // 2)):
            mean = chroma[top : top + side, left : left + side].mean(axis=(0, 1))
            candidates.append((float(np.hypot(*mean)), Region(left, top, left + side, top + side), mean))
    candidates = sorted((each for each in candidates if each[0] >= _LEAST_CHROMA), key=lambda each: -each[0])
    chosen: list[tuple[float, Region, np.ndarray]] = []
    for candidate in candidates:
        if len(chosen) < count and all(_cosine(candidate[2], each[2]) < np.cos(np.pi / 4) for each in chosen):
            chosen.append(candidate)
    return tuple(region for _, region, _ in chosen)


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / max(np.hypot(*one) * np.hypot(*other), 1e-9))


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
    (`layers.crossing_layers`), because a single layer of a U-Net misses what passes through skip connections. Second,
    features are measured relative to those of the same photo blurred until its shapes are gone ("fog"), because what
    the blurred photo shows too explains nothing. Grad-CAM (Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391) is
    computed at the first layer after the middle.

    Both are tested by hiding (`hide_marked`) and by random weights (Adebayo et al. 2018,
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
        signed=np.stack([_enlarged(part, size) for part in parts]).sum(axis=0, dtype=np.float32),
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


MARKED_SHARE = 0.1
"""Fraction of the photo that counts as marked: the places with the largest weights."""
_ELSEWHERE = 4
"""Number of other places of the same shape and area that are hidden in turn."""
_MOST_OVERLAP = 0.1
"""Maximum fraction of the marked area that such a place may cover."""
_SOFTENED, _BLURRED = 1 / 64, 1 / 10
"""Standard deviations of the blur at the edge of the hidden area and of the blur that hides it, as fractions of the
network's size. A uniform gray patch would be an object with edges of its own; blur is not."""


@dataclass(frozen=True)
class Hiding:
    """Change in the color of a region when parts of the photo are hidden, as fractions of that color."""

    marked: float
    """Change when the places with the largest weights are hidden."""
    elsewhere: float
    """Average change when equal areas elsewhere are hidden; NaN if there is no space for any."""


def hide_marked(network: Network, luma: np.ndarray, attribution: Attribution, seed: int = 0) -> Hiding:
    """Hide the tenth of a photo that an explanation marks most, then equal areas elsewhere, and compare.

    This is occlusion as in Zeiler and Fergus 2014, https://arxiv.org/abs/1311.2901, section 4.2, with blur instead of a
    gray square. The change is the distance that the region's mean chroma moves, as a fraction of its chroma.

    Args:
        network: The network.
        luma: The network's input, float32 in [0, 1], shape (size, size).
        attribution: The explanation.
        seed: Seed for choosing the other areas.
    """
    marked = most_marked(attribution.signed)
    masks = [marked, *_elsewhere(marked, seed)]
    hidden = np.stack([luma, *(_hide(luma, mask) for mask in masks)]).astype(np.float32)
    rgb = network.predict(hidden[..., None])
    inside = attribution.region.mask(network.size)[..., None]
    colours = (chroma(rgb) * inside).sum(axis=(1, 2)) / inside.sum()
    changes = np.hypot(*(colours[1:] - colours[0]).T) / max(float(np.hypot(*colours[0])), 1e-6)
    return Hiding(float(changes[0]), float(changes[1:].mean()) if len(changes) > 1 else float("nan"))


def most_marked(signed: np.ndarray) -> np.ndarray:
    """Return a mask of the tenth of a map with the largest weights: float32, 1 there and 0 elsewhere."""
    smooth = gaussian_filter(signed, len(signed) / 64)
    return (smooth >= np.quantile(smooth, 1 - MARKED_SHARE)).astype(np.float32)


def _hide(luma: np.ndarray, mask: np.ndarray) -> np.ndarray:
    soft, fog = gaussian_filter(mask, len(luma) * _SOFTENED), gaussian_filter(luma, len(luma) * _BLURRED)
    return luma * (1 - soft) + fog * soft


def _elsewhere(marked: np.ndarray, seed: int) -> list[np.ndarray]:
    """Move the marked shape to other places, wrapping around the edges of the photo."""
    random, size, found = np.random.default_rng(seed), len(marked), []
    for _ in range(50 * _ELSEWHERE):
        moved = np.roll(marked, random.integers(0, size, 2), (0, 1))
        if (moved * marked).sum() < _MOST_OVERLAP * marked.sum():
            found.append(moved)
        if len(found) == _ELSEWHERE:
            break
    return found
