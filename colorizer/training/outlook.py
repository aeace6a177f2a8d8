"""What the curves of a training say about going on with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_PATIENCE = 3
"""Epochs without a better validation loss after which it is called settled; one or two are noise."""
_TREND = 0.995
"""Share of its loss that a training must have left to be called better: half a percent is noise too."""


@dataclass(frozen=True)
class Outlook:
    """How the losses of a training stand at its end."""

    is_overfitting: bool
    """Whether the training loss went on falling while the validation loss no longer did."""
    is_improving: bool
    """Whether the validation loss was at its best in the last epochs."""
    best_epoch: int
    """The epoch with the best validation loss, counted from one."""


def outlook_of(history: Mapping[str, Sequence[float | None]]) -> Outlook | None:
    """Read `train.TrainingRecord.history`; None for a training of too few epochs to tell."""
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
