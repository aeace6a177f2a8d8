"""The discriminator, which classifies patches of a photo as real or generated."""

from __future__ import annotations

import keras
from keras import layers

from colorizer.errors import ColorizeError
from colorizer.settings import AdversarialSettings

_STRIDES = (2, 2, 2, 1)
"""Strides of all convolutions but the last: with kernels of 4, the receptive field is 70 x 70 pixels."""
SMALLEST_SIZE = 24
"""Smallest side of a photo, in pixels, for which one patch remains at the output."""


def discriminator(settings: AdversarialSettings, precision: str = "float32", seed: int = 0) -> keras.Model:
    """Build pix2pix' 70 x 70 PatchGAN, with one logit per patch; positive logits mean real.

    The layers are C64-C128-C256-C512 with batch normalization after all but the first. Initial weights have a standard
    deviation of 0.02 (pix2pix, appendix).

    Args:
        settings: Number of filters.
        precision: Precision policy of the convolutions.
        seed: Seed of the initial weights.

    Returns:
        A model of two inputs: luma, float32 in [0, 1], shape (n, height, width, 1), and chroma (Cb, Cr), float32 in
        [-0.5, 0.5], shape (n, height, width, 2). Its output is logits, float32, shape (n, height / 8 - 2, width / 8 -
        2, 1).
    """
    seen = [layers.Input((None, None, count), name=name) for name, count in (("luma", 1), ("chroma", 2))]
    initial = keras.initializers.RandomNormal(stddev=0.02, seed=seed)
    x = layers.Concatenate()(seen)
    for depth, stride in enumerate(_STRIDES):
        x = layers.ZeroPadding2D(1)(x)
        x = layers.Conv2D(
            settings.filters * 2**depth,
            4,
            strides=stride,
            use_bias=depth == 0,
            kernel_initializer=initial,
            dtype=precision,
        )(x)
        x = layers.BatchNormalization(momentum=0.9)(x) if depth else x
        x = layers.LeakyReLU(negative_slope=0.2, dtype=precision)(x)
    x = layers.ZeroPadding2D(1)(x)
    logits = layers.Conv2D(1, 4, kernel_initializer=initial, name="patches")(x)
    return keras.Model(seen, logits, name="discriminator")


def refuse_too_small(size: int) -> None:
    """Raise ColorizeError if the network's squares are too small for even one patch."""
    if size < SMALLEST_SIZE:
        raise ColorizeError(
            f"A discriminator needs a network for photos of at least {SMALLEST_SIZE} pixels, but this one works on "
            f"{size}. Train it by regression, or choose a larger network."
        )
