"""A training under way: what it has come to, and how that is written down and read again."""

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
    """What a training has come to; begins where the checkpoint in `folder` ends, if there is one.

    `model` is what is trained, `network.model` what is kept of it, in float32 and at the end.
    """

    def __init__(self, network: Network, model: keras.Model, settings: TrainingSettings, folder: Path):
        self.network, self.model, self.settings, self.folder = network, model, settings, folder
        self.best = BestEpoch(folder / BEST, model, network.model, partial(all_layers, network.model))
        self.average = Average(model, settings.average) if settings.average else None
        self.epochs, self.history, self.is_adversarial = 0, {}, False
        self._started = time.monotonic()
        # Let go of once it was taken up: it is as large as all that is trained.
        self._checkpoint = load_checkpoint(folder / STATE)
        if self._checkpoint:
            self._take_up(self._checkpoint)

    def seconds(self) -> float:
        """Return how long this training has taken, all its parts together."""
        return time.monotonic() - self._started

    def enter(self, stage: Stage, phase: Phase) -> bool:
        """Prepare a stage for a phase, anew or as it was when that phase was interrupted; say whether it was."""
        checkpoint, self._checkpoint = self._checkpoint, None
        is_adversarial = isinstance(stage, Adversarial)
        # An adversarial phase is written down before its first step, as its best network will take the other's place.
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
        """Let a stage whose first epoch is `first`, counted from zero, go on after the epochs that are done."""
        if self._checkpoint:
            # The batches may be others now, if memory did not suffice for those of before.
            stage.resume(self._checkpoint, max(0, self.epochs - first) * batches)

    def keep(self, stage: Stage, epochs: int, figures: dict[str, float]) -> None:
        """Write down where the training stands after an epoch, unless it has lost its way."""
        before = max(map(len, self.history.values()), default=0)
        for name in dict.fromkeys((*self.history, *figures)):
            self.history.setdefault(name, [None] * before).append(figures.get(name))
        if math.isfinite(figures["loss"]):
            self.epochs = epochs
            self.write(stage)

    def write(self, stage: Stage) -> None:
        """Write the checkpoint; raise ColorizeError."""
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
        """Give the network what was trained: the average of the weights, or the weights themselves."""
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
        """Let an adversarial phase begin from the best epoch so far, or keep what it begins from: it may go astray."""
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
