"""Callbacks that run between steps and epochs; all of them can be stopped and resumed.

Callbacks with state expose it as `seen`, a JSON-compatible value, and are restored by assigning to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import keras

from colorizer.network.model_files import save
from colorizer.network.network import Network


@dataclass(frozen=True)
class EpochReport:
    """Progress report of a running training, sent after every batch."""

    phase: str
    """Name of the phase: `phases.Phase`."""
    epoch: int
    """Counted from one, across all phases."""
    epochs: int
    batch: int
    batches: int
    figures: dict[str, float]
    """Loss, accuracy and other metrics of the phase so far; after the last batch also validation metrics and learning
    rate.
    """
    finished: bool
    """True once per epoch, after validation."""


class Stopped(Exception):
    """Ends `fit` between two batches."""


class BestEpoch(keras.callbacks.Callback):
    """Save the weights of the best epoch to one file, which is complete at all times."""

    def __init__(
        self,
        checkpoint: Path,
        trained: keras.Model,
        kept: keras.Model,
        thawed: Callable[[], AbstractContextManager],
    ):
        super().__init__()
        self.checkpoint, self.trained, self.kept, self.thawed = checkpoint, trained, kept, thawed
        self.rank: Callable[[dict[str, float]], float] = lambda figures: math.nan
        """Rank of an epoch, smaller is better; NaN if the epoch must not be kept."""
        self.seen = (math.inf, 0)
        """The best rank and its epoch, counted from one; epoch 0 is the starting network, or that no epoch is ranked
        yet.
        """

    @property
    def epoch(self) -> int:
        return self.seen[1]

    def on_epoch_end(self, epoch, logs=None):
        self.consider(epoch + 1, logs or {})

    def consider(self, epoch: int, figures: dict[str, float]) -> None:
        """Save the current weights if their metrics rank better than the best so far."""
        rank = self.rank(figures)
        if rank < self.seen[0]:
            self.seen = (rank, epoch)
            self.keep()

    def keep(self) -> None:
        """Save the current weights."""
        self.kept.set_weights(self.trained.get_weights())
        with self.thawed():  # otherwise the file would store a frozen phase's layers as frozen
            save(self.kept, self.checkpoint)


class Reporter(keras.callbacks.Callback):
    """Report progress after every batch and every epoch."""

    def __init__(self, phase: str, epochs: int, batches: int, report: Callable[[EpochReport], None]):
        super().__init__()
        self.phase, self.epochs, self.batches, self.report, self.epoch = phase, epochs, batches, report, 0
        self.last: EpochReport
        """The latest report."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1
        self._tell(0, {}, finished=False)

    def on_train_batch_end(self, batch, logs=None):
        self._tell(batch + 1, logs, finished=False)

    def on_epoch_end(self, epoch, logs=None):
        self._tell(self.batches, logs, finished=True)

    def _tell(self, batch: int, logs: dict | None, finished: bool) -> None:
        figures = {name: float(value) for name, value in (logs or {}).items()}
        self.last = EpochReport(self.phase, self.epoch, self.epochs, batch, self.batches, figures, finished)
        self.report(self.last)


class Showing(keras.callbacks.Callback):
    """Call `show` with the network after every epoch."""

    def __init__(
        self, reporter: Reporter, trained: keras.Model, network: Network, show: Callable[[EpochReport, Network], None]
    ):
        super().__init__()
        self.reporter, self.trained, self.network, self.show = reporter, trained, network, show

    def on_epoch_end(self, epoch, logs=None):
        self.network.model.set_weights(self.trained.get_weights())
        self.show(self.reporter.last, self.network)


class BetweenBatchesAndEpochs(keras.callbacks.Callback):
    """Stop after a batch or an epoch on request, and call `keep(finished epochs, metrics)` after each epoch.

    Must be the last callback, because it stores the state of the others.
    """

    def __init__(self, should_stop: Callable[[], bool], keep: Callable[[int, dict[str, float]], None]):
        super().__init__()
        self.should_stop, self.keep = should_stop, keep

    def on_train_batch_end(self, batch, logs=None):
        if self.should_stop():
            raise Stopped

    def on_epoch_end(self, epoch, logs=None):
        self.keep(epoch + 1, {name: float(value) for name, value in (logs or {}).items()})
        self.on_train_batch_end(0)
