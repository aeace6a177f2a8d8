"""Plots as PNG: training curves, gradients by layer and epoch, true and predicted hues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from colorizer.files import complete_file, unused_path
from colorizer.photos.color import CHROMA_TO_OFFSET, merge
from colorizer.training.diagnosis import gradient_history

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from colorizer.training.train import TrainingRecord

_SMOOTHED_EPOCHS = 5
"""Minimum number of epochs for a smoothed curve; with fewer, the first epoch dominates it."""
_SMOOTHING = 0.7
"""Momentum of the exponential moving average of a curve, which spans about three epochs."""
_FEW_EPOCHS = 4
"""Up to this many epochs, points are drawn large, because there is hardly a line between them."""
_COLUMNS = 2
_REGRESSION_PANELS = (
    ("Loss", {"training": "loss", "validation": "val_loss"}),
    ("PSNR gain over gray (dB)", {"training": "gain", "validation": "val_gain"}),
    ("Colorfulness", {"training": "colourfulness", "validation": "val_colourfulness"}),
    ("Learning rate", {"": "learning_rate"}),
)
_CLASSIFIER_PANEL = ("Accuracy (strongest channel right)", {"training": "accuracy", "validation": "val_accuracy"})
_ADVERSARIAL_PANELS = (
    ("Adversarial losses", {"generator": "generator_loss", "discriminator": "discriminator_loss"}),
    ("Patches classified correctly by the discriminator", {"": "discriminator_accuracy"}),
    (
        "Validation: realism of colors",
        {
            "PSNR gain over gray (dB)": "val_gain",
            "colorfulness / 10": "val_colourfulness",
            "100 x palette distance": "val_palette_distance",
        },
    ),
)
_REALISM = _ADVERSARIAL_PANELS[-1][0]
_SCALES = {"val_colourfulness": 0.1, "val_palette_distance": 100.0}
"""Factors for the panel that shows metrics with different units."""


def save_curves(record: TrainingRecord, folder: Path, is_classifier: bool = False) -> Path:
    """Plot the metrics of a training by epoch into one PNG.

    Trainings with enough epochs also get a pale smoothed curve. Phases and the kept epoch are marked. Adversarial
    trainings and classifying networks have additional plots.

    Returns:
        The path of the PNG.

    Raises:
        ColorizeError: The file cannot be written.
    """
    from matplotlib.figure import Figure

    panels = [*_REGRESSION_PANELS]
    if is_classifier:
        panels.append(_CLASSIFIER_PANEL)
    if "generator_loss" in record.history:
        panels += _ADVERSARIAL_PANELS
    rows = -(-len(panels) // _COLUMNS)
    figure = Figure(figsize=(11, 4.2 * rows), layout="constrained")
    all_axes = figure.subplots(rows, _COLUMNS).flat
    for axes, (title, curves) in zip(all_axes, panels, strict=False):
        _draw(axes, title, curves, record)
    for axes in [*all_axes][len(panels) :]:
        axes.set_axis_off()
    path = unused_path(folder / "graphs.png")
    with complete_file(path) as temporary:
        figure.savefig(temporary, dpi=110)
    return path


def _draw(axes: Axes, title: str, curves: dict[str, str], record: TrainingRecord) -> None:
    from matplotlib.ticker import MaxNLocator

    for (label, name), color in zip(curves.items(), ("tab:purple", "tab:cyan", "tab:orange"), strict=False):
        scale = _SCALES.get(name, 1.0) if title == _REALISM else 1.0
        values = np.array(record.history.get(name, ()), float) * scale
        epochs = np.arange(1, len(values) + 1)
        size = 9 if len(values) <= _FEW_EPOCHS else 3
        axes.plot(epochs, values, "o-", markersize=size, color=color, label=label or None)
        if len(values) >= _SMOOTHED_EPOCHS and name != "learning_rate":  # the learning rate is not noisy
            axes.plot(epochs, smoothed(values), linewidth=4, color=color, alpha=0.25)
    if record.kept_epoch:
        axes.axvline(record.kept_epoch, color="tab:green", linewidth=1.5, linestyle=":", label="kept epoch")
    axes.set(title=title, xlabel="epoch", xlim=(0.5, record.phases[-1].last + 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
    if title == "Learning rate" and all(rate and rate > 0 for rate in record.history.get("learning_rate", ())):
        axes.set_yscale("log")
    _mark_phases(axes, record)


def smoothed(values: np.ndarray) -> np.ndarray:
    """Return the exponential moving average of a curve, float64, shape (epochs,); NaN where the curve is NaN.

    The bias toward zero at the start is corrected (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980, section 3).
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


