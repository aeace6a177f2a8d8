"""The phases of a training: what each one trains, how it is fitted, and which epoch is best."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import keras

from colorizer.dataset.batches import PhotoBatches
from colorizer.network.architectures import is_classifier
from colorizer.network.devices import compiled_by_xla, convolution_precision, scaled_optimizer
from colorizer.network.encoders import encoder_layers, is_pretrained, layers_from
from colorizer.settings import TrainingSettings
from colorizer.training.adversarial import AdversarialTraining, Collapse, discriminator, refuse_too_small
from colorizer.training.callbacks import CosineDecay, LinearDecay, Plateau
from colorizer.training.checkpoint import Checkpoint
from colorizer.training.losses import ChromaClassifier, class_weights, regression_loss
from colorizer.training.realism import GAIN, palette_rank, regression_metrics

REGRESSION, FEATURE_EXTRACTION, FINE_TUNING, ADVERSARIAL = (
    "regression",
    "feature extraction",
    "fine-tuning",
    "adversarial",
)


@dataclass(frozen=True)
class Phase:
    """A range of epochs trained with one optimizer."""

    name: str
    """`REGRESSION` without a pretrained encoder, `FEATURE_EXTRACTION` while one is frozen, `FINE_TUNING` while it is
    trained too, or `ADVERSARIAL`.
    """
    first: int
    last: int
    """The first epoch, counted from zero, and the epoch after the last."""
    rate: float = 1.0
    """Factor for the learning rate."""


def planned_phases(model: keras.Model, settings: TrainingSettings) -> tuple[Phase, ...]:
    """Return the phases of a training of `model`, without empty ones."""
    end = settings.epochs + (settings.adversarial.epochs if settings.adversarial else 0)
    frozen = min(settings.frozen_epochs, settings.epochs) if is_pretrained(model) else 0
    learning = FINE_TUNING if is_pretrained(model) else REGRESSION
    planned = (
        Phase(FEATURE_EXTRACTION, 0, frozen),
        Phase(learning, frozen, settings.epochs, settings.fine_tuning_factor if frozen else 1.0),
        Phase(ADVERSARIAL, settings.epochs, end),
    )
    return tuple(phase for phase in planned if phase.first < phase.last)


@contextmanager
def learning_layers(model: keras.Model, phase: Phase, settings: TrainingSettings) -> Iterator[None]:
    """Make the layers of a phase trainable inside the block.

    These are all layers except a frozen encoder, or its blocks before `settings.fine_tune_from`. Batch statistics of a
    pretrained encoder are never trained. Raises ColorizeError.
    """
    learning = [] if phase.name == FEATURE_EXTRACTION else layers_from(model, settings.fine_tune_from)
    with _trainable(model, learning):
        yield


@contextmanager
def all_layers(model: keras.Model) -> Iterator[None]:
    """Make the whole encoder trainable inside the block, so that a model saved there is not permanently frozen."""
    with _trainable(model, encoder_layers(model)):
        yield


@contextmanager
def _trainable(model: keras.Model, learning: list[keras.layers.Layer]) -> Iterator[None]:
    normalization = keras.layers.BatchNormalization
    layers = [layer for layer in encoder_layers(model) if not isinstance(layer, normalization)]
    before, chosen = [layer.trainable for layer in layers], set(map(id, learning))
    for layer in layers:
        layer.trainable = id(layer) in chosen
    try:
        yield
    finally:
        for layer, was in zip(layers, before, strict=True):
            layer.trainable = was


_OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "sgd": partial(keras.optimizers.SGD, momentum=0.9, nesterov=True),
    "rmsprop": keras.optimizers.RMSprop,
}


class Regression:
    """Fits a network to the true colors, or a classifying network to their chroma bins."""

    def __init__(self, model: keras.Model, settings: TrainingSettings, learning: PhotoBatches):
        self._model, self._settings = model, settings
        self.fitted = ChromaClassifier(model, class_weights(learning)) if is_classifier(model) else model
        self.schedule: CosineDecay | Plateau = Plateau(settings)
        if settings.schedule == "cosine":
            self.schedule = CosineDecay(settings, settings.epochs * len(learning))
        self.callbacks: tuple[keras.callbacks.Callback, ...] = ()

    def compile(self, phase: Phase) -> None:
        """Compile for a phase, with a new optimizer."""
        rate = self._settings.learning_rate * phase.rate
        compile_model(self.fitted, self._settings, rate)
        self.fitted.optimizer.build(self._model.trainable_variables)
        if isinstance(self.schedule, CosineDecay):
            self.schedule.peak = rate

    def rank(self, figures: dict[str, float]) -> float:
        """Rank an epoch by its metrics, smaller is better; NaN if it must not be kept."""
        monitor = self._settings.monitor
        return figures.get(monitor, math.nan) * (-1 if "accuracy" in monitor else 1)

    def variables(self) -> dict[str, list[keras.Variable]]:
        """Return the variables of this stage, besides the network's, that a checkpoint stores, by name."""
        return {"optimizer": self.fitted.optimizer.variables}

    def resume(self, checkpoint: Checkpoint, steps: int) -> None:
        """Restore the schedule from a checkpoint, after `steps` steps of this stage."""
        if isinstance(self.schedule, Plateau):
            self.schedule.seen = checkpoint.plateau
        else:
            self.schedule.seen = steps


