"""Where a training stands between two epochs, in one file: all it needs to go on as if it had never stopped."""

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
"""Files of an unfinished training: the best epoch's network, that of the moment it was stopped, and its checkpoint."""
VERSION = 1
"""Of the checkpoint's file; files without a number are read as this one."""
_NUMBERS = "numbers"


@dataclass(frozen=True)
class Checkpoint:
    """A training between two epochs."""

    epochs: int
    """Finished ones."""
    history: dict[str, list[float | None]]
    """Each figure, epoch by epoch; None for epochs that did not report it."""
    seconds: float
    """Spent so far."""
    best: tuple[float, int]
    """The best epoch's rank, smaller being better, and its number, counted from one; 0 before there is one."""
    is_adversarial: bool = False
    """Whether the adversarial phase has begun."""
    plateau: dict[str, float] = field(default_factory=dict)
    """What the plateau schedule has seen: the best validation loss, and the epochs since."""
    average: int = 0
    """Steps the average of the weights has taken in."""
    collapse: tuple[int, str] = (0, "")
    """Steps in a row without a mistake of the discriminator, and why the adversarial phase ended, empty before."""
    least_gain: float = 0.0
    """PSNR over gray, in dB, that an adversarial epoch must have to be kept."""
    arrays: dict[str, list[np.ndarray]] = field(default_factory=dict)
    """Variables of the network ("model"), of its optimizer ("optimizer"), their average ("average"), and in the
    adversarial phase those of the discriminator ("discriminator") and of its optimizer ("discriminator_optimizer")."""


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint as NumPy's `.npz`, complete or not at all; raise ColorizeError."""
    numbers = {
        "version": VERSION,
        "epochs": checkpoint.epochs,
        "is_playing": checkpoint.is_adversarial,  # the name it had before files had versions
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
    """Read what `save_checkpoint` wrote, None where there is nothing; raise ColorizeError when it cannot be read."""
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
    except Exception as error:  # a broken archive fails in nearly every way
        raise ColorizeError(
            f"Cannot resume from {path}: it is damaged ({error}). Remove it to restart this training."
        ) from error


def assign(variables: Sequence[keras.Variable], values: Sequence[np.ndarray], path: Path) -> None:
    """Give variables the values they had; raise ColorizeError when these are another network's."""
    if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
        raise ColorizeError(
            f"Cannot resume from {path}: it belongs to another network. Remove it to restart this training."
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