def save_gradients(history: Mapping[str, Sequence[float | None]], folder: Path) -> Path | None:
    """Plot the size of each layer's gradient as PNG.

    There is one line per epoch, from pale (first) to dark (last), over the layers from the photo to the colors. A gap
    marks a layer that no gradient reached.

    Args:
        history: The training history (`TrainingRecord.history`).
        folder: The output folder.

    Returns:
        The path of the plot; None if gradients were not recorded.

    Raises:
        ColorizeError: The file cannot be written.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    layers = gradient_history(history)
    if not layers:
        return None
    table = np.array(list(layers.values()))
    epochs = [number for number in range(table.shape[1]) if not np.isnan(table[:, number]).all()]
    figure = Figure(figsize=(max(7.5, 0.28 * len(layers)), 5), layout="constrained")
    axes = figure.subplots()
    for place, epoch in enumerate(epochs):
        shade = colormaps["Purples"](0.3 + 0.7 * (place + 1) / len(epochs))
        label = f"epoch {epoch + 1}" if place in (0, len(epochs) - 1) else None
        axes.plot(np.where(table[:, epoch] > 0, table[:, epoch], np.nan), "o-", markersize=3, color=shade, label=label)
    axes.set(title="Gradient of each layer's kernel", ylabel="root mean square", yscale="log")
    axes.set_xticks(range(len(layers)), list(layers), rotation=90, fontsize=8)
    axes.grid(alpha=0.3)
    axes.legend()
    path = unused_path(folder / "gradients.png")
    with complete_file(path) as temporary:
        figure.savefig(temporary, dpi=110)
    return path


def save_hues(hues: Sequence[Sequence[float]], folder: Path) -> Path:
    """Plot `evaluation.Evaluation.hues` as PNG and return its path; raise ColorizeError.

    The left plot shows the chroma of each hue, true and predicted. The right plot shows which true hue became which
    predicted hue; its last row and column hold chroma that exists on one side only.
    """
    from matplotlib.figure import Figure

    table = np.asarray(hues)
    count = len(table) - 1
    angles = (np.arange(count) + 0.5) * 2 * np.pi / count
    chroma = 0.25 * np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype(np.float32)
    colours = merge(np.full((1, count), 0.5, np.float32), (chroma @ CHROMA_TO_OFFSET).T[:, None])[:, 0].T
    figure = Figure(figsize=(15, 6.5), layout="constrained")
    bars, field = figure.subplots(1, 2)
    places = np.arange(count)
    bars.bar(places - 0.2, table.sum(axis=1)[:-1], 0.4, color=colours, edgecolor="black", label="true (outlined)")
    bars.bar(places + 0.2, table.sum(axis=0)[:-1], 0.4, color=colours, label="predicted")
    bars.set(title="Chroma of each hue as a share of all true chroma", xticks=[], xlabel="hue")
    bars.legend()
    # The square root keeps small values visible next to a few large ones.
    field.imshow(np.sqrt(table), cmap="magma", origin="lower")
    shown = np.vstack([colours, [(0.5, 0.5, 0.5)]])
    places = np.arange(count + 1)
    field.scatter(places, np.full(count + 1, -1.2), c=shown, marker="s", s=110, clip_on=False)
    field.scatter(np.full(count + 1, -1.2), places, c=shown, marker="s", s=110, clip_on=False)
    field.set(title="True and predicted hues", xlabel="predicted", ylabel="true", xticks=[], yticks=[])
    field.set(xlim=(-1.8, count + 0.5), ylim=(-1.8, count + 0.5))
    path = unused_path(folder / "hues.png")
    with complete_file(path) as temporary:
        figure.savefig(temporary, dpi=100)
    return path
