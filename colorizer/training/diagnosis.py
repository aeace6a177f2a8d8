"""Diagnosis of a training: gradients that vanish or explode, overfitting, or curves that are worth continuing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

FIGURE = "gradient/"
"""Prefix of the metrics that hold a layer's gradient; the layer's name follows."""
_VANISHED = 1e-3
"""Ratio of a layer's gradient to the median of all layers, below which it is reported as vanishing."""
_GROWN = 100.0
"""Maximum growth of the largest gradient since the first epoch. Comparing layers would not show this: a last layer with
small initial weights propagates little gradient.
"""


def gradient_history(history: Mapping[str, Sequence[float | None]]) -> dict[str, np.ndarray]:
    """Extract the gradients of each layer by epoch from `train.TrainingRecord.history`.

    Returns:
        One array per layer, NaN for epochs without a measurement; empty if gradients were not recorded.
    """
    return {
        name.removeprefix(FIGURE): np.array(values, float)
        for name, values in history.items()
        if name.startswith(FIGURE)
    }


def said_of_gradients(history: Mapping[str, Sequence[float | None]]) -> tuple[str, ...]:
    """Describe gradients that vanish, explode or do not reach some layers, and what to do about them.

    Returns:
        One message per problem; empty if there are none, or nothing was recorded.
    """
    layers = gradient_history(history)
    if not layers:
        return ()
    table = np.array(list(layers.values()))
    table = table[:, ~np.isnan(table).all(axis=0)]
    last, said = table[:, -1], []
    middle, grown = float(np.nanmedian(last)), float(np.nanmax(last) / max(np.nanmax(table[:, 0]), 1e-30))
    dead = [name for name, value in zip(layers, last, strict=True) if value == 0]
    weak = [name for name, value in zip(layers, last, strict=True) if 0 < value < _VANISHED * middle]
    if dead:
        said.append(
            f"No gradient reaches {_named(dead)}, so nothing is learned there. Use a smaller learning rate or leaky "
            "rectifiers to prevent this."
        )
    if weak:
        said.append(
            f"Gradients vanish on their way to {_named(weak)}: they are less than a thousandth of the other layers' "
            "gradients. Use fewer layers, skip connections or batch normalization."
        )
    if grown > _GROWN:
        said.append(
            f"Gradients explode: they are {grown:,.0f} times as large as after the first epoch. Use a smaller "
            "learning rate or a smaller gradient_norm."
        )
    return tuple(said)


def _named(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} other layer{'s' * (len(names) > 2)}"


_PATIENCE = 3
"""Epochs without a better validation loss that count as a trend; one or two are noise."""
_TREND = 0.995
"""Maximum ratio of new to old loss that counts as an improvement; half a percent is noise."""


@dataclass(frozen=True)
class Outlook:
    """Assessment of a training's losses at its end."""

    is_overfitting: bool
    """Whether the training loss kept falling after the validation loss stopped."""
    is_improving: bool
    """Whether the validation loss was best in the last epochs."""
    best_epoch: int
    """The epoch with the best validation loss, counted from one."""


def outlook_of(history: Mapping[str, Sequence[float | None]]) -> Outlook | None:
    """Assess `train.TrainingRecord.history`; None if there are too few epochs."""
    curves = [history.get(name, ()) for name in ("loss", "val_loss")]
    losses, validation = ([value for value in curve if value is not None] for curve in curves)
    if len(validation) < _PATIENCE or [len(losses), len(validation)] != [*map(len, curves)]:
        return None
    best = validation.index(min(validation))
    since = len(validation) - 1 - best
    has_fallen = losses[-1] < _TREND * losses[best]
    has_risen = validation[-1] > validation[best]
    return Outlook(
        is_overfitting=since >= _PATIENCE and has_fallen and has_risen,
        is_improving=since == 0 and validation[-1] < _TREND * validation[-_PATIENCE],
        best_epoch=best + 1,
    )
