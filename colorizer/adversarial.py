"""The adversarial game: a generator that colours photos, and a discriminator that tells them from true ones.

A conditional GAN (Isola et al. 2017, pix2pix, https://arxiv.org/abs/1611.07004):

    min_G max_D  E[log D(x, y)] + E[log(1 - D(x, G(x)))] + lambda E|y - G(x)|

where x is a photo's luma, y its true colours and G(x) those the generator gives it, in the last term as RGB in [-1, 1].
"""

from __future__ import annotations

import math

import keras
import tensorflow as tf
from keras import layers, ops

from colorizer.believability import Believability
from colorizer.color import CHROMA_TO_OFFSET, luma
from colorizer.settings import AdversarialSettings, ColorizeError

_STRIDES = (2, 2, 2, 1)
"""Of the discriminator's convolutions but the last: with kernels of 4, each output sees 70 x 70 pixels."""
_L1_RANGE = 2
"""Of RGB behind pix2pix' last layer, a tanh; its lambda weighs errors on that scale, and here RGB lies in [0, 1]."""
SMALLEST_JUDGED = 24
"""Side, in pixels, of the smallest photo of which one patch is left at the end."""


def discriminator(settings: AdversarialSettings, precision: str = "float32", seed: int = 0) -> keras.Model:
    """Build pix2pix' 70 x 70 PatchGAN: (luma, chroma) in, one logit for each patch out, positive where it looks real.

    Luma is float32 in [0, 1], shape (n, height, width, 1); chroma (Cb, Cr), float32 in [-0.5, 0.5], shape
    (n, height, width, 2); logits are float32, shape (n, height / 8 - 2, width / 8 - 2, 1). C64-C128-C256-C512 with
    batch normalization behind all but the first, weights drawn with a standard deviation of 0.02: pix2pix, appendix.
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


class AdversarialGame(keras.Model):
    """A generator and a discriminator, trained against each other by one `fit`.

    Reports of each epoch: loss (that of `regression_loss`, without penalties) and accuracy of RGB; generator_loss
    (judgement and weighted L1); discriminator_loss; discriminator_accuracy (share of patches told rightly, 0.5 being
    chance). Of the validation: loss, accuracy and `believability.Believability`.
    """

    def __init__(self, generator: keras.Model, judge: keras.Model, settings: AdversarialSettings, regression_loss: str):
        super().__init__()
        self.generator, self.discriminator, self.settings = generator, judge, settings
        self.regression_loss = keras.losses.get(regression_loss)
        self.believability = Believability()
        self.accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
        names = ("loss", "generator_loss", "discriminator_loss", "discriminator_accuracy")
        self.means = {name: keras.metrics.Mean(name) for name in names}

    def compile(self, jit_compile: bool | str) -> None:
        """Give both players their optimizers, and these the variables that learn now.

        Keras would do it in the first step: on several devices too late, or with the variables of both for one.
        """
        rates = (self.settings.learning_rate, self.settings.discriminator_learning_rate)
        optimizers = [keras.optimizers.Adam(rate, beta_1=self.settings.beta_1) for rate in rates]
        for optimizer, player in zip(optimizers, (self.generator, self.discriminator), strict=True):
            optimizer.build(player.trainable_variables)
        self.discriminator_optimizer = optimizers[1]
        super().compile(optimizer=optimizers[0], jit_compile=jit_compile)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return [*self.means.values(), self.accuracy, *self.believability.metrics]

    def call(self, gray, training=False):
        return self.generator(gray, training=training)

    def train_step(self, data):
        gray, rgb, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as generating, tf.GradientTape() as judging:
            generated = self._coloured(gray, training=True)
            real = self.discriminator([gray, _chroma(rgb)], training=True)
            fake = self.discriminator([gray, _chroma(generated)], training=True)
            l1 = _L1_RANGE * ops.mean(ops.abs(rgb - generated))
            generator_loss = judgement(fake, self.settings) + self.settings.l1_weight * l1
            penalties = sum(self.generator.losses)
            discriminator_loss = judging_loss(real, fake, self.settings)
            # Optimizers add up the gradients of several GPUs.
            replicas = tf.distribute.get_strategy().num_replicas_in_sync
            losses = ((generator_loss + penalties) / replicas, discriminator_loss / replicas)
        generator_weights = self.generator.trainable_variables
        judge_weights = self.discriminator.trainable_variables
        self.optimizer.apply(generating.gradient(losses[0], generator_weights), generator_weights)
        self.discriminator_optimizer.apply(judging.gradient(losses[1], judge_weights), judge_weights)
        figures = {
            "loss": ops.mean(self.regression_loss(rgb, generated)),
            "generator_loss": generator_loss,
            "discriminator_loss": discriminator_loss,
            "discriminator_accuracy": _told_rightly(real, fake, self.settings),
        }
        for name, figure in figures.items():
            self.means[name].update_state(figure)
        self.accuracy.update_state(rgb, generated)
        return {name: self.means[name].result() for name in figures} | {"accuracy": self.accuracy.result()}

    def test_step(self, data):
        gray, rgb, _ = keras.utils.unpack_x_y_sample_weight(data)
        generated = self._coloured(gray, training=False)
        self.means["loss"].update_state(self.regression_loss(rgb, generated))
        self.accuracy.update_state(rgb, generated)
        self.believability.update(rgb, generated)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, tf.Tensor]:
        """Return the validation's figures; Keras asks for them once more where several GPUs have each seen a part."""
        shown = (self.means["loss"], self.accuracy, *self.believability.metrics)
        return {metric.name: metric.result() for metric in shown}

    def _coloured(self, gray: tf.Tensor, training: bool) -> tf.Tensor:
        return ops.cast(self.generator(gray, training=training), "float32")


