"""Logs of a training that TensorBoard shows, where they are wanted."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import keras

from colorizer.errors import ColorizeError

LOGS = "tensorboard"
"""Folder of the logs inside a training's own, so that `tensorboard --logdir` on the folder above shows every run."""


def tensorboard_logs(folder: Path) -> keras.callbacks.TensorBoard:
    """Return what writes the figures of every epoch into `folder`; raise ColorizeError without TensorBoard.

    A training that is taken up, or goes on in another phase, adds to what is there.
    """
    refuse_without_tensorboard()
    return keras.callbacks.TensorBoard(folder, write_graph=False)


def refuse_without_tensorboard() -> None:
    """Raise ColorizeError where the package is not installed: TensorFlow alone does not write its figures."""
    if find_spec("tensorboard") is None:
        raise ColorizeError('TensorBoard is not installed; run: pip install "tensorboard>=2.18,<3"')
