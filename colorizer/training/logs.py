"""Training logs for TensorBoard."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import keras

from colorizer.errors import ColorizeError

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