class Adversarial:
    """Fits a network against a discriminator."""

    def __init__(self, model: keras.Model, size: int, settings: TrainingSettings, batches: int):
        adversarial = settings.adversarial
        assert adversarial is not None
        refuse_too_small(size)
        self._settings, self.least_gain = adversarial, 0.0
        opponent = discriminator(adversarial, convolution_precision(settings.precision), settings.seed)
        loss = regression_loss(settings.loss, settings.colourfulness_weight, settings.colour_difference_weight)
        self.fitted = AdversarialTraining(model, opponent, adversarial, loss)
        self.schedule = LinearDecay(adversarial, adversarial.epochs * batches)
        self.collapse = Collapse(adversarial)
        self.callbacks = (self.collapse,)

    def compile(self, phase: Phase) -> None:
        """Compile for the phase, with new optimizers."""
        self.fitted.compile(compiled_by_xla())

    def measure(self, validation: PhotoBatches) -> None:
        """Measure the generator's gain before its first step, which limits how much of it may be lost."""
        before = self.fitted.evaluate(validation, verbose=0, return_dict=True)
        self.least_gain = max(0.0, before[GAIN]) * self._settings.kept_gain

    def rank(self, figures: dict[str, float]) -> float:
        """Rank an epoch by its metrics, smaller is better; NaN if it must not be kept."""
        return palette_rank(self.least_gain, figures)

    def variables(self) -> dict[str, list[keras.Variable]]:
        """Return the variables of this stage, besides the generator's, that a checkpoint stores, by name."""
        return {
            "optimizer": self.fitted.optimizer.variables,
            "discriminator": self.fitted.discriminator.variables,
            "discriminator_optimizer": self.fitted.discriminator_optimizer.variables,
        }

    def resume(self, checkpoint: Checkpoint, steps: int) -> None:
        """Restore the schedule and the collapse watch from a checkpoint, after `steps` steps of this stage."""
        self.schedule.seen, self.collapse.seen = steps, checkpoint.collapse
        self.least_gain = checkpoint.least_gain


Stage = Regression | Adversarial


def compile_model(model: keras.Model, settings: TrainingSettings, learning_rate: float) -> None:
    """Compile for regression: the loss, the share of pixels whose strongest channel is right, gain and colorfulness."""
    optimizer = _OPTIMIZERS[settings.optimizer](learning_rate, global_clipnorm=settings.gradient_norm)
    model.compile(
        optimizer=scaled_optimizer(optimizer, settings.precision),
        loss=regression_loss(settings.loss, settings.colourfulness_weight, settings.colour_difference_weight),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy"), *regression_metrics()],
        jit_compile=compiled_by_xla(),
    )