def refuse_too_small(size: int) -> None:
    """Raise ColorizeError when a network works on squares in which there is no patch to judge."""
    if size < SMALLEST_JUDGED:
        raise ColorizeError(
            f"A discriminator needs photos of {SMALLEST_JUDGED} pixels at least, and the network works on {size}; "
            "train it by regression, or take a larger one."
        )


def judgement(fake: tf.Tensor, settings: AdversarialSettings) -> tf.Tensor:
    """Return what a generator loses for patches with these logits; the less, the more real they look."""
    if settings.loss == "cross_entropy":
        return _cross_entropy(fake, 1.0)
    if settings.loss == "least_squares":
        return ops.mean((fake - 1) ** 2)
    return -ops.mean(fake)


def judging_loss(real: tf.Tensor, fake: tf.Tensor, settings: AdversarialSettings) -> tf.Tensor:
    """Return the mean of a discriminator's losses on the logits of real and of generated patches."""
    true = 1 - settings.label_smoothing
    if settings.loss == "cross_entropy":
        losses = (_cross_entropy(real, true), _cross_entropy(fake, 0.0))
    elif settings.loss == "least_squares":
        losses = (ops.mean((real - true) ** 2), ops.mean(fake**2))
    else:
        losses = (ops.mean(ops.relu(true - real)), ops.mean(ops.relu(1 + fake)))
    return sum(losses) / 2


def least_judging_loss(settings: AdversarialSettings) -> float:
    """Return what a discriminator loses that makes no mistake: the entropy of smoothed labels, or nothing."""
    smooth = settings.label_smoothing
    if settings.loss != "cross_entropy" or not smooth:
        return 0.0
    return -(smooth * math.log(smooth) + (1 - smooth) * math.log(1 - smooth)) / 2


def _cross_entropy(logits: tf.Tensor, label: float) -> tf.Tensor:
    return ops.mean(ops.binary_crossentropy(ops.full_like(logits, label), logits, from_logits=True))


def _told_rightly(real: tf.Tensor, fake: tf.Tensor, settings: AdversarialSettings) -> tf.Tensor:
    boundary = 0.5 if settings.loss == "least_squares" else 0.0
    return (ops.mean(ops.cast(real > boundary, "float32")) + ops.mean(ops.cast(fake <= boundary, "float32"))) / 2


def _chroma(rgb: tf.Tensor) -> tf.Tensor:
    gray = luma(rgb)
    blue = (rgb[..., 2] - gray) / CHROMA_TO_OFFSET[0, 2]
    red = (rgb[..., 0] - gray) / CHROMA_TO_OFFSET[1, 0]
    return ops.stack([blue, red], axis=-1)
