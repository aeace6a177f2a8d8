"""The discriminator: which patches of a photo have true colours?"""

from __future__ import annotations

import keras
from keras import layers

from colorizer.errors import ColorizeError
from colorizer.settings import AdversarialSettings

_STRIDES = (2, 2, 2, 1)
"""Of the discriminator's convolutions but the last: with kernels of 4, each output sees 70 x 70 pixels."""
SMALLEST_SIZE = 24
"""Side, in pixels, of the smallest photo of which one patch is left at the end."""


def discriminator(settings: AdversarialSettings, precision: str = "float32", seed: int = 0) -> keras.Model:
    """Build pix2pix' 70 x 70 PatchGAN: (luma, chroma) in, one logit for each patch out, positive where it looks real.

    Luma is float32 in [0, 1], shape (n, height, width, 1); chroma (Cb, Cr), float32 in [-0.5, 0.5], shape
    (n, height, width, 2); logits are float32, shape (n, height / 8 - 2, width / 8 - 2, 1). C64-C128-C256-C512 with
    batch normalization after all but the first, weights drawn with a standard deviation of 0.02: pix2pix, appendix.
    `precision` is that of the convolutions.
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
    """Raise ColorizeError when a network works on squares in which there is no patch to tell."""
    if size < SMALLEST_SIZE:
        raise ColorizeError(
            f"A discriminator needs a network for photos of at least {SMALLEST_SIZE} pixels, but this one works on "
            f"{size}. Train it by regression, or choose a larger network."
        )
