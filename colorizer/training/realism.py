"""Metrics for how realistic colors look, measured during validation; the distance to the truth does not show this.

A network that averages over an object's plausible colors comes closest to the truth, but its photos look brown. The
palette of all its photos together reveals this: it lacks colors that the true photos have.
"""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import ops

from colorizer.photos.color import chroma, colourfulness, luma

_LUMA_THIRDS = 3
_DIRECTIONS = 8
"""Number of evenly rotated lines in the (Cb, Cr) plane onto which colors are projected."""
_STEP = 0.01
"""Width of a bin on such a line, in units of chroma."""
_STEPS = 2 * 71 + 1
"""Number of bins: from one corner of the plane to the opposite one, each 0.71 from the center."""
GAIN, COLOURFULNESS, PALETTE_DISTANCE = "gain", "colourfulness", "palette_distance"


class Realism:
    """Metrics over all photos validated so far; all RGB is float32 in [0, 1], shape (n, h, w, 3).

    gain: mean PSNR gained over gray photos, in dB. colourfulness: mean of `color.colourfulness`. palette_distance:
    `PaletteDistance`.
    """

    def __init__(self):
        self.metrics = [keras.metrics.Mean(GAIN), keras.metrics.Mean(COLOURFULNESS), PaletteDistance()]

    def update(self, truth: keras.KerasTensor, predicted: keras.KerasTensor) -> None:
        """Update the metrics with a batch."""
        gain, colour, palettes = self.metrics
        gain.update_state(psnr_gain(truth, predicted))
        colour.update_state(colourfulness(predicted, ops))
        palettes.update_state(truth, predicted)


def regression_metrics() -> list[keras.metrics.Metric]:
    """Return the metrics that the curves of a regression show next to its loss: gain and colorfulness."""
    return [
        keras.metrics.MeanMetricWrapper(psnr_gain, name=GAIN),
        keras.metrics.MeanMetricWrapper(_predicted_colourfulness, name=COLOURFULNESS),
    ]


def _predicted_colourfulness(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> keras.KerasTensor:
    return colourfulness(predicted, ops)


def psnr_gain(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> keras.KerasTensor:
    """Return the PSNR in dB that each photo gains over its gray version, shape (n,)."""
    gray = ops.repeat(luma(truth)[..., None], 3, axis=-1)
    return _psnr(truth, predicted) - _psnr(truth, gray)


class PaletteDistance(keras.metrics.Metric):
    """Sliced Wasserstein distance between the predicted and the true palette of all photos, in units of (Cb, Cr).

    This is how far the chroma of a predicted pixel must move on average to turn the predicted palette into the true
    one, wherever in the photos the pixels are; 0.01 is 2.55 levels. It is computed (Bonneel et al. 2015,
    https://doi.org/10.1007/s10851-014-0506-3) within each third of the true luma, because a dark red differs from a
    bright one.
    """

    def __init__(self):
        super().__init__(name=PALETTE_DISTANCE)
        shape = (_LUMA_THIRDS * _DIRECTIONS, _STEPS)
        self.true, self.predicted = (
            self.add_weight(shape=shape, initializer="zeros", name=name) for name in ("true", "predicted")
        )

    def update_state(self, truth, predicted, sample_weight=None):
        gray = luma(truth)
        self.true.assign_add(palette(truth, gray))
        self.predicted.assign_add(palette(predicted, gray))

    def result(self):
        pixels = ops.maximum(ops.sum(self.true) / _DIRECTIONS, 1)
        # In one dimension, the distance is the area between the two cumulative distributions.
        difference = ops.cumsum(self.true - self.predicted, axis=-1)
        return ops.sum(ops.abs(difference)) * _STEP / _DIRECTIONS / pixels


def palette(rgb: keras.KerasTensor, gray: keras.KerasTensor) -> keras.KerasTensor:
    """Count pixels by direction, third of luma, and chroma projected onto the direction.

    Args:
        rgb: RGB, shape (..., 3).
        gray: Luma in [0, 1], shape (...).

    Returns:
        Counts, float32, shape (directions x thirds, steps).
    """
    third = ops.minimum(ops.floor(gray * _LUMA_THIRDS), _LUMA_THIRDS - 1)
    blue, red = ops.unstack(chroma(rgb, ops), axis=-1)
    counts = []
    for direction in range(_DIRECTIONS):
        turn = math.pi * direction / _DIRECTIONS
        step = ops.round((blue * math.cos(turn) + red * math.sin(turn)) / _STEP) + _STEPS // 2
        step = ops.clip(ops.nan_to_num(step), 0, _STEPS - 1)  # a diverged network may produce NaN
        place = ops.reshape(ops.cast(third * _STEPS + step, "int32"), (-1,))
        count = ops.segment_sum(ops.ones_like(place, "float32"), place, _LUMA_THIRDS * _STEPS)
        counts.append(ops.reshape(count, (_LUMA_THIRDS, _STEPS)))
    return ops.concatenate(counts)


def palette_rank(least_gain: float, figures: dict[str, float]) -> float:
    """Rank an epoch by its validation metrics, smaller is better; NaN if it must not be kept.

    Among the epochs whose photos gain more than `least_gain` dB over gray, the one whose palette is closest to the true
    one ranks best. The condition excludes networks that put the right colors in the wrong places.
    """
    return figures[f"val_{PALETTE_DISTANCE}"] if figures[f"val_{GAIN}"] > least_gain else math.nan


def _psnr(truth: keras.KerasTensor, picture: keras.KerasTensor) -> keras.KerasTensor:
    error = ops.mean((picture - truth) ** 2, axis=(1, 2, 3))
    return ops.log(ops.maximum(error, np.float32(1e-10))) * np.float32(-10 / math.log(10))
