"""Assessment of a training's loss curves: overfitting, or worth continuing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    losses, validation = history.get("loss", ()), history.get("val_loss", ())
    if len(validation) < _PATIENCE or None in losses or None in validation:
        return None
    best = min(range(len(validation)), key=validation.__getitem__)
    since = len(validation) - 1 - best
    has_fallen = losses[-1] < _TREND * losses[best]
    has_risen = validation[-1] > validation[best]
    return Outlook(
        is_overfitting=since >= _PATIENCE and has_fallen and has_risen,
        is_improving=since == 0 and validation[-1] < _TREND * validation[-_PATIENCE],
        best_epoch=best + 1,
    )
