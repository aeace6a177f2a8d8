"""A plot of true and predicted hues."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from colorizer.files import complete_file, unused_path
from colorizer.photos.color import CHROMA_TO_OFFSET, merge


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
