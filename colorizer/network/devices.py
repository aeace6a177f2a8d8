"""Devices and number formats that a network is computed with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import keras
import tensorflow as tf

from colorizer.errors import OutOfMemory
from colorizer.files import exists

_NVIDIA_DEVICES = (Path("/dev/nvidia0"), Path("/dev/dxg"))
OUT_OF_MEMORY = (tf.errors.ResourceExhaustedError, MemoryError)
"""Exceptions for insufficient memory, from TensorFlow and from everything else."""


def prepare_devices() -> str:
    """Make GPUs allocate memory on demand, and return the name of the device that computes."""
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # TensorFlow has already started and keeps its setting
            break
    if not gpus:
        return "CPU"
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus]
    return f"{len(gpus)} x {names[0]}" if len(gpus) > 1 else names[0]


def set_seeds(seed: int) -> None:
    """Seed Python, NumPy and TensorFlow for the whole process; no other code does."""
    keras.utils.set_random_seed(seed)


@cache
def mirrored() -> tf.distribute.Strategy:
    """Return the strategy that divides batches over all devices; TensorFlow requires a single one per process."""
    return tf.distribute.MirroredStrategy([device.name for device in _devices()])


def strategy(*first_batches: int) -> tf.distribute.Strategy:
    """Return the strategy to train under.

    This is the mirrored strategy if there are several devices and each of the `first_batches`, the numbers of photos in
    first batches, is divisible by their number, as Keras requires. Otherwise it is the default.
    """
    is_even = all(photos % replicas() == 0 for photos in first_batches)
    return mirrored() if replicas() > 1 and is_even else tf.distribute.get_strategy()


def replicas() -> int:
    """Return the number of devices that a batch is divided over."""
    return len(_devices())


def evenly_divided(count: int) -> int:
    """Return the largest number up to `count` that divides evenly over the devices; smaller counts are unchanged."""
    return count - count % replicas() if count >= replicas() else count


def _devices() -> list[tf.config.LogicalDevice]:
    """Return the GPUs, or else the CPU, which is one device unless TensorFlow is configured to split it."""
    return tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")


def compiled_by_xla() -> bool | str:
    """Return whether XLA compiles training steps, as a value for Keras' `jit_compile`."""
    # XLA's CPU kernels are slower than oneDNN's on these networks; on a GPU Keras decides.
    return "auto" if tf.config.list_physical_devices("GPU") else False


def convolution_precision(precision: str) -> str:
    """Resolve "auto" to the fastest precision of the hardware: 16-bit if supported, otherwise float32."""
    return precision if precision != "auto" else _fast_precision()


def _fast_precision() -> str:
    if has_bfloat16():
        return "mixed_bfloat16"
    # Volta and Turing, such as Tesla V100 and T4, multiply float16 in hardware; earlier cards do not.
    return "mixed_float16" if (7, 0) <= _compute_capability() < (8, 0) else "float32"


def scaled_optimizer(optimizer: keras.optimizers.Optimizer, precision: str) -> keras.optimizers.Optimizer:
    """Wrap an optimizer to scale the loss if gradients are float16, which would lose small ones.

    Micikevicius et al. 2018, "Mixed Precision Training", https://arxiv.org/abs/1710.03740, section 3.2.
    """
    is_float16 = convolution_precision(precision) == "mixed_float16"
    return keras.optimizers.LossScaleOptimizer(optimizer) if is_float16 else optimizer


def make_deterministic() -> None:
    """Make a GPU reproduce computations bit for bit, which is slower; a CPU always does."""
    if tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()


def in_precision(model: keras.Model, precision: str) -> keras.Model:
    """Return the model itself, or a copy with the same weights whose convolutions compute in another precision.

    The copy multiplies in that precision and adds in float32; its output is float32. Only the float32 model is saved,
    because it gives the same results on every machine.
    """
    if precision == "auto" and any(isinstance(layer, keras.layers.DepthwiseConv2D) for layer in model.layers):
        precision = "float32"  # most of MobileNetV2's layers gain nothing from bfloat16: docs/BENCHMARKS.md
    precision = convolution_precision(precision)
    if precision == "float32" and not tf.distribute.has_strategy():
        return model

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        is_inside = layer is not model.layers[-1]
        if is_inside and isinstance(layer, (keras.layers.Conv2D, keras.layers.LeakyReLU)) and layer.trainable:
            config["dtype"] = precision
        return layer.__class__.from_config(config)

    mixed = keras.models.clone_model(model, clone_function=copy)
    mixed.set_weights(model.get_weights())
    return mixed


def has_bfloat16() -> bool:
    """Return whether the hardware multiplies bfloat16: AVX512-BF16 or AMX on a CPU, Ampere or later on a GPU."""
    if tf.config.list_physical_devices("GPU"):
        return _compute_capability() >= (8, 0)
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not Linux
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _compute_capability() -> tuple[int, int]:
    """Return the compute capability of the first GPU (https://developer.nvidia.com/cuda-gpus); (0, 0) without one."""
    gpus = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(gpus[0]).get("compute_capability", (0, 0)) if gpus else (0, 0)


def has_unused_gpu(devices: Sequence[Path] = _NVIDIA_DEVICES, tool: str = "nvidia-smi") -> bool:
    """Return whether this machine has an NVIDIA GPU that TensorFlow does not see.

    Args:
        devices: Device files of a GPU: `/dev/nvidia0` on Linux, `/dev/dxg` on WSL2.
        tool: NVIDIA's program, which comes with its driver.
    """
    is_there = any(exists(device) for device in devices) or shutil.which(tool) is not None
    return is_there and not tf.config.list_physical_devices("GPU")


@contextmanager
def enough_memory(batch_size: int) -> Iterator[None]:
    """Raise OutOfMemory if the memory of the GPU or the machine runs out inside the block."""
    try:
        yield
    except OUT_OF_MEMORY as error:
        raise OutOfMemory(batch_size) from error
