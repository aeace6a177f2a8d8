"""Compile, fit, go on: a network and photos in, a trained network and its record out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from colorizer.batches import PhotoBatches
from colorizer.callbacks import (
    Average,
    BestEpoch,
    BetweenBatchesAndEpochs,
    Cosine,
    EpochReport,
    Plateau,
    Reporter,
    Stopped,
)
from colorizer.checkpoint import State, assign, load_state, save_state
from colorizer.classification import ChromaClassifier, class_weights, is_classifier
from colorizer.color import chroma_bins
from colorizer.model import Network, encoder_layers, save
from colorizer.settings import ColorizeError, TrainingSettings

BEST, LAST, STATE = "best.h5", "last.h5", "state.npz"
"""Files of an unfinished training: the best epoch's network, that of the moment it was stopped, and where it stands."""


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


class CannotGoOn(ColorizeError):
    """A training that taking it up again would not mend."""


class TrainingStopped(Exception):
    """A training ended because it was asked to, between two batches; its folder holds all it takes to go on."""

    def __init__(self, epoch: int, best_epoch: int):
        super().__init__(f"stopped in epoch {epoch}")
        self.epoch, self.best_epoch = epoch, best_epoch
        """The epoch it was in, and the best one so far (0 before there is one), counted from one."""


def train(
    network: Network,
    learning: PhotoBatches,
    validation: PhotoBatches,
    settings: TrainingSettings,
    folder: Path,
    report: Callable[[EpochReport], None] = lambda report: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> TrainingRecord:
    """Train `network` in place and return the record; the network ends with the weights of the best epoch.

    While running, `folder` holds the best epoch by `settings.monitor` (`BEST`) and where the training stands behind its
    last finished epoch (`STATE`). From a folder that holds such a state already the training goes on, and ends with the
    same weights, on one machine's CPU to the last bit, as if it had never been interrupted.

    When `should_stop` answers True behind a batch, the network as it is then is saved as `LAST` and TrainingStopped is
    raised. Raises ColorizeError when the loss is no longer a number, memory does not suffice, or the state is another
    network's.
    """
    keras.utils.set_random_seed(settings.seed)
    with strategy(min(learning.photo_count, validation.photo_count)).scope():
        model = in_precision(network.model, settings.precision)
        fitted = ChromaClassifier(model, class_weights(learning)) if is_classifier(model) else model
    course = _Course(network, model, fitted, settings, folder, len(learning))
    for phase in _phases(model, settings):
        if phase.last > course.epochs:
            with enough_memory(settings.batch_size):
                _go_through(phase, course, learning, validation, report, should_stop)
            if fitted.stop_training:  # the loss is no longer a number
                break
    course.finish()
    if not all(math.isfinite(value) for value in course.history["loss"]):
        raise CannotGoOn(
            "The loss is no longer a number and training stopped; train anew with a smaller --learning-rate."
        )
    if course.best.epoch:
        network.model.load_weights(folder / BEST)
    return TrainingRecord(
        history={name: tuple(values) for name, values in course.history.items()},
        seconds=course.seconds(),
        kept_epoch=course.best.epoch or settings.epochs,
        device=prepare_devices(),
    )


class _Course:
    """A training under way: what it has come to, and how that is written down and read again."""

    def __init__(
        self,
        network: Network,
        model: keras.Model,
        fitted: keras.Model,
        settings: TrainingSettings,
        folder: Path,
        batches: int,
    ):
        self.network, self.model, self.fitted, self.settings, self.folder = network, model, fitted, settings, folder
        self.batches = batches
        is_cosine = settings.schedule == "cosine"
        self.schedule = Cosine(settings, settings.epochs * batches) if is_cosine else Plateau(settings)
        thawed = partial(_encoder, network.model, trainable=True)
        self.best = BestEpoch(settings.monitor, folder / BEST, model, network.model, thawed)
        self.average = Average(model, settings.average) if settings.average else None
        self.epochs, self.history, self.optimizer = 0, {}, []
        spent = 0.0
        state = load_state(folder / STATE)
        if state:
            numbers = state.numbers
            self.epochs, self.history, spent = numbers["epochs"], numbers["history"], numbers["seconds"]
            # The batches may be others now, if memory did not suffice for those of before.
            self.schedule.seen = self.epochs * batches if is_cosine else numbers["plateau"]
            self.best.seen = tuple(numbers["best"])
            self.optimizer = state.arrays["optimizer"]
            assign(model.variables, state.arrays["model"], folder / STATE)
            if self.average:
                self.average.seen = numbers["average"]
                assign(self.average.averages, state.arrays["average"], folder / STATE)
        self._started = time.monotonic() - spent

    def seconds(self) -> float:
        """Return how long this training has taken, all its parts together."""
        return time.monotonic() - self._started

    def prepare_optimizer(self, phase: _Phase) -> None:
        """Give a phase its own optimizer: a new one, or where the phase had begun already, the one it had then."""
        rate = self.settings.learning_rate * phase.rate
        compile_model(self.fitted, replace(self.settings, learning_rate=rate))
        optimizer = self.fitted.optimizer
        optimizer.build(self.fitted.trainable_variables)
        if self.epochs > phase.first:
            assign(optimizer.variables, self.optimizer, self.folder / STATE)
            if self.settings.schedule == "cosine":  # which falls from the phase's own rate
                optimizer.learning_rate = rate

    def keep(self, epochs: int, figures: dict[str, float]) -> None:
        """Write down where the training stands behind an epoch, unless it has lost its way."""
        if not math.isfinite(figures["loss"]):
            self.history.setdefault("loss", []).append(figures["loss"])
            return
        for name, value in figures.items():
            self.history.setdefault(name, []).append(value)
        numbers = {
            "epochs": epochs,
            "history": self.history,
            "seconds": self.seconds(),
            "plateau": {} if self.settings.schedule == "cosine" else self.schedule.seen,
            "best": self.best.seen,
            "average": self.average.seen if self.average else 0,
        }
        groups = {
            "model": self.model.variables,
            "optimizer": self.fitted.optimizer.variables,
            "average": self.average.averages if self.average else [],
        }
        arrays = {name: [variable.numpy() for variable in group] for name, group in groups.items()}
        save_state(self.folder / STATE, State(numbers, arrays))

    def finish(self) -> None:
        """Give the network what was trained: the average of the weights, or the weights themselves."""
        if self.average:
            self.average.finish()
        self.network.model.set_weights(self.model.get_weights())


def _go_through(
    phase: _Phase,
    course: _Course,
    learning: PhotoBatches,
    validation: PhotoBatches,
    report: Callable[[EpochReport], None],
    should_stop: Callable[[], bool],
) -> None:
    """Train through what is left of a phase."""
    reporter = Reporter(course.settings.epochs, course.batches, report)
    # The average stands behind those that look at the epoch's own weights, and before what is kept of both.
    callbacks = [course.schedule, keras.callbacks.TerminateOnNaN(), course.best, reporter]
    callbacks += [course.average] * bool(course.average) + [BetweenBatchesAndEpochs(should_stop, course.keep)]
    start = max(phase.first, course.epochs)
    learning.begin_epoch(start)
    with _encoder(course.model, trainable=phase.thawed):
        with strategy(min(learning.photo_count, validation.photo_count)).scope():
            course.prepare_optimizer(phase)
        try:
            course.fitted.fit(
                learning,
                validation_data=validation,
                initial_epoch=start,
                epochs=phase.last,
                callbacks=callbacks,
                shuffle=False,  # the batches are, by their own seed
                verbose=0,
            )
        except Stopped:
            course.finish()
            stopped = TrainingStopped(reporter.epoch, course.best.epoch)
        else:
            return
    save(course.network.model, course.folder / LAST)
    raise stopped


def seconds_per_photo(network: Network, settings: TrainingSettings) -> float:
    """Measure what one photo of a training step takes on this machine, without changing the network."""
    with strategy(settings.batch_size).scope():
        model = keras.models.clone_model(in_precision(network.model, settings.precision))
        if is_classifier(model):
            model = ChromaClassifier(model, np.ones(len(chroma_bins()), np.float32))
        compile_model(model, settings)
    inputs = np.zeros((settings.batch_size, network.size, network.size, 1), np.float32)
    targets = np.zeros((settings.batch_size, network.size, network.size, 3), np.float32)
    with enough_memory(settings.batch_size):
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


@dataclass(frozen=True)
class _Phase:
    """Some epochs trained with one optimizer."""

    first: int
    last: int
    """The first epoch, counted from zero, and the one behind the last."""
    rate: float
    """Share of the learning rate."""
    thawed: bool
    """Whether a pretrained encoder learns too."""


def _phases(model: keras.Model, settings: TrainingSettings) -> list[_Phase]:
    frozen = min(settings.frozen_epochs, settings.epochs) if encoder_layers(model) else 0
    phases = [_Phase(0, frozen, 1.0, thawed=False)] if frozen else []
    if frozen < settings.epochs:
        phases.append(_Phase(frozen, settings.epochs, settings.fine_tuning_factor if frozen else 1.0, thawed=True))
    return phases


@contextmanager
def enough_memory(batch_size: int) -> Iterator[None]:
    """Say what to do when the memory of the GPU, or of the machine, does not suffice."""
    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        smaller = f"try --batch-size {batch_size // 2}" if batch_size > 1 else "try a smaller network or --size"
        raise ColorizeError(f"Memory does not suffice for batches of {batch_size} photos; {smaller}.") from error


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
