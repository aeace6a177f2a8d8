"""Compile, fit, go on: a network and photos in, a trained network and its record out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from colorizer.adversarial import AdversarialGame, discriminator, refuse_too_small
from colorizer.batches import PhotoBatches
from colorizer.callbacks import BetweenBatchesAndEpochs, Collapse, EpochReport, Reporter, Showing, Stopped
from colorizer.classification import ChromaClassifier, class_weights, is_classifier
from colorizer.color import chroma_bins
from colorizer.course import BEST, LAST, Course, compile_model
from colorizer.devices import (
    compiled_by_xla,
    convolution_precision,
    enough_memory,
    in_precision,
    prepare_devices,
    strategy,
)
from colorizer.model import Network, save
from colorizer.phases import Phase, learning_layers, phases
from colorizer.settings import ColorizeError, TrainingSettings


@dataclass(frozen=True)
class TrainingRecord:
    """What a training did."""

    history: dict[str, tuple[float | None, ...]]
    """Per epoch: loss, accuracy, val_loss, val_accuracy, learning_rate; with a game, None before it begins, also
    generator_loss, discriminator_loss, discriminator_accuracy, val_gain, val_colourfulness, val_palette_distance."""
    phases: tuple[Phase, ...]
    seconds: float
    kept_epoch: int
    """The epoch, counted from one, whose weights the network now has; 0 for those it came with."""
    device: str
    collapse: str = ""
    """Why a game was ended early; empty where none was."""


class CannotGoOn(ColorizeError):
    """A training that taking it up again would not mend."""


class TrainingStopped(Exception):
    """A training ended because it was asked to, between two batches; its folder holds all it takes to go on."""

    def __init__(self, epoch: int, best_epoch: int):
        super().__init__(f"stopped in epoch {epoch}")
        self.epoch, self.best_epoch = epoch, best_epoch
        """The epoch it was in, and the best one so far (0 before there is one), counted from one."""


def train(
    network: Network,
    learning: PhotoBatches,
    validation: PhotoBatches,
    settings: TrainingSettings,
    folder: Path,
    report: Callable[[EpochReport], None] = lambda report: None,
    should_stop: Callable[[], bool] = lambda: False,
    show: Callable[[EpochReport, Network], None] | None = None,
) -> TrainingRecord:
    """Train `network` in place and return the record; the network ends with the weights of the best epoch.

    Which phases a training has is said in `phases`. The best epoch is chosen by `settings.monitor`; of a game by
    `believability.unbelievability`, and where no epoch of it may be kept, it remains that of the regression. With
    "none" the last is kept, unless its weights are no longer numbers.

    While running, `folder` holds the best epoch (`course.BEST`) and where the training stands behind its last finished
    epoch (`course.STATE`). From a folder that holds such a state already the training goes on, and ends with the same
    weights, on one machine's CPU to the last bit, as if it had never been interrupted.

    `show`, if given, is called behind every epoch with the network as it is then. When `should_stop` answers True
    behind a batch, the network as it is then is saved as `course.LAST` and TrainingStopped is raised. Raises
    ColorizeError when the loss is no longer a number, memory does not suffice, or the state is another network's.
    """
    keras.utils.set_random_seed(settings.seed)
    with strategy(learning.first_batch, validation.first_batch).scope():
        model = in_precision(network.model, settings.precision)
        fitted = ChromaClassifier(model, class_weights(learning)) if is_classifier(model) else model
        game = _game(model, network.size, settings)
    course = Course(network, model, fitted, game, settings, folder, len(learning))
    planned = phases(model, settings)
    for phase in planned:
        if phase.last > course.epochs and not (course.collapse and course.collapse.reason):
            with enough_memory(settings.batch_size):
                _go_through(phase, course, learning, validation, report, should_stop, show)
            if course.fitted.stop_training:  # the loss is no longer a number, or the game is over
                break
    course.finish()
    collapse = course.collapse.reason if course.collapse else ""
    ended_well = math.isfinite(course.history["loss"][-1])
    # A step that ruins the weights reports a loss from before it.
    is_lost = not (ended_well and _is_finite(network.model))
    is_kept = (settings.monitor != "none" or (is_lost and course.has_played)) and (folder / BEST).exists()
    if is_kept:
        network.model.load_weights(folder / BEST)
    if not _is_finite(network.model) or not (ended_well or course.has_played):
        raise CannotGoOn(
            "The loss is no longer a number and training stopped; train anew with a smaller --learning-rate."
        )
    if is_lost and course.has_played:
        collapse = collapse or Collapse.NO_NUMBER
    return TrainingRecord(
        history={name: tuple(values) for name, values in course.history.items()},
        phases=planned,
        seconds=course.seconds(),
        kept_epoch=course.best.epoch if is_kept else course.epochs,
        device=prepare_devices(),
        collapse=collapse,
    )


def _go_through(
    phase: Phase,
    course: Course,
    learning: PhotoBatches,
    validation: PhotoBatches,
    report: Callable[[EpochReport], None],
    should_stop: Callable[[], bool],
    show: Callable[[EpochReport, Network], None] | None,
) -> None:
    """Train through what is left of a phase."""
    start = max(phase.first, course.epochs)
    learning.begin_epoch(start)
    with learning_layers(course.model, phase, course.settings):
        with strategy(learning.first_batch, validation.first_batch).scope():
            course.enter(phase, validation)
        last = phases(course.model, course.settings)[-1].last
        reporter = Reporter(phase.name, last, course.batches, report)
        # The average stands behind those that look at the epoch's own weights, and before what is kept of both.
        callbacks = [course.schedule, keras.callbacks.TerminateOnNaN(), course.best, reporter]
        if show:
            callbacks.append(Showing(reporter, course.model, course.network, show))
        if course.average:
            callbacks.append(course.average)
        if course.is_playing:
            callbacks.append(course.collapse)
        callbacks.append(BetweenBatchesAndEpochs(should_stop, course.keep))
        try:
            course.fitted.fit(
                learning,
                validation_data=validation,
                initial_epoch=start,
                epochs=phase.last,
                callbacks=callbacks,
                shuffle=False,  # the batches are, by their own seed
                verbose=0,
            )
        except Stopped:
            course.finish()
            stopped = TrainingStopped(reporter.epoch, course.best.epoch)
        else:
            return
    save(course.network.model, course.folder / LAST)
    raise stopped


def seconds_per_photo(network: Network, settings: TrainingSettings, is_game: bool = False) -> float:
    """Measure what one photo of a training step takes on this machine, without changing the network.

    With `is_game` a step of the game of `settings.adversarial`.
    """
    with strategy(settings.batch_size).scope():
        model = keras.models.clone_model(in_precision(network.model, settings.precision))
        if is_game:
            fitted = _game(model, network.size, settings)
            fitted.compile(compiled_by_xla())
        else:
            weights = np.ones(len(chroma_bins()), np.float32)
            fitted = ChromaClassifier(model, weights) if is_classifier(model) else model
            compile_model(fitted, settings)
    inputs = np.zeros((settings.batch_size, network.size, network.size, 1), np.float32)
    targets = np.zeros((settings.batch_size, network.size, network.size, 3), np.float32)
    with enough_memory(settings.batch_size):
        fitted.train_on_batch(inputs, targets, return_dict=True)
        started = time.monotonic()
        fitted.train_on_batch(inputs, targets, return_dict=True)
    return (time.monotonic() - started) / settings.batch_size


def _is_finite(model: keras.Model) -> bool:
    return all(np.isfinite(weight).all() for weight in model.get_weights())


def _game(model: keras.Model, size: int, settings: TrainingSettings) -> AdversarialGame | None:
    if settings.adversarial is None:
        return None
    refuse_too_small(size)
    judge = discriminator(settings.adversarial, convolution_precision(settings.precision), settings.seed)
    return AdversarialGame(model, judge, settings.adversarial, settings.loss)
