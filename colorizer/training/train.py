"""Train a network: network and photos in, trained network and record out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import keras
import numpy as np

from colorizer.dataset.batches import PhotoBatches
from colorizer.errors import Diverged
from colorizer.files import exists
from colorizer.libraries import suppressed_logger
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
from colorizer.settings import TrainingSettings
from colorizer.training.adversarial import Collapse
from colorizer.training.callbacks import (
    LOGS,
    Average,
    BestEpoch,
    BetweenBatchesAndEpochs,
    EpochReport,
    GradientNorms,
    Plateau,
    Reporter,
    Showing,
    Stopped,
    tensorboard_logs,
)
from colorizer.training.checkpoint import BEST, LAST, STATE, Checkpoint, assign, load_checkpoint, save_checkpoint
from colorizer.training.cost import refuse_too_large
from colorizer.training.phases import (
    ADVERSARIAL,
    Adversarial,
    Phase,
    Regression,
    Stage,
    all_layers,
    learning_layers,
    planned_phases,
)


class TrainingState:
    """Progress of a training; starts from the checkpoint in `folder` if there is one.

    `model` is trained; `network.model` receives the float32 weights that are saved, and the final ones.
    """

    def __init__(self, network: Network, model: keras.Model, settings: TrainingSettings, folder: Path):
        self.network, self.model, self.settings, self.folder = network, model, settings, folder
        self.planned = planned_phases(model, settings)
        self.best = BestEpoch(folder / BEST, model, network.model, partial(all_layers, network.model))
        self.average = Average(model, settings.average) if settings.average else None
        self.epochs, self.history, self.is_adversarial = 0, {}, False
        self._started = time.monotonic()
        # Released after use, because it is as large as everything that is trained.
        self._checkpoint = load_checkpoint(folder / STATE)
        if self._checkpoint:
            self._take_up(self._checkpoint)

    def seconds(self) -> float:
        """Return the training time in seconds, including earlier parts of a resumed training."""
        return time.monotonic() - self._started

    def enter(self, stage: Stage, phase: Phase) -> bool:
        """Prepare a stage for a phase, new or resumed from the checkpoint; return whether it was resumed."""
        checkpoint, self._checkpoint = self._checkpoint, None
        is_adversarial = isinstance(stage, Adversarial)
        # An adversarial phase writes a checkpoint before its first step, because its best network will replace the
        # other.
        is_resumed = checkpoint is not None and (
            self.epochs > phase.first or (is_adversarial and checkpoint.is_adversarial)
        )
        if is_adversarial and not is_resumed:
            self._begin_from_best()
        self.is_adversarial = is_adversarial
        stage.compile(phase)
        self.best.rank = _never if self.settings.monitor == "none" else stage.rank
        if is_resumed and checkpoint is not None:
            for name, variables in stage.variables().items():
                assign(variables, checkpoint.arrays.get(name, []), self.folder / STATE)
        return is_resumed

    def resume(self, stage: Stage, first: int, batches: int) -> None:
        """Restore a stage from the checkpoint; `first` is the stage's first epoch, counted from zero."""
        if self._checkpoint:
            # The number of batches may have changed if the earlier batch size did not fit into memory.
            stage.resume(self._checkpoint, max(0, self.epochs - first) * batches)

    def keep(self, stage: Stage, epochs: int, figures: dict[str, float]) -> None:
        """Record an epoch's metrics, and write a checkpoint unless the loss is not finite."""
        before = max(map(len, self.history.values()), default=0)
        for name in dict.fromkeys((*self.history, *figures)):
            self.history.setdefault(name, [None] * before).append(figures.get(name))
        if math.isfinite(figures["loss"]):
            self.epochs = epochs
            self.write(stage)

    def write(self, stage: Stage) -> None:
        """Write the checkpoint. Raises ColorizeError."""
        groups = {
            "model": self.model.variables,
            "average": self.average.averages if self.average else [],
            **stage.variables(),
        }
        checkpoint = Checkpoint(
            epochs=self.epochs,
            history=self.history,
            seconds=self.seconds(),
            best=self.best.seen,
            is_adversarial=self.is_adversarial,
            plateau=stage.schedule.seen if isinstance(stage.schedule, Plateau) else {},
            average=self.average.seen if self.average else 0,
            collapse=stage.collapse.seen if isinstance(stage, Adversarial) else (0, ""),
            least_gain=stage.least_gain if isinstance(stage, Adversarial) else 0.0,
            arrays={name: [variable.numpy() for variable in group] for name, group in groups.items()},
        )
        save_checkpoint(self.folder / STATE, checkpoint)

    def finish(self) -> None:
        """Assign the trained weights, or their average if there is one, to the network."""
        if self.average:
            self.average.finish()
        self.network.model.set_weights(self.model.get_weights())

    def _take_up(self, checkpoint: Checkpoint) -> None:
        path = self.folder / STATE
        self.epochs, self.history, self.best.seen = checkpoint.epochs, checkpoint.history, checkpoint.best
        self.is_adversarial = checkpoint.is_adversarial
        self._started -= checkpoint.seconds
        assign(self.model.variables, checkpoint.arrays["model"], path)
        if self.average:
            self.average.seen = checkpoint.average
            assign(self.average.averages, checkpoint.arrays["average"], path)

    def _begin_from_best(self) -> None:
        """Start an adversarial phase from the best epoch so far, or save its starting weights, since it may diverge."""
        has_best = self.best.seen[0] < math.inf
        if has_best:
            self.network.model.load_weights(self.folder / BEST)
            self.model.set_weights(self.network.model.get_weights())
        else:
            self.finish()
            self.best.keep()
        self.best.seen = (math.inf, self.best.epoch if has_best else self.epochs)
        if self.average:
            self.average = Average(self.model, self.settings.average)


