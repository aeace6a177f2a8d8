"""Adversarial training: a generator colorizes photos, and a discriminator distinguishes them from real ones.

A conditional GAN (Isola et al. 2017, pix2pix, https://arxiv.org/abs/1611.07004):

    min_G max_D  E[log D(x, y)] + E[log(1 - D(x, G(x)))] + lambda E|y - G(x)|

where x is a photo's luma, y its true colors and G(x) the generated colors. The last term compares RGB in [-1, 1].
"""

from __future__ import annotations

import math

import keras
import tensorflow as tf
from keras import layers, ops

from colorizer.errors import ColorizeError
from colorizer.photos.color import chroma
from colorizer.settings import AdversarialSettings
from colorizer.training.losses import Loss
from colorizer.training.realism import Realism

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


class Collapse(keras.callbacks.Callback):
    """End an adversarial training when the discriminator makes no more errors, or a loss is not finite."""

    NO_NUMBER = "a loss is no longer a number"

    def __init__(self, settings: AdversarialSettings):
        super().__init__()
        self.settings, self._sum = settings, 0.0
        self._won = least_real_or_fake_loss(settings) + settings.collapse_loss
        self.seen: tuple[int, str] = (0, "")
        """Consecutive steps in which the discriminator made no error, and why the training ended."""

    @property
    def reason(self) -> str:
        return self.seen[1]

    def on_epoch_begin(self, epoch, logs=None):
        self._sum = 0.0

    def on_train_batch_end(self, batch, logs=None):
        figures = logs or {}
        # Keras reports the mean over the batches of the epoch so far.
        total = figures["discriminator_loss"] * (batch + 1)
        loss, self._sum = total - self._sum, total
        if not math.isfinite(total) or not math.isfinite(figures["generator_loss"]):
            self._end(self.NO_NUMBER)
            return
        steps = self.seen[0] + 1 if loss < self._won else 0
        self.seen = (steps, "")
        if steps >= self.settings.collapse_steps:
            self._end(
                f"for {steps} steps the discriminator distinguished generated colors from real ones perfectly, so "
                "the generator no longer learns"
            )

    def _end(self, reason: str) -> None:
        self.seen, self.model.stop_training = (self.seen[0], reason), True


_L1_RANGE = 2
"""Factor on the L1 error: pix2pix weights it with lambda on RGB in [-1, 1] (tanh output), but here RGB lies in [0, 1].
"""


