"""Compile, fit, go on: a network and photos in, a trained network and its record out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import keras
import numpy as np

from colorizer.dataset.batches import PhotoBatches
from colorizer.errors import Diverged
from colorizer.files import exists
from colorizer.network.devices import (
    convolution_precision,
    enough_memory,
    in_precision,
    make_deterministic,
    prepare_devices,
    set_seeds,
    strategy,
)
from colorizer.network.model_files import save
from colorizer.network.network import Network
from colorizer.quiet import quiet_logger
from colorizer.settings import TrainingSettings
from colorizer.training.callbacks import BetweenBatchesAndEpochs, EpochReport, Reporter, Showing, Stopped
from colorizer.training.checkpoint import BEST, LAST
from colorizer.training.collapse import Collapse
from colorizer.training.gradient_norms import GradientNorms
from colorizer.training.logs import LOGS, tensorboard_logs
from colorizer.training.memory import refuse_too_large
from colorizer.training.phases import ADVERSARIAL, Phase, learning_layers, planned_phases
from colorizer.training.stages import Adversarial, Regression, Stage
from colorizer.training.state import TrainingState


@dataclass(frozen=True)
class TrainingRecord:
    """What a training did."""

    history: dict[str, tuple[float | None, ...]]
    """Per epoch: loss, accuracy, gain and colourfulness, those of the validation as val_loss and so on, and
    learning_rate; with an adversarial phase also generator_loss, discriminator_loss, discriminator_accuracy and
    val_palette_distance, None before it begins. Its epochs have no gain and colourfulness but those of validation."""
    phases: tuple[Phase, ...]
    seconds: float
    kept_epoch: int
    """The epoch, counted from one, whose weights the network now has; 0 for those it came with."""
    device: str
    collapse: str = ""
    """Why the adversarial phase was ended early; empty where none was."""


class TrainingStopped(Exception):
    """A training ended because it was asked to, between two batches; its folder holds all it takes to go on."""

    def __init__(self, epoch: int, best_epoch: int):
        super().__init__(f"stopped in epoch {epoch}")
        self.epoch, self.best_epoch = epoch, best_epoch
        """The epoch it was in, and the best one so far (0 before there is one), counted from one."""


@quiet_logger("tensorflow")  # which warns of every phase that it is another function
def train_network(
    network: Network,
    learning: PhotoBatches,
    validation: PhotoBatches,
    settings: TrainingSettings,
    folder: Path,
    report: Callable[[EpochReport], None] = lambda report: None,
    should_stop: Callable[[], bool] = lambda: False,
    show: Callable[[EpochReport, Network], None] | None = None,
    is_start_ranked: bool = False,
) -> TrainingRecord:
    """Train `network` in place and return the record; the network ends with the weights of the best epoch.

    Which phases a training has is said in `phases`. The best epoch is chosen by `settings.monitor`; of an adversarial
    phase by `realism.palette_rank`, and where no epoch of it may be kept, it remains that of the regression. With
    "none" the last is kept, unless its weights are no longer numbers.

    With `is_start_ranked`, the network as it comes is validated too, and keeps its weights if no epoch ranks better.

    While running, `folder` holds the best epoch (`checkpoint.BEST`) and where the training stands after its last
    finished epoch (`checkpoint.STATE`). From a folder that holds such a state already the training goes on, and ends
    with the same weights, on one machine's CPU to the last bit, as if it had never been interrupted.

    `show`, if given, is called after every epoch with the network as it is then. When `should_stop` answers True
    after a batch, the network as it is then is saved as `checkpoint.LAST` and TrainingStopped is raised. Raises
    Diverged when the loss is no longer a number, OutOfMemory, or ColorizeError when the state is another network's.
    """
    if settings.adversarial and convolution_precision(settings.precision) == "mixed_float16":
        settings = replace(settings, precision="float32")
    if settings.is_deterministic:
        make_deterministic()
    set_seeds(settings.seed)
    with strategy(learning.first_batch, validation.first_batch).scope():
        model = in_precision(network.model, settings.precision)
        _seed_dropout(model, settings.seed)
        regression = Regression(model, settings, learning)
        adversarial = Adversarial(model, network.size, settings, len(learning)) if settings.adversarial else None
    _refuse_too_large(model, learning.first_batch)
    state = TrainingState(network, model, settings, folder)
    state.resume(regression, 0, len(learning))
    if adversarial:
        state.resume(adversarial, settings.epochs, len(learning))
    planned = planned_phases(model, settings)
    for phase in planned:
        stage = adversarial if phase.name == ADVERSARIAL else regression
        if phase.last <= state.epochs or (adversarial and adversarial.collapse.reason):
            continue
        with enough_memory(settings.batch_size):
            _go_through(
                phase, planned[-1].last, stage, state, learning, validation, report, should_stop, show, is_start_ranked
            )
        if stage.fitted.stop_training:  # the loss is no longer a number, or the adversarial phase is over
            break
    state.finish()
    kept_epoch, is_lost = _keep_weights(state)
    collapse = adversarial.collapse.reason if adversarial else ""
    return TrainingRecord(
        history={name: tuple(values) for name, values in state.history.items()},
        phases=planned,
        seconds=state.seconds(),
        kept_epoch=kept_epoch,
        device=prepare_devices(),
        collapse=collapse or Collapse.NO_NUMBER * is_lost,
    )


def _go_through(
    phase: Phase,
    epochs: int,
    stage: Stage,
    state: TrainingState,
    learning: PhotoBatches,
    validation: PhotoBatches,
    report: Callable[[EpochReport], None],
    should_stop: Callable[[], bool],
    show: Callable[[EpochReport, Network], None] | None,
    is_start_ranked: bool,
) -> None:
    """Train through what is left of a phase, of a training of so many epochs in all."""
    start = max(phase.first, state.epochs)
    learning.begin_epoch(start)
    with learning_layers(state.model, phase, state.settings):
        with strategy(learning.first_batch, validation.first_batch).scope():
            _enter(phase, stage, state, validation, is_start_ranked)
        reporter = Reporter(phase.name, epochs, len(learning), report)
        # The average stands after those that look at the epoch's own weights, and before what is kept of both.
        callbacks = [stage.schedule, keras.callbacks.TerminateOnNaN(), state.best, reporter]
        if show:
            callbacks.append(Showing(reporter, state.model, state.network, show))
        if state.settings.tensorboard:
            callbacks.append(tensorboard_logs(state.folder / LOGS))
        if state.settings.gradients and isinstance(stage, Regression):
            callbacks.append(GradientNorms(stage.fitted, *validation[0]))
        if state.average:
            callbacks.append(state.average)
        callbacks += [*stage.callbacks, BetweenBatchesAndEpochs(should_stop, partial(state.keep, stage))]
        try:
            stage.fitted.fit(
                learning,
                validation_data=validation,
                initial_epoch=start,
                epochs=phase.last,
                callbacks=callbacks,
                shuffle=False,  # the batches are, by their own seed
                verbose=0,
            )
            return
        except Stopped:
            state.finish()
    save(state.network.model, state.folder / LAST)
    raise TrainingStopped(reporter.epoch, state.best.epoch)


def _enter(phase: Phase, stage: Stage, state: TrainingState, validation: PhotoBatches, is_start_ranked: bool) -> None:
    is_resumed = state.enter(stage, phase)
    if is_resumed:
        return
    if isinstance(stage, Adversarial):
        stage.measure(validation)
        state.write(stage)
    elif is_start_ranked and phase.first == 0 and state.settings.monitor.startswith("val_"):
        figures = stage.fitted.evaluate(validation, verbose=0, return_dict=True)
        state.best.consider(0, {f"val_{name}": value for name, value in figures.items()})


def _keep_weights(state: TrainingState) -> tuple[int, bool]:
    """Give the network the weights that win, and return their epoch, and whether those of the last one are lost.

    The best epoch's win, unless `monitor` is "none": then the last one's. An adversarial phase that has lost its
    numbers still has the best epoch from before, or what it began with. Raises Diverged where no weights are left.
    """
    model, best = state.network.model, state.folder / BEST
    ended_well = math.isfinite(state.history["loss"][-1])
    # A step that ruins the weights reports a loss from before it.
    is_lost = not (ended_well and _is_finite(model))
    is_best_kept = (state.settings.monitor != "none" or (is_lost and state.is_adversarial)) and exists(best)
    if is_best_kept:
        model.load_weights(best)
    if not _is_finite(model) or not (ended_well or state.is_adversarial):
        raise Diverged("The loss is no longer a number and training stopped.")
    return state.best.epoch if is_best_kept else state.epochs, is_lost and state.is_adversarial


def _seed_dropout(model: keras.Model, seed: int) -> None:
    """Let every layer that draws at random draw by the training's seed: a model file does not keep what Keras drew for
    it, so that a training taken up before its first checkpoint would drop out other activations.
    """
    generators = [layer.seed_generator for layer in model.layers if hasattr(layer, "seed_generator")]
    for number, generator in enumerate(generators):
        generator.state.assign([np.random.SeedSequence((seed, number)).generate_state(1)[0], 0])


def _refuse_too_large(model: keras.Model, batch_size: int) -> None:
    if prepare_devices() == "CPU":  # a GPU's own allocator says no in time, and may use what others have let go of
        refuse_too_large(model, batch_size)


def _is_finite(model: keras.Model) -> bool:
    return all(np.isfinite(weight).all() for weight in model.get_weights())
