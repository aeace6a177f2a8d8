"""A plot of the gradients of a training, by layer and epoch, as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from colorizer.files import complete_file, unused_path
from colorizer.training.gradients import gradient_history


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
