"""Where a training stands, in one file: all it needs to go on as if it had never stopped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from colorizer.files import complete_file
from colorizer.settings import ColorizeError

_NUMBERS = "numbers"


@dataclass(frozen=True)
class State:
    """A training between two epochs."""

    numbers: dict[str, Any]
    """What fits into JSON: epochs done, history, what the callbacks have seen."""
    arrays: dict[str, list[np.ndarray]]
    """Variables of the network ("model"), of its optimizer ("optimizer"), their average ("average"), and in a game
    those of the discriminator ("discriminator") and of its optimizer ("discriminator_optimizer")."""


def save_state(path: Path, state: State) -> None:
    """Write a state as NumPy's `.npz`, complete or not at all; raise ColorizeError."""
    named = {f"{group}-{number:05}": array for group, some in state.arrays.items() for number, array in enumerate(some)}
    with complete_file(path) as temporary:
        np.savez(temporary, allow_pickle=False, **{_NUMBERS: np.array(json.dumps(state.numbers))}, **named)


def load_state(path: Path) -> State | None:
    """Read what `save_state` wrote, None where there is nothing yet; raise ColorizeError when it cannot be read."""
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays: dict[str, list[np.ndarray]] = {}
            for name in sorted(set(stored.files) - {_NUMBERS}):
                arrays.setdefault(name.rpartition("-")[0], []).append(stored[name])
            return State(json.loads(str(stored[_NUMBERS])), arrays)
    except Exception as error:  # a broken archive fails in nearly every way
        raise ColorizeError(
            f"Cannot go on from {path}: it is damaged ({error}); remove it to begin this training again."
        ) from error


def assign(variables: Sequence[keras.Variable], values: Sequence[np.ndarray], path: Path) -> None:
    """Give variables the values they had; raise ColorizeError when these are another network's."""
    if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
        raise ColorizeError(
            f"Cannot go on from {path}: it belongs to another network; remove it to begin this training again."
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
