"""Callbacks that run between steps and epochs; all of them can be stopped and resumed.

Callbacks with state expose it as `seen`, a JSON-compatible value, and are restored by assigning to it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from colorizer.dataset.batches import PhotoBatches
from colorizer.errors import ColorizeError
from colorizer.network.model_files import save
from colorizer.network.network import Network
from colorizer.photos.color import colourfulness
from colorizer.settings import AdversarialSettings, TrainingSettings
from colorizer.training.diagnosis import FIGURE


def mix_with_start(model: keras.Model, start: list[np.ndarray], share: float) -> None:
    """Move a model back toward its starting weights, in place.

    Args:
        model: The trained model.
        start: The weights before training, as `get_weights` returns them.
        share: Share of the starting weights in the result, in [0, 1].
    """
    weights = zip(model.get_weights(), start, strict=True)
    model.set_weights([((1 - share) * weight + share * before).astype(weight.dtype) for weight, before in weights])


_COUNTED_BATCHES = 16
_MOST_CHANGE = 0.1
"""Largest change of the mean colorfulness, as a share. A larger one makes photos of other kinds too pale or too vivid:
docs/TRAINING.md.
"""


def mix_evenly(model: keras.Model, start: keras.Model, share: float, photos: PhotoBatches) -> float:
    """Mix a model with its start, so that the mean colorfulness of its photos changes by a tenth at most.

    Args:
        model: The trained model, changed in place.
        start: The model before training.
        share: Least share of the starting weights in the result, in [0, 1].
        photos: Validation photos, of which the first 16 batches are colorized.

    Returns:
        The share of the starting weights in the result.
    """
    weights = start.get_weights()
    mix_with_start(model, weights, share)
    before, after = _mean_colorfulness(start, photos), _mean_colorfulness(model, photos)
    change = abs(after - before) / max(before, 1e-9)
    if change <= _MOST_CHANGE:
        return share
    # Colorfulness is nearly linear in the weights between such close models.
    kept = _MOST_CHANGE / change
    mix_with_start(model, weights, 1 - kept)
    return 1 - (1 - share) * kept


def _mean_colorfulness(model: keras.Model, photos: PhotoBatches) -> float:
    batches = (photos[number][0] for number in range(min(len(photos), _COUNTED_BATCHES)))
    return float(np.concatenate([colourfulness(model.predict_on_batch(luma)) for luma in batches]).mean())


class Average(keras.callbacks.Callback):
    """Exponential moving average of the weights over the steps.

    The network holds the average during validation and, after `finish`, for good.
    """

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
        """Assign the average to the network permanently; not done when `fit` ends, as another phase may follow."""
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


class Plateau(keras.callbacks.ReduceLROnPlateau):
    """Reduce the learning rate when validation stops improving."""

    def __init__(self, settings: TrainingSettings):
        # Keras' default min_delta of 1e-4 is a hundredth of these losses.
        super().__init__("val_loss", settings.plateau_factor, settings.plateau_epochs, min_delta=0)
        self.seen: dict[str, float] = {}
        """The best validation loss so far, and the number of epochs since."""

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.best, self.wait = self.seen.get("best", self.best), self.seen.get("wait", self.wait)

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        self.seen = {"best": float(self.best), "wait": self.wait}


class StepSchedule(keras.callbacks.Callback, ABC):
    """Set the learning rate before every step, as a share of its peak."""

    def __init__(self):
        super().__init__()
        self.peak, self.seen = 0.0, 0

    @abstractmethod
    def share(self) -> float:
        """Return the share of the peak for step `seen`, counted from one."""

    def on_train_batch_begin(self, batch, logs=None):
        self.seen += 1
        self.model.optimizer.learning_rate = self.peak * self.share()

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))


class CosineDecay(StepSchedule):
    """A linear rise, then half a cosine down to zero: Keras' curve, with a peak that phases may change."""

    def __init__(self, settings: TrainingSettings, steps: int):
        super().__init__()
        rise = max(1, round(steps * settings.warm_up))
        self._curve = keras.optimizers.schedules.CosineDecay(
            0.0, steps - rise + 1, warmup_target=1.0, warmup_steps=rise
        )

    def share(self) -> float:
        return float(self._curve(self.seen))


class LinearDecay(StepSchedule):
    """Both learning rates stay at their peaks for the first half of the steps, then fall linearly to zero."""

    def __init__(self, settings: AdversarialSettings, steps: int):
        super().__init__()
        self.steps, self.peak = steps, settings.learning_rate
        self.discriminator_peak = settings.discriminator_learning_rate

    def share(self) -> float:
        return min(1.0, 2 * (1 - (self.seen - 1) / self.steps))

    def on_train_batch_begin(self, batch, logs=None):
        super().on_train_batch_begin(batch, logs)
        self.model.discriminator_optimizer.learning_rate = self.discriminator_peak * self.share()


class GradientNorms(keras.callbacks.Callback):
    """Add the root mean square of each layer's kernel gradient, on one batch, to every epoch's metrics.

    It is measured after the epoch, without dropout and with the current statistics of batch normalization, so it
    changes no random state and no weights. It costs about as much as one step: less than 1 % for 110 or more steps per
    epoch (docs/INSPECTION.md).
    """

    def __init__(self, fitted: keras.Model, photos: np.ndarray, truth: np.ndarray):
        """Initialize the callback.

        Args:
            fitted: The compiled model in training.
            photos: Inputs of one training batch, float32 in [0, 1], shape (n, size, size, 1).
            truth: Targets of that batch, float32 in [0, 1], shape (n, size, size, 3).
        """
        super().__init__()
        self.fitted, self.photos, self.truth = fitted, photos, truth

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs.update(gradient_norms(self.fitted, self.photos, self.truth))


def gradient_norms(fitted: keras.Model, photos: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return the root mean square of the gradient of each trainable layer's largest weight, by metric name.

    The values are comparable between layers of different sizes. Glorot and Bengio 2010, "Understanding the difficulty
    of training deep feedforward neural networks", section 4, compare them this way:
    https://proceedings.mlr.press/v9/glorot10a.html.
    """
    layers = [layer for layer in fitted.layers if layer.trainable_weights]
    kernels = [max(layer.trainable_weights, key=lambda weight: weight.shape.num_elements()) for layer in layers]
    with tf.GradientTape() as tape:
        loss = fitted.compute_loss(x=photos, y=truth, y_pred=fitted(photos, training=False), training=False)
    gradients = tape.gradient(loss, [kernel.value for kernel in kernels], unconnected_gradients="zero")
    return {
        FIGURE + layer.name: float(tf.sqrt(tf.reduce_mean(tf.square(tf.cast(gradient, tf.float32)))))
        for layer, gradient in zip(layers, gradients, strict=True)
    }


LOGS = "tensorboard"
"""Log folder inside a run's folder; `tensorboard --logdir` on the parent folder shows all runs."""


def tensorboard_logs(folder: Path) -> keras.callbacks.TensorBoard:
    """Create a callback that logs every epoch's metrics to `folder`.

    Resumed trainings and later phases append to existing logs. Raises ColorizeError if TensorBoard is not installed.
    """
    refuse_without_tensorboard()
    return keras.callbacks.TensorBoard(folder, write_graph=False)


def refuse_without_tensorboard() -> None:
    """Raise ColorizeError if the tensorboard package is not installed, which TensorFlow needs to write logs."""
    if find_spec("tensorboard") is None:
        raise ColorizeError('TensorBoard is not installed; run: pip install "tensorboard>=2.18,<3"')


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
