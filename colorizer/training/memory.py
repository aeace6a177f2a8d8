"""Memory of a training step, estimated to refuse one that is too large before the system kills the process."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import keras
import psutil

from colorizer.errors import OutOfMemory

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
