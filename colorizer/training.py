"""Compile, callbacks, fit: a network and photos in, a trained network and its record out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from colorizer.batches import PhotoBatches
from colorizer.classification import ChromaClassifier, class_weights, is_classifier
from colorizer.color import chroma_bins
from colorizer.model import Network, encoder_layers, save
from colorizer.settings import ColorizeError, TrainingSettings


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


@dataclass(frozen=True)
class TrainingRecord:
    """What a training did."""

    history: dict[str, tuple[float, ...]]
    """Per epoch: loss, accuracy, val_loss, val_accuracy, learning_rate."""
    seconds: float
    kept_epoch: int
    """The epoch, counted from one, whose weights the network now has."""
    device: str


def prepare_devices() -> str:
    """Let GPUs take memory as they need it, and say in words which device computes."""
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # TensorFlow has started already, and keeps the setting it started with
            break
    if not gpus:
        return "CPU"
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus]
    return f"{len(gpus)} x {names[0]}" if len(gpus) > 1 else names[0]


@cache
def mirrored() -> tf.distribute.Strategy:
    """Return the strategy that divides batches over all GPUs; one for the whole process, as TensorFlow demands."""
    return tf.distribute.MirroredStrategy()


def strategy(photos: int) -> tf.distribute.Strategy:
    """Return the strategy to train under: mirrored over several GPUs if each gets one of `photos`, else the default."""
    return mirrored() if 1 < replicas() <= photos else tf.distribute.get_strategy()


def replicas() -> int:
    """Return the number of devices a batch is divided over."""
    return max(1, len(tf.config.list_physical_devices("GPU")))


def compile_model(model: keras.Model, settings: TrainingSettings) -> None:
    """Compile for training or evaluation: the loss, and the share of pixels whose strongest channel is right."""
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate, global_clipnorm=settings.gradient_norm),
        loss=settings.loss,
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        # XLA's CPU kernels were a third slower than oneDNN's on these networks; on a GPU Keras decides.
        jit_compile="auto" if tf.config.list_physical_devices("GPU") else False,
    )


def train(
    network: Network,
    learning: PhotoBatches,
    validation: PhotoBatches,
    settings: TrainingSettings,
    checkpoint: Path,
    report: Callable[[EpochReport], None] = lambda report: None,
) -> TrainingRecord:
    """Train `network` in place and return the record; the network ends with the weights of the best epoch.

    The best epoch by `settings.monitor` is kept in the file `checkpoint` while running. Raises ColorizeError when
    the loss is no longer a number.
    """
    keras.utils.set_random_seed(settings.seed)
    with strategy(min(learning.photo_count, validation.photo_count)).scope():
        model = in_precision(network.model, settings.precision)
        fitted = ChromaClassifier(model, class_weights(learning)) if is_classifier(model) else model
    schedule = _schedule(settings, len(learning))
    best = _BestEpoch(settings.monitor, checkpoint, model, network.model)
    callbacks = [schedule, keras.callbacks.TerminateOnNaN(), best, _Reporter(settings.epochs, len(learning), report)]
    average = _Average(model, settings.average) if settings.average else None
    if average:
        callbacks.append(average)  # behind those that look at the epoch's weights
    started = time.monotonic()
    history: dict[str, list[float]] = {}
    for first, last, rate in _phases(model, settings):
        with _encoder(model, trainable=last > settings.frozen_epochs):
            with strategy(min(learning.photo_count, validation.photo_count)).scope():
                compile_model(fitted, replace(settings, learning_rate=settings.learning_rate * rate))
            done = fitted.fit(
                learning,
                validation_data=validation,
                initial_epoch=first,
                epochs=last,
                callbacks=callbacks,
                verbose=0,
            ).history
        for name, values in done.items():
            history.setdefault(name, []).extend(values)
        if fitted.stop_training:
            break
    if average:
        average.finish()
    network.model.set_weights(model.get_weights())
    if not all(math.isfinite(value) for value in history["loss"]):
        raise ColorizeError("The loss is no longer a number and training stopped; try a smaller --learning-rate.")
    if best.epoch:
        network.model.load_weights(checkpoint)
    return TrainingRecord(
        history={name: tuple(float(value) for value in values) for name, values in history.items()},
        seconds=time.monotonic() - started,
        kept_epoch=best.epoch or settings.epochs,
        device=prepare_devices(),
    )


def seconds_per_photo(network: Network, settings: TrainingSettings) -> float:
    """Measure what one photo of a training step takes on this machine, without changing the network."""
    with strategy(settings.batch_size).scope():
        model = keras.models.clone_model(in_precision(network.model, settings.precision))
        if is_classifier(model):
            model = ChromaClassifier(model, np.ones(len(chroma_bins()), np.float32))
        compile_model(model, settings)
    inputs = np.zeros((settings.batch_size, network.size, network.size, 1), np.float32)
    targets = np.zeros((settings.batch_size, network.size, network.size, 3), np.float32)
    model.train_on_batch(inputs, targets)
    started = time.monotonic()
    model.train_on_batch(inputs, targets)
    return (time.monotonic() - started) / settings.batch_size


def in_precision(model: keras.Model, precision: str) -> keras.Model:
    """Return the model itself, or a copy with the same weights that multiplies in bfloat16 and adds in float32.

    Whatever it is trained in, what is saved is the float32 model: it opens and gives the same on every machine.
    """
    if precision == "auto":
        # Depthwise convolutions, most of MobileNetV2, gain nothing from bfloat16: docs/BENCHMARKS.md.
        depthwise = any(isinstance(layer, keras.layers.DepthwiseConv2D) for layer in model.layers)
        precision = "mixed_bfloat16" if has_bfloat16() and not depthwise else "float32"
    if precision == "float32" and not tf.distribute.has_strategy():
        return model

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.LeakyReLU)) and layer.trainable:
            config["dtype"] = precision
        return layer.__class__.from_config(config)

    mixed = keras.models.clone_model(model, clone_function=copy)
    mixed.set_weights(model.get_weights())
    return mixed


def has_bfloat16() -> bool:
    """Say whether this machine multiplies bfloat16 in hardware: AVX512-BF16 or AMX on a CPU, Ampere or later GPUs."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        capability = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability", (0, 0))
        return capability >= (8, 0)
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not Linux
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _phases(model: keras.Model, settings: TrainingSettings) -> list[tuple[int, int, float]]:
    """Return each phase's first epoch, the one behind its last, and its share of the learning rate."""
    frozen = min(settings.frozen_epochs, settings.epochs) if encoder_layers(model) else 0
    phases = [(0, frozen, 1.0)] if frozen else []
    if frozen < settings.epochs:
        phases.append((frozen, settings.epochs, settings.fine_tuning_factor if frozen else 1.0))
    return phases