def _never(figures: dict[str, float]) -> float:
    return math.nan


@dataclass(frozen=True)
class TrainingRecord:
    """Record of a finished training."""

    history: dict[str, tuple[float | None, ...]]
    """Metrics by epoch: loss, accuracy, gain and colourfulness, their validation values as val_loss and so on, and
    learning_rate. With an adversarial phase also generator_loss, discriminator_loss, discriminator_accuracy and
    val_palette_distance, which are None before it begins. Adversarial epochs have gain and colourfulness for
    validation only.
    """
    phases: tuple[Phase, ...]
    seconds: float
    kept_epoch: int
    """The epoch whose weights were kept, counted from one; 0 for the starting weights."""
    device: str
    start_share: float = 0.0
    """Share of the starting weights in the kept ones: `mix_evenly`."""
    collapse: str = ""
    """Why the adversarial phase ended early; empty if it did not."""


class TrainingStopped(Exception):
    """Raised when training stops on request between two batches; its folder holds everything needed to resume."""

    def __init__(self, epoch: int, best_epoch: int):
        super().__init__(f"stopped in epoch {epoch}")
        self.epoch, self.best_epoch = epoch, best_epoch
        """The epoch it stopped in, and the best one so far (0 before there is one), counted from one."""


@dataclass(frozen=True)
class TrainingControl:
    """Callbacks of a training, and whether its start competes with its epochs."""

    report: Callable[[EpochReport], None] = lambda report: None
    """Called with the progress after every batch."""
    should_stop: Callable[[], bool] = lambda: False
    """Polled after every batch. If it returns True, the current network is saved as `checkpoint.LAST`."""
    show: Callable[[EpochReport, Network], None] | None = None
    """Called after every epoch with the current network."""
    is_start_ranked: bool = False
    """Whether the starting network is validated too, and its weights are kept if no epoch ranks better."""


