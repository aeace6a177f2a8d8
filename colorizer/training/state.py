"""The state of a running training, and how it is saved and restored."""

from __future__ import annotations

import math
import time
from functools import partial
from pathlib import Path

import keras

from colorizer.network.network import Network
from colorizer.settings import TrainingSettings
from colorizer.training.average import Average
from colorizer.training.callbacks import BestEpoch
from colorizer.training.checkpoint import BEST, STATE, Checkpoint, assign, load_checkpoint, save_checkpoint
from colorizer.training.phases import Phase, all_layers
from colorizer.training.schedules import Plateau
from colorizer.training.stages import Adversarial, Stage


class TrainingState:
    """Progress of a training; starts from the checkpoint in `folder` if there is one.

    `model` is trained; `network.model` receives the float32 weights that are saved, and the final ones.
    """

    def __init__(self, network: Network, model: keras.Model, settings: TrainingSettings, folder: Path):
        self.network, self.model, self.settings, self.folder = network, model, settings, folder
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
        if is_resumed:
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
