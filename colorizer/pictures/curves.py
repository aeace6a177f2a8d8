"""The curves of a training, as PNG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from colorizer.files import complete_file, unused_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from colorizer.training.train import TrainingRecord


_SMOOTHED_EPOCHS = 5
"""Of fewer, a trend would be what the first epoch was."""
_SMOOTHING = 0.7
"""Momentum of the exponential moving average of a curve: it looks back over some three epochs."""
_REGRESSION_PANELS = (
    ("Loss", {"training": "loss", "validation": "val_loss"}),
    ("Accuracy (strongest channel right)", {"training": "accuracy", "validation": "val_accuracy"}),
    ("Learning rate", {"": "learning_rate"}),
)
_ADVERSARIAL_PANELS = (
    ("Adversarial losses", {"generator": "generator_loss", "discriminator": "discriminator_loss"}),
    ("Patches the discriminator tells rightly", {"": "discriminator_accuracy"}),
    (
        "Validation: realism of colours",
        {
            "PSNR gained over gray (dB)": "val_gain",
            "colourfulness / 10": "val_colourfulness",
            "100 x distance of the palettes": "val_palette_distance",
        },
    ),
)
_SCALES = {"val_colourfulness": 0.1, "val_palette_distance": 100.0}


def save_curves(record: TrainingRecord, folder: Path) -> Path:
    """Draw what a training reported, per epoch, into one PNG and return its path; raise ColorizeError.

    The figures themselves are drawn bold; of a training long enough to have a trend, that is laid pale beneath them.
    Phases are marked. An adversarial training has a second row.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    panels = _REGRESSION_PANELS + (_ADVERSARIAL_PANELS if "generator_loss" in record.history else ())
    figure = Figure(figsize=(15, 4.2 * (len(panels) // 3)), layout="constrained")
    for axes, (title, curves) in zip(figure.subplots(len(panels) // 3, 3).flat, panels, strict=True):
        for (label, name), colour in zip(curves.items(), ("tab:purple", "tab:cyan", "tab:orange"), strict=False):
            values = np.array(record.history.get(name, ()), float) * _SCALES.get(name, 1.0)
            epochs = np.arange(1, len(values) + 1)
            if name == "learning_rate":  # which is no noisy figure
                axes.plot(epochs, values, "o-", markersize=3, color=colour)
                continue
            axes.plot(epochs, values, "o-", markersize=3, color=colour, label=label)
            if len(values) >= _SMOOTHED_EPOCHS:
                axes.plot(epochs, smoothed(values), linewidth=4, color=colour, alpha=0.25)
        axes.set(title=title, xlabel="epoch", xlim=(0.5, record.phases[-1].last + 0.5))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        if len(curves) > 1:
            axes.legend()
        if title == "Learning rate" and min(record.history.get("learning_rate", (1,))) > 0:
            axes.set_yscale("log")
        _mark_phases(axes, record)
    path = unused_path(folder / "graphs.png")
    with complete_file(path) as temporary:
        figure.savefig(temporary, dpi=110)
    return path


def smoothed(values: np.ndarray) -> np.ndarray:
    """Return the exponential moving average of a curve, float64, shape (epochs,); NaN where the curve is, and not
    drawn towards zero at its beginning (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980, section 3).
    """
    average, weight, smooth = 0.0, 0.0, np.full(len(values), np.nan)
    for place, value in enumerate(values):
        if np.isfinite(value):
            average = _SMOOTHING * average + (1 - _SMOOTHING) * value
            weight = _SMOOTHING * weight + (1 - _SMOOTHING)
            smooth[place] = average / weight
    return smooth


def _mark_phases(axes: Axes, record: TrainingRecord) -> None:
    if len(record.phases) == 1:
        return
    for phase in record.phases:
        if phase.first:
            axes.axvline(phase.first + 0.5, color="gray", linewidth=1, linestyle="--")
        middle = (phase.first + phase.last + 1) / 2
        axes.text(middle, 1.0, phase.name, transform=axes.get_xaxis_transform(), ha="center", va="top", fontsize=8)