@suppressed_logger("tensorflow")  # it warns about retracing in every phase
def train_network(
    network: Network,
    learning: PhotoBatches,
    validation: PhotoBatches,
    settings: TrainingSettings,
    folder: Path,
    control: TrainingControl | None = None,
) -> TrainingRecord:
    """Train `network` in place; it ends with the weights of the best epoch.

    `phases` lists the phases of a training. `settings.monitor` selects the best epoch, and `realism.palette_rank` that
    of an adversarial phase. If no adversarial epoch qualifies, the best epoch of the regression is kept. With "none"
    the last epoch is kept, unless its weights are not finite.

    While training runs, `folder` holds the best epoch (`checkpoint.BEST`) and the state after the last finished epoch
    (`checkpoint.STATE`). If `folder` already holds a state, the training resumes and ends with the same weights as
    without the interruption (bit for bit on the CPU of the same machine).

    Args:
        network: The network to train.
        learning: Training batches.
        validation: Validation batches.
        settings: Settings of the training.
        folder: Folder for the best epoch and the state.
        control: Progress reports and decisions; by default nothing is reported and the training runs to its end.

    Raises:
        TrainingStopped: `control.should_stop` returned True.
        Diverged: The loss is not finite.
        OutOfMemory: A training step does not fit into memory.
        ColorizeError: The state belongs to another network.
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
    for phase in state.planned:
        stage: Stage = adversarial if adversarial and phase.name == ADVERSARIAL else regression
        if phase.last <= state.epochs or (adversarial and adversarial.collapse.reason):
            continue
        with enough_memory(settings.batch_size):
            _go_through(phase, stage, state, learning, validation, control or TrainingControl())
        if stage.fitted.stop_training:  # the loss is not finite, or the adversarial phase is over
            break
    state.finish()
    kept_epoch, is_lost = _keep_weights(state)
    collapse = adversarial.collapse.reason if adversarial else ""
    return TrainingRecord(
        history={name: tuple(values) for name, values in state.history.items()},
        phases=state.planned,
        seconds=state.seconds(),
        kept_epoch=kept_epoch,
        device=prepare_devices(),
        collapse=collapse or Collapse.NO_NUMBER * is_lost,
    )


def _go_through(
    phase: Phase,
    stage: Stage,
    state: TrainingState,
    learning: PhotoBatches,
    validation: PhotoBatches,
    control: TrainingControl,
) -> None:
    """Train the remaining epochs of a phase."""
    start = max(phase.first, state.epochs)
    learning.begin_epoch(start)
    with learning_layers(state.model, phase, state.settings):
        with strategy(learning.first_batch, validation.first_batch).scope():
            _enter(phase, stage, state, validation, control.is_start_ranked)
        reporter = Reporter(phase.name, state.planned[-1].last, len(learning), control.report)
        # The average comes after callbacks that need the epoch's own weights, and before the one that stores both.
        callbacks = [stage.schedule, keras.callbacks.TerminateOnNaN(), state.best, reporter]
        if control.show:
            callbacks.append(Showing(reporter, state.model, state.network, control.show))
        if state.settings.tensorboard:
            callbacks.append(tensorboard_logs(state.folder / LOGS))
        if state.settings.gradients and isinstance(stage, Regression):
            callbacks.append(GradientNorms(stage.fitted, *validation[0]))
        if state.average:
            callbacks.append(state.average)
        callbacks += [*stage.callbacks, BetweenBatchesAndEpochs(control.should_stop, partial(state.keep, stage))]
        try:
            stage.fitted.fit(
                learning,
                validation_data=validation,
                initial_epoch=start,
                epochs=phase.last,
                callbacks=callbacks,
                shuffle=False,  # the batches shuffle themselves, with their own seed
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
    """Assign the final weights to the network.

    These are the best epoch's, or the last epoch's if `monitor` is "none". If an adversarial phase diverges, the best
    epoch from before it, or its starting weights, are used. Raises Diverged if no usable weights are left.

    Returns:
        The epoch of the weights, and whether the weights of an adversarial phase's last epoch are unusable.
    """
    model, best = state.network.model, state.folder / BEST
    ended_well = math.isfinite(state.history["loss"][-1])
    # A step that ruins the weights reports the loss from before it.
    is_lost = not (ended_well and _is_finite(model))
    is_best_kept = (state.settings.monitor != "none" or (is_lost and state.is_adversarial)) and exists(best)
    if is_best_kept:
        model.load_weights(best)
    if not _is_finite(model) or not (ended_well or state.is_adversarial):
        raise Diverged("The loss is no longer a number and training stopped.")
    return state.best.epoch if is_best_kept else state.epochs, is_lost and state.is_adversarial


def _seed_dropout(model: keras.Model, seed: int) -> None:
    """Seed every random layer with the training's seed.

    A model file does not store the seed that Keras drew, so a training resumed before its first checkpoint would
    otherwise drop out different activations.
    """
    generators = [layer.seed_generator for layer in model.layers if hasattr(layer, "seed_generator")]
    for number, generator in enumerate(generators):
        generator.state.assign([np.random.SeedSequence((seed, number)).generate_state(1)[0], 0])


def _refuse_too_large(model: keras.Model, batch_size: int) -> None:
    if prepare_devices() == "CPU":  # a GPU's own allocator fails in time, and may reuse freed memory
        refuse_too_large(model, batch_size)


def _is_finite(model: keras.Model) -> bool:
    return all(np.isfinite(weight).all() for weight in model.get_weights())
