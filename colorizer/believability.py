"""How believable colours are, measured while a network is validated: what the nearest picture is not judged by.

A network that averages over what a thing's colour may be comes nearest to the truth and paints the world brown. It is
found out by the palette of all its photos together, which lacks the colours that the true photos have.
"""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import ops

from colorizer.color import CHROMA_STEP, CHROMA_TO_OFFSET, colourfulness, luma

_LUMA_THIRDS = 3
_CHROMA_SIDE = round(1 / CHROMA_STEP) + 1
PALETTE_COLOURS = _LUMA_THIRDS * _CHROMA_SIDE**2
"""Colours told apart in a palette: squares of `color.CHROMA_STEP` in the plane of (Cb, Cr), in each third of luma."""
GAIN, COLOURFULNESS, PALETTE_DISTANCE = "gain", "colourfulness", "palette_distance"


class Believability:
    """Figures of all photos validated so far; all RGB is float32 in [0, 1], shape (n, h, w, 3).

    gain: mean PSNR gained over leaving the photos gray, in dB. colourfulness: mean of `color.colourfulness`.
    palette_distance: `PaletteDistance`.
    """

    def __init__(self):
        self.metrics = [keras.metrics.Mean(GAIN), keras.metrics.Mean(COLOURFULNESS), PaletteDistance()]

    def update(self, truth: keras.KerasTensor, predicted: keras.KerasTensor) -> None:
        """Take in a batch."""
        gray = ops.repeat(luma(truth)[..., None], 3, axis=-1)
        gain, colour, palettes = self.metrics
        gain.update_state(_psnr(truth, predicted) - _psnr(truth, gray))
        colour.update_state(colourfulness(predicted, ops))
        palettes.update_state(truth, predicted)


class PaletteDistance(keras.metrics.Metric):
    """Total variation between the true palette of all photos and the predicted one: the share of pixels, from 0 to 1,
    whose colour would have to change to make them equal, wherever in the photos they are.
    """

    def __init__(self):
        super().__init__(name=PALETTE_DISTANCE)
        self.true, self.predicted = (
            self.add_weight(shape=(PALETTE_COLOURS,), initializer="zeros", name=name) for name in ("true", "predicted")
        )

    def update_state(self, truth, predicted, sample_weight=None):
        self.true.assign_add(palette(truth))
        self.predicted.assign_add(palette(predicted))

    def result(self):
        shares = [counts / ops.maximum(ops.sum(counts), 1) for counts in (self.true, self.predicted)]
        return ops.sum(ops.abs(shares[0] - shares[1])) / 2


def palette(rgb: keras.KerasTensor) -> keras.KerasTensor:
    """Count the pixels of RGB in [0, 1], shape (..., 3), by colour: float32, shape (PALETTE_COLOURS,)."""
    gray = luma(rgb)
    third = ops.minimum(ops.floor(gray * _LUMA_THIRDS), _LUMA_THIRDS - 1)
    blue = (rgb[..., 2] - gray) / CHROMA_TO_OFFSET[0, 2]
    red = (rgb[..., 0] - gray) / CHROMA_TO_OFFSET[1, 0]
    blue, red = (ops.round(chroma / CHROMA_STEP) + _CHROMA_SIDE // 2 for chroma in (blue, red))
    colour = ops.cast((third * _CHROMA_SIDE + blue) * _CHROMA_SIDE + red, "int32")
    counts = ops.bincount(ops.reshape(colour, (-1,)), minlength=PALETTE_COLOURS)
    return ops.cast(counts[:PALETTE_COLOURS], "float32")


def unbelievability(figures: dict[str, float]) -> float:
    """Rank an epoch by its validation figures, smaller being better; NaN where it may not be kept.

    Of the epochs whose photos are nearer to the truth than gray ones, the one whose palette is nearest to the true one.
    The first condition keeps out a network that has the right colours in the wrong places.
    """
    return figures[f"val_{PALETTE_DISTANCE}"] if figures[f"val_{GAIN}"] > 0 else math.nan


def _psnr(truth: keras.KerasTensor, picture: keras.KerasTensor) -> keras.KerasTensor:
    error = ops.mean((picture - truth) ** 2, axis=(1, 2, 3))
    return ops.log(ops.maximum(error, np.float32(1e-10))) * np.float32(-10 / math.log(10))
