"""What happens between the steps and the epochs of a training; everything here can be stopped and taken up again.

Callbacks with a memory hand it out as `seen`, which fits into JSON, and take it back by assignment.
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
    """What a running training says after every batch."""

    phase: str
    """Name of the phase: `phases.Phase`."""
    epoch: int
    """Counted from one, through all phases."""
    epochs: int
    batch: int
    batches: int
    figures: dict[str, float]
    """Loss and accuracy so far, and what else the phase reports; after the last batch also the validation's and the
    learning rate."""
    finished: bool
    """True once per epoch, when validation is done."""


class Stopped(Exception):
    """Ends `fit` between two batches."""


class BestEpoch(keras.callbacks.Callback):
    """Keep the best epoch's weights in one file that is complete at every moment."""

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
        """What an epoch is ranked by, smaller being better; NaN for one that is not to be kept."""
        self.seen = (math.inf, 0)
        """The best rank, and its epoch, counted from one; 0 before there is one, and for the starting network."""

    @property
    def epoch(self) -> int:
        return self.seen[1]

    def on_epoch_end(self, epoch, logs=None):
        self.consider(epoch + 1, logs or {})

    def consider(self, epoch: int, figures: dict[str, float]) -> None:
        """Keep the weights as they are now if their figures rank better than the best so far."""
        rank = self.rank(figures)
        if rank < self.seen[0]:
            self.seen = (rank, epoch)
            self.keep()

    def keep(self) -> None:
        """Write the weights as they are now."""
        self.kept.set_weights(self.trained.get_weights())
        with self.thawed():  # or a frozen phase would be written into the file for good
            save(self.kept, self.checkpoint)


class Reporter(keras.callbacks.Callback):
    """Report every batch and every epoch."""

    def __init__(self, phase: str, epochs: int, batches: int, report: Callable[[EpochReport], None]):
        super().__init__()
        self.phase, self.epochs, self.batches, self.report, self.epoch = phase, epochs, batches, report, 0
        self.last: EpochReport
        """What was said last."""

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
    """Show every finished epoch's network to who wants to see it."""

    def __init__(
        self, reporter: Reporter, trained: keras.Model, network: Network, show: Callable[[EpochReport, Network], None]
    ):
        super().__init__()
        self.reporter, self.trained, self.network, self.show = reporter, trained, network, show

    def on_epoch_end(self, epoch, logs=None):
        self.network.model.set_weights(self.trained.get_weights())
        self.show(self.reporter.last, self.network)


class BetweenBatchesAndEpochs(keras.callbacks.Callback):
    """Stop after a batch or an epoch when asked to, and call `keep(epochs done, figures)` after an epoch.

    The last of the callbacks, since it writes down what the others have seen.
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
