"""Time and memory of a training step on this machine, measured or estimated before it starts.

A step is measured with one photo, and with a whole batch if that is quick.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import psutil

from colorizer.errors import OutOfMemory
from colorizer.libraries import suppressed_logger
from colorizer.network.architectures import is_classifier
from colorizer.network.devices import enough_memory, in_precision, prepare_devices
from colorizer.network.network import Network, chroma_bins
from colorizer.settings import TrainingSettings
from colorizer.training.losses import ChromaClassifier
from colorizer.training.phases import compile_model

_BYTES = 4
"""Size of a float32."""
_COPIES_OF_WEIGHTS = 4
"""The weights, their gradients, and Adam's two moments."""
_CLEAR_PEAK, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def needed_bytes(model: keras.Model, batch_size: int) -> int:
    """Estimate the least memory that a training step takes, in bytes.

    Counts each layer's output per photo, kept for the backward pass, and the weights with their gradients and Adam's
    moments. Layers without a fixed output shape, as in a ResNet-18 built for any size, are not counted.
    """
    shapes = [layer.output.shape[1:] for layer in model.layers]
    values = sum(math.prod(shape) for shape in shapes if None not in shape)
    return _BYTES * batch_size * values + weight_bytes(model)


def weight_bytes(model: keras.Model) -> int:
    """Return the bytes of a step that do not depend on the batch: weights, gradients and Adam's two moments."""
    return _BYTES * _COPIES_OF_WEIGHTS * model.count_params()


def refuse_too_large(model: keras.Model, batch_size: int) -> None:
    """Raise OutOfMemory if a training step cannot fit into this machine's free memory."""
    if needed_bytes(model, batch_size) > free_bytes():
        raise OutOfMemory(batch_size)


def free_bytes() -> int:
    """Return the memory this process can still allocate, in bytes: free memory, or less under `ulimit -v`."""
    free = psutil.virtual_memory().available
    process = psutil.Process()
    if hasattr(process, "rlimit"):
        limit, _ = process.rlimit(psutil.RLIMIT_AS)
        if limit != psutil.RLIM_INFINITY:
            free = min(free, max(0, limit - process.memory_info().vms))
    return free


def peak_growth(work: Callable[[], object]) -> int:
    """Run some work and return the peak growth of the process, in bytes.

    Returns 0 if the system does not report it (`VmHWM` in
    https://man7.org/linux/man-pages/man5/proc_pid_status.5.html).
    """
    try:
        _CLEAR_PEAK.write_text("5")
    except OSError:
        work()
        return 0
    before = psutil.Process().memory_info().rss
    work()
    peak = re.search(r"^VmHWM:\s*(\d+) kB", _STATUS.read_text(), re.MULTILINE)
    return max(0, int(peak[1]) * 1024 - before) if peak else 0


_QUICK = 3.0
"""Maximum expected time of a whole batch, in seconds, for it to be measured."""
_LONGEST_STEP = 4.0
"""Maximum duration of a step with the proposed batch, in seconds: Ctrl-C waits for the step to end."""
_SHARE_OF_FREE_MEMORY = 0.5
_LARGE = 2 * 1024**3
"""Size of a step, in bytes, above which its batch is measured before it is proposed."""
_MOST_PER_COUNTED = 2
"""Maximum ratio of measured memory to the estimate of `needed_bytes` for the photos."""
_FORWARD_SHARE = 1 / 3
"""Forward pass as a share of a training step: the backward pass takes twice as long."""


@dataclass(frozen=True)
class StepCost:
    """Time and memory that training takes on this machine."""

    start_up: float
    """Seconds before the first step, to compile the network."""
    learning: float
    """Seconds per photo in a training step."""
    bytes_per_photo: int
    """Memory per photo of a batch, in bytes."""
    fixed_bytes: int
    """Memory that does not depend on the batch, in bytes."""

    @property
    def validating(self) -> float:
        """Seconds per photo in validation."""
        return self.learning * _FORWARD_SHARE

    def needed_bytes(self, batch_size: int) -> int:
        """Return the memory of a step with this batch size, in bytes."""
        return self.fixed_bytes + batch_size * self.bytes_per_photo

    def fitting_batch(self, most: int) -> int:
        """Return the largest batch that fits into free memory, from 0 to `most`."""
        return max(0, min(most, (free_bytes() - self.fixed_bytes) // max(1, self.bytes_per_photo)))

    def proposed_batch(self, wanted: int) -> int:
        """Halve the wanted batch size until a step is short and fits into half of the free memory."""
        free = free_bytes() * _SHARE_OF_FREE_MEMORY
        batch_size = wanted
        while batch_size > 1 and (self.needed_bytes(batch_size) > free or batch_size * self.learning > _LONGEST_STEP):
            batch_size //= 2
        return batch_size


def is_large(network: Network, batch_size: int) -> bool:
    """Return whether a batch needs so much memory on a CPU that it is measured before it is proposed."""
    return prepare_devices() == "CPU" and needed_bytes(network.model, batch_size) > _LARGE


@suppressed_logger("tensorflow")
def step_cost(
    network: Network,
    settings: TrainingSettings,
    should_stop: Callable[[], bool] = lambda: False,
    report: Callable[[StepCost], None] = lambda cost: None,
) -> StepCost | None:
    """Measure training steps of the regression without changing the network.

    A step of one photo is measured first. A whole batch follows if it is expected to take only a few seconds.

    Args:
        network: The network to be trained.
        settings: Loss, precision and batch size of the training.
        should_stop: Polled before each step.
        report: Called with the cost of a one-photo step as soon as it is known.

    Returns:
        The cost, or None if `should_stop` ended the measurement.

    Raises:
        OutOfMemory: Not even one photo fits.
    """
    model = keras.models.clone_model(in_precision(network.model, settings.precision))
    fitted = ChromaClassifier(model, np.ones(len(chroma_bins()), np.float32)) if is_classifier(model) else model
    compile_model(fitted, settings, settings.learning_rate)
    if prepare_devices() == "CPU":
        refuse_too_large(model, 1)
    seconds: list[float] = []

    def steps(photos: int) -> bool:
        """Run a first step, which compiles, and a second one; return whether both ran."""
        inputs = np.zeros((photos, network.size, network.size, 1), np.float32)
        targets = np.zeros((photos, network.size, network.size, 3), np.float32)
        for _ in range(2):
            if should_stop():
                return False
            started = time.monotonic()
            with enough_memory(photos):
                fitted.train_on_batch(inputs, targets)
            seconds.append(time.monotonic() - started)
        return True

    growth = peak_growth(lambda: steps(1))
    if len(seconds) < 2:
        return None
    fixed = weight_bytes(model)
    counted = needed_bytes(model, 1) - fixed
    # The first step grows the process by more than its tensors: also by the compiled graph and by thread memory.
    per_photo = min(max(growth - fixed, counted), _MOST_PER_COUNTED * counted)
    cost = StepCost(max(0.0, seconds[0] - seconds[1]), seconds[1], per_photo, fixed)
    report(cost)
    photos = cost.proposed_batch(settings.batch_size)
    if photos == 1 or photos * cost.learning > _QUICK or not steps(photos):
        return cost
    return StepCost(cost.start_up, seconds[3] / photos, per_photo, fixed)
