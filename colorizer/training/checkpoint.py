"""Checkpoints: the state of a training between two epochs, in one file with everything needed to resume it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from colorizer.documents import parse_json
from colorizer.errors import ColorizeError
from colorizer.files import complete_file, exists

BEST, LAST, STATE = "best.h5", "last.h5", "state.npz"
"""Files of an unfinished training: the best epoch's network, the network when training stopped, and the checkpoint."""
VERSION = 1
"""Version of the checkpoint format; files without a version number count as version 1."""
_NUMBERS = "numbers"


@dataclass(frozen=True)
class Checkpoint:
    """A training between two epochs."""

    epochs: int
    """Number of finished epochs."""
    history: dict[str, list[float | None]]
    """Values of each metric by epoch; None for epochs that did not report it."""
    seconds: float
    """Training time so far, in seconds."""
    best: tuple[float, int]
    """Rank of the best epoch, smaller is better, and its number, counted from one; 0 if there is none yet."""
    is_adversarial: bool = False
    """Whether the adversarial phase has begun."""
    plateau: dict[str, float] = field(default_factory=dict)
    """State of the plateau schedule: the best validation loss, and the number of epochs since."""
    average: int = 0
    """Number of steps in the weight average."""
    collapse: tuple[int, str] = (0, "")
    """Consecutive steps without a discriminator error, and why the adversarial phase ended (empty if it has not)."""
    least_gain: float = 0.0
    """Minimum PSNR gain over gray, in dB, for an adversarial epoch to be kept."""
    arrays: dict[str, list[np.ndarray]] = field(default_factory=dict)
    """Variables by group: the network ("model"), its optimizer ("optimizer") and the weight average ("average"); in the
    adversarial phase also the discriminator ("discriminator") and its optimizer ("discriminator_optimizer").
    """


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint as NumPy's `.npz`, completely or not at all. Raises ColorizeError."""
    numbers = {
        "version": VERSION,
        "epochs": checkpoint.epochs,
        "is_playing": checkpoint.is_adversarial,  # name from unversioned files
        "history": checkpoint.history,
        "seconds": checkpoint.seconds,
        "plateau": checkpoint.plateau,
        "best": checkpoint.best,
        "average": checkpoint.average,
        "collapse": checkpoint.collapse,
        "least_gain": checkpoint.least_gain,
    }
    named = {
        f"{group}-{number:05}": array for group, some in checkpoint.arrays.items() for number, array in enumerate(some)
    }
    with complete_file(path) as temporary:
        np.savez(temporary, allow_pickle=False, **{_NUMBERS: np.array(json.dumps(numbers))}, **named)


def load_checkpoint(path: Path) -> Checkpoint | None:
    """Load a checkpoint written by `save_checkpoint`.

    Returns:
        The checkpoint, or None if the file does not exist.

    Raises:
        ColorizeError: The file is damaged, or a newer version of the program wrote it.
    """
    if not exists(path):
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            numbers: dict[str, Any] = parse_json(str(stored[_NUMBERS]), allows_nan=True)
            if numbers.get("version", VERSION) > VERSION:
                raise ColorizeError(
                    f"{path} was written by a newer version of this program. Resume it with that version."
                )
            arrays: dict[str, list[np.ndarray]] = {}
            for name in sorted(set(stored.files) - {_NUMBERS}):
                arrays.setdefault(name.rpartition("-")[0], []).append(stored[name])
        rank, epoch = numbers["best"]
        steps, reason = numbers.get("collapse") or (0, "")
        return Checkpoint(
            epochs=int(numbers["epochs"]),
            history=numbers["history"],
            seconds=float(numbers["seconds"]),
            best=(float(rank), int(epoch)),
            is_adversarial=bool(numbers.get("is_playing", False)),
            plateau=numbers.get("plateau", {}),
            average=int(numbers.get("average", 0)),
            collapse=(int(steps), str(reason)),
            least_gain=float(numbers.get("least_gain", 0.0)),
            arrays=arrays,
        )
    except ColorizeError:
        raise
    except Exception as error:  # a damaged archive can raise almost any exception
        raise ColorizeError(
            f"Cannot resume from {path}: it is damaged ({error}). Remove it to restart this training."
        ) from error


def assign(variables: Sequence[keras.Variable], values: Sequence[np.ndarray], path: Path) -> None:
    """Assign stored values to variables. Raises ColorizeError if the shapes belong to another network."""
    if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
        raise ColorizeError(
            f"Cannot resume from {path}: it belongs to another network. Remove it to restart this training."
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
