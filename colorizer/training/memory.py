"""Whether a training step fits into memory, told before the system's killer tells it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import keras
import psutil

from colorizer.errors import OutOfMemory

_BYTES = 4
"""Of a float32."""
_COPIES_OF_WEIGHTS = 4
"""The weights, their gradients, and Adam's two moments."""
_CLEAR_PEAK, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def needed_bytes(model: keras.Model, batch_size: int) -> int:
    """Return the least a training step takes: what every layer gives for every photo, kept for the way back, and the
    weights with all that Adam keeps of them. Measured steps took 0.96 to 2.0 times as much for the photos.

    Layers that say no size of their own, as those of ResNet-18 do that were made for any, are not counted.
    """
    shapes = [layer.output.shape[1:] for layer in model.layers]
    values = sum(math.prod(shape) for shape in shapes if None not in shape)
    return _BYTES * batch_size * values + weight_bytes(model)


def weight_bytes(model: keras.Model) -> int:
    """Return what a training step takes whatever the batch: the weights, their gradients and Adam's two moments."""
    return _BYTES * _COPIES_OF_WEIGHTS * model.count_params()


def refuse_too_large(model: keras.Model, batch_size: int) -> None:
    """Raise OutOfMemory when a training step cannot fit into the memory this machine has free."""
    if needed_bytes(model, batch_size) > free_bytes():
        raise OutOfMemory(batch_size)


def free_bytes() -> int:
    """Return the memory that this process can still take: what is free, or what `ulimit -v` leaves."""
    free = psutil.virtual_memory().available
    process = psutil.Process()
    if hasattr(process, "rlimit"):
        limit, _ = process.rlimit(psutil.RLIMIT_AS)
        if limit != psutil.RLIM_INFINITY:
            free = min(free, max(0, limit - process.memory_info().vms))
    return free


def peak_growth(work: Callable[[], object]) -> int:
    """Do some work and return by how many bytes the process was larger at most than before; 0 where the system does
    not tell (`VmHWM` in https://man7.org/linux/man-pages/man5/proc_pid_status.5.html).
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