@contextmanager
def _encoder(model: keras.Model, trainable: bool) -> Iterator[None]:
    """Freeze the encoder inside the block, or let it learn; its batch normalization is never trained."""
    layers = [each for each in encoder_layers(model) if not isinstance(each, keras.layers.BatchNormalization)]
    before = [layer.trainable for layer in layers]
    for layer in layers:
        layer.trainable = trainable
    try:
        yield
    finally:
        for layer, was in zip(layers, before, strict=True):
            layer.trainable = was


def _schedule(settings: TrainingSettings, batches: int) -> keras.callbacks.Callback:
    if settings.schedule == "cosine":
        return _Cosine(settings, settings.epochs * batches)
    # Keras counts as improvement only what exceeds 1e-4 unless told otherwise, a hundredth of these losses.
    return keras.callbacks.ReduceLROnPlateau(
        monitor="val_loss", factor=settings.plateau_factor, patience=settings.plateau_epochs, min_delta=0
    )


class _Cosine(keras.callbacks.Callback):
    """Set the learning rate before every step: a straight rise, then half a cosine down to nothing."""

    def __init__(self, settings: TrainingSettings, steps: int):
        super().__init__()
        self.peak, self.steps, self.step = 0.0, steps, 0
        self.rise = max(1, round(steps * settings.warm_up))

    def on_train_begin(self, logs=None):
        self.peak = float(self.model.optimizer.learning_rate)

    def on_train_batch_begin(self, batch, logs=None):
        self.step += 1
        fall = (self.step - self.rise) / (self.steps - self.rise + 1)
        factor = self.step / self.rise if self.step < self.rise else (1 + math.cos(math.pi * fall)) / 2
        self.model.optimizer.learning_rate = self.peak * factor

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


class _BestEpoch(keras.callbacks.Callback):
    """Keep the best epoch's weights in one file that is complete at every moment."""

    def __init__(self, monitor: str, checkpoint: Path, trained: keras.Model, kept: keras.Model):
        super().__init__()
        self.monitor, self.checkpoint, self.trained, self.kept, self.epoch = monitor, checkpoint, trained, kept, 0
        self._sign = -1 if "accuracy" in monitor else 1
        self._best = math.inf

    def on_epoch_end(self, epoch, logs=None):
        if self.monitor == "none":
            return
        value = self._sign * (logs or {}).get(self.monitor, math.nan)
        if value < self._best:
            self._best, self.epoch = value, epoch + 1
            self.kept.set_weights(self.trained.get_weights())
            with _encoder(self.kept, trainable=True):  # or a frozen phase would be written into the file for good
                save(self.kept, self.checkpoint)


class _Average(keras.callbacks.Callback):
    """Average the weights over the steps; the network holds the average while it is validated, and at the end."""

    def __init__(self, model: keras.Model, momentum: float):
        super().__init__()
        self.momentum, self.step = momentum, 0
        self.weights = [weight for weight in model.weights if "float" in weight.dtype]
        self.averages = [tf.Variable(weight.numpy()) for weight in self.weights]

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        self._update(tf.constant(min(self.momentum, (1 + self.step) / (10 + self.step))))

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


class _Reporter(keras.callbacks.Callback):
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