class AdversarialTraining(keras.Model):
    """A generator and a discriminator trained against each other by one `fit`.

    Metrics of each epoch: loss (`regression_loss` without penalties) and accuracy of the RGB; generator_loss
    (adversarial loss plus weighted L1); discriminator_loss; discriminator_accuracy (share of patches classified
    correctly; 0.5 is chance). Validation metrics: loss, accuracy and those of `realism.Realism`.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        settings: AdversarialSettings,
        regression_loss: Loss,
    ):
        super().__init__()
        self.generator, self.discriminator, self.settings = generator, discriminator, settings
        self.regression_loss = regression_loss
        self.realism = Realism()
        self.accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
        names = ("loss", "generator_loss", "discriminator_loss", "discriminator_accuracy")
        self.means = {name: keras.metrics.Mean(name) for name in names}

    def compile(self, jit_compile: bool | str) -> None:
        """Create and build the optimizers of both networks.

        Keras would build them in the first step. With several devices that is too late, and one optimizer could get the
        variables of both networks.
        """
        rates = (self.settings.learning_rate, self.settings.discriminator_learning_rate)
        optimizers = [keras.optimizers.Adam(rate, beta_1=self.settings.beta_1) for rate in rates]
        for optimizer, network in zip(optimizers, (self.generator, self.discriminator), strict=True):
            optimizer.build(network.trainable_variables)
        self.discriminator_optimizer = optimizers[1]
        super().compile(optimizer=optimizers[0], jit_compile=jit_compile)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return [*self.means.values(), self.accuracy, *self.realism.metrics]

    def call(self, gray, training=False):
        return self.generator(gray, training=training)

    def train_step(self, data):
        gray, rgb, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as of_generator, tf.GradientTape() as of_discriminator:
            generated = self._coloured(gray, training=True)
            real = self.discriminator([gray, chroma(rgb, ops)], training=True)
            fake = self.discriminator([gray, chroma(generated, ops)], training=True)
            l1 = _L1_RANGE * ops.mean(ops.abs(rgb - generated))
            generator_loss = adversarial_loss(fake, self.settings) + self.settings.l1_weight * l1
            penalties = sum(self.generator.losses)
            discriminator_loss = real_or_fake_loss(real, fake, self.settings)
            # Optimizers sum the gradients of all GPUs.
            replicas = tf.distribute.get_strategy().num_replicas_in_sync
            losses = ((generator_loss + penalties) / replicas, discriminator_loss / replicas)
        generator_weights = self.generator.trainable_variables
        discriminator_weights = self.discriminator.trainable_variables
        self.optimizer.apply(of_generator.gradient(losses[0], generator_weights), generator_weights)
        gradients = of_discriminator.gradient(losses[1], discriminator_weights)
        self.discriminator_optimizer.apply(gradients, discriminator_weights)
        figures = {
            "loss": ops.mean(self.regression_loss(rgb, generated)),
            "generator_loss": generator_loss,
            "discriminator_loss": discriminator_loss,
            "discriminator_accuracy": _accuracy(real, fake, self.settings),
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
        self.realism.update(rgb, generated)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, tf.Tensor]:
        """Return the validation metrics; with several GPUs, Keras calls this again to combine their results."""
        shown = (self.means["loss"], self.accuracy, *self.realism.metrics)
        return {metric.name: metric.result() for metric in shown}

    def _coloured(self, gray: tf.Tensor, training: bool) -> tf.Tensor:
        return ops.cast(self.generator(gray, training=training), "float32")


def adversarial_loss(fake: tf.Tensor, settings: AdversarialSettings) -> tf.Tensor:
    """Return the generator's adversarial loss; it falls as the patches look more real.

    Args:
        fake: The discriminator's logits for generated patches.
        settings: Kind of loss.
    """
    if settings.loss == "cross_entropy":
        return _cross_entropy(fake, 1.0)
    if settings.loss == "least_squares":
        return ops.mean((fake - 1) ** 2)
    return -ops.mean(fake)


def real_or_fake_loss(real: tf.Tensor, fake: tf.Tensor, settings: AdversarialSettings) -> tf.Tensor:
    """Return the discriminator's loss: the mean of its losses on real and generated patches.

    Args:
        real: Logits for real patches.
        fake: Logits for generated patches.
        settings: Kind of loss and label smoothing.
    """
    true = 1 - settings.label_smoothing
    if settings.loss == "cross_entropy":
        losses = (_cross_entropy(real, true), _cross_entropy(fake, 0.0))
    elif settings.loss == "least_squares":
        losses = (ops.mean((real - true) ** 2), ops.mean(fake**2))
    else:
        losses = (ops.mean(ops.relu(true - real)), ops.mean(ops.relu(1 + fake)))
    return sum(losses) / 2


def least_real_or_fake_loss(settings: AdversarialSettings) -> float:
    """Return the loss of a discriminator that makes no mistakes: the entropy of smoothed labels, otherwise 0."""
    smooth = settings.label_smoothing
    if settings.loss != "cross_entropy" or not smooth:
        return 0.0
    return -(smooth * math.log(smooth) + (1 - smooth) * math.log(1 - smooth)) / 2


def _cross_entropy(logits: tf.Tensor, label: float) -> tf.Tensor:
    return ops.mean(ops.binary_crossentropy(ops.full_like(logits, label), logits, from_logits=True))


def _accuracy(real: tf.Tensor, fake: tf.Tensor, settings: AdversarialSettings) -> tf.Tensor:
    boundary = 0.5 if settings.loss == "least_squares" else 0.0
    return (ops.mean(ops.cast(real > boundary, "float32")) + ops.mean(ops.cast(fake <= boundary, "float32"))) / 2
