"""What happens between the steps and the epochs of a training; everything here can be stopped and taken up again.

Callbacks with a memory hand it out as `seen`, which fits into JSON, and take it back by assignment.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import keras
import tensorflow as tf

from colorizer.adversarial import least_judging_loss
from colorizer.model import Network, save
from colorizer.settings import AdversarialSettings, TrainingSettings


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


class StepSchedule(keras.callbacks.Callback, ABC):
    """Set the learning rate before every step, as a share of its peak."""

    def __init__(self, steps: int):
        super().__init__()
        self.peak, self.steps, self.seen = 0.0, steps, 0

    @abstractmethod
    def share(self) -> float:
        """Return the share of the peak for the step `seen`, counted from one."""

    def on_train_batch_begin(self, batch, logs=None):
        self.seen += 1
        self.model.optimizer.learning_rate = self.peak * self.share()

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))


class Cosine(StepSchedule):
    """A straight rise, then half a cosine down to nothing."""

    def __init__(self, settings: TrainingSettings, steps: int):
        super().__init__(steps)
        self.rise = max(1, round(steps * settings.warm_up))

    def share(self) -> float:
        fall = (self.seen - self.rise) / (self.steps - self.rise + 1)
        return self.seen / self.rise if self.seen < self.rise else (1 + math.cos(math.pi * fall)) / 2


class Fall(StepSchedule):
    """For both players of a game: their peaks over the first half of the steps, then straight down to nothing."""

    def __init__(self, settings: AdversarialSettings, steps: int):
        super().__init__(steps)
        self.peak, self.discriminator_peak = settings.learning_rate, settings.discriminator_learning_rate

    def share(self) -> float:
        return min(1.0, 2 * (1 - (self.seen - 1) / self.steps))

    def on_train_batch_begin(self, batch, logs=None):
        super().on_train_batch_begin(batch, logs)
        self.model.discriminator_optimizer.learning_rate = self.discriminator_peak * self.share()


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
        """The best rank, and its epoch, counted from one; 0 before there is one."""

    @property
    def epoch(self) -> int:
        return self.seen[1]

    def on_epoch_end(self, epoch, logs=None):
        rank = self.rank(logs or {})
        if rank < self.seen[0]:
            self.seen = (rank, epoch + 1)
            self.keep()

    def keep(self) -> None:
        """Write the weights as they are now."""
        self.kept.set_weights(self.trained.get_weights())
        with self.thawed():  # or a frozen phase would be written into the file for good
            save(self.kept, self.checkpoint)


class Collapse(keras.callbacks.Callback):
    """End a game that the discriminator has won, or that has lost its numbers: nothing is left to learn from it."""

    NO_NUMBER = "a loss is no longer a number"

    def __init__(self, settings: AdversarialSettings):
        super().__init__()
        self.settings, self._sum = settings, 0.0
        self._won = least_judging_loss(settings) + settings.collapse_loss
        self.seen: tuple[int, str] = (0, "")
        """Steps in a row in which the discriminator told everything rightly, and why the game ended."""

    @property
    def reason(self) -> str:
        return self.seen[1]

    def on_epoch_begin(self, epoch, logs=None):
        self._sum = 0.0

    def on_train_batch_end(self, batch, logs=None):
        figures = logs or {}
        # Keras reports the mean over the epoch's batches so far.
        total = figures["discriminator_loss"] * (batch + 1)
        loss, self._sum = total - self._sum, total
        if not math.isfinite(total) or not math.isfinite(figures["generator_loss"]):
            self._end(self.NO_NUMBER)
            return
        steps = self.seen[0] + 1 if loss < self._won else 0
        self.seen = (steps, "")
        if steps >= self.settings.collapse_steps:
            self._end(
                f"for {steps} steps the discriminator has told generated colours from real ones without fail, and "
                "the generator learns nothing from that any more"
            )

    def _end(self, reason: str) -> None:
        self.seen, self.model.stop_training = (self.seen[0], reason), True


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
