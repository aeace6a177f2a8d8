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
import tensorflow as tf

from colorizer.model import save
from colorizer.settings import TrainingSettings


@dataclass(frozen=True)
class EpochReport:
    """What a running training says after every batch."""

    epoch: int
    """Counted from one."""
    epochs: int
    batch: int
    batches: int
    figures: dict[str, float]
    """Loss and accuracy so far; after the last batch also the validation's and the learning rate."""
    finished: bool
    """True once per epoch, when validation is done."""


class Stopped(Exception):
    """Ends `fit` between two batches."""


class Plateau(keras.callbacks.ReduceLROnPlateau):
    """Let the learning rate fall when validation stops improving."""

    def __init__(self, settings: TrainingSettings):
        # Keras counts as improvement only what exceeds 1e-4 unless told otherwise, a hundredth of these losses.
        super().__init__("val_loss", settings.plateau_factor, settings.plateau_epochs, min_delta=0)
        self.seen: dict = {}

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.best, self.wait = self.seen.get("best", self.best), self.seen.get("wait", self.wait)

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        self.seen = {"best": float(self.best), "wait": self.wait}


class Cosine(keras.callbacks.Callback):
    """Set the learning rate before every step: a straight rise, then half a cosine down to nothing."""

    def __init__(self, settings: TrainingSettings, steps: int):
        super().__init__()
        self.peak, self.steps, self.seen = 0.0, steps, 0
        self.rise = max(1, round(steps * settings.warm_up))

    def on_train_begin(self, logs=None):
        self.peak = float(self.model.optimizer.learning_rate)

    def on_train_batch_begin(self, batch, logs=None):
        self.seen += 1
        fall = (self.seen - self.rise) / (self.steps - self.rise + 1)
        factor = self.seen / self.rise if self.seen < self.rise else (1 + math.cos(math.pi * fall)) / 2
        self.model.optimizer.learning_rate = self.peak * factor

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


class BestEpoch(keras.callbacks.Callback):
    """Keep the best epoch's weights in one file that is complete at every moment."""

    def __init__(
        self,
        monitor: str,
        checkpoint: Path,
        trained: keras.Model,
        kept: keras.Model,
        thawed: Callable[[], AbstractContextManager],
    ):
        super().__init__()
        self.monitor, self.checkpoint, self.trained, self.kept, self.thawed = (
            monitor,
            checkpoint,
            trained,
            kept,
            thawed,
        )
        self._sign = -1 if "accuracy" in monitor else 1
        self.seen = (math.inf, 0)
        """The best value, smaller being better, and its epoch."""

    @property
    def epoch(self) -> int:
        return self.seen[1]

    def on_epoch_end(self, epoch, logs=None):
        if self.monitor == "none":
            return
        value = self._sign * (logs or {}).get(self.monitor, math.nan)
        if value < self.seen[0]:
            self.seen = (value, epoch + 1)
            self.kept.set_weights(self.trained.get_weights())
            with self.thawed():  # or a frozen phase would be written into the file for good
                save(self.kept, self.checkpoint)


class Average(keras.callbacks.Callback):
    """Average the weights over the steps; the network holds the average while it is validated, and at the end."""

    def __init__(self, model: keras.Model, momentum: float):
        super().__init__()
        self.momentum, self.seen = momentum, 0
        self.weights = [weight for weight in model.weights if "float" in weight.dtype]
        self.averages = [tf.Variable(weight.numpy()) for weight in self.weights]

    def on_train_batch_end(self, batch, logs=None):
        self.seen += 1
        self._update(tf.constant(min(self.momentum, (1 + self.seen) / (10 + self.seen))))

    def on_test_begin(self, logs=None):
        self._swap()

    def on_epoch_end(self, epoch, logs=None):
        self._swap()

    def finish(self) -> None:
        """Give the network the average for good; not when `fit` ends, since another phase may follow."""
        for average, weight in zip(self.averages, self.weights, strict=True):
            weight.assign(average)

    @tf.function
    def _update(self, momentum: tf.Tensor) -> None:
        for average, weight in zip(self.averages, self.weights, strict=True):
            average.assign(momentum * average + (1 - momentum) * tf.cast(weight.value, average.dtype))

    def _swap(self) -> None:
        for average, weight in zip(self.averages, self.weights, strict=True):
            kept = weight.numpy()
            weight.assign(average)
            average.assign(kept)


class Reporter(keras.callbacks.Callback):
    """Report every batch and every epoch."""

    def __init__(self, epochs: int, batches: int, report: Callable[[EpochReport], None]):
        super().__init__()
        self.epochs, self.batches, self.report, self.epoch = epochs, batches, report, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1
        self._tell(0, {}, finished=False)

    def on_train_batch_end(self, batch, logs=None):
        self._tell(batch + 1, logs, finished=False)

    def on_epoch_end(self, epoch, logs=None):
        self._tell(self.batches, logs, finished=True)

    def _tell(self, batch: int, logs: dict | None, finished: bool) -> None:
        figures = {name: float(value) for name, value in (logs or {}).items()}
        self.report(EpochReport(self.epoch, self.epochs, batch, self.batches, figures, finished))


class BetweenBatchesAndEpochs(keras.callbacks.Callback):
    """Stop behind a batch or an epoch when asked to, and call `keep(epochs done, figures)` behind an epoch.

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
