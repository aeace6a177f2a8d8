"""The phases of a training, and the layers that are trained in each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import keras

from colorizer.network.encoders import encoder_layers, is_pretrained, layers_from
from colorizer.settings import TrainingSettings

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
