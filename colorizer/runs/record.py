"""The record next to a trained model: its settings, scores and training photos."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from colorizer.evaluation.evaluate import Evaluation
from colorizer.files import read_json, write_text
from colorizer.network.network import Network
from colorizer.runs.folders import RECORD, write_record
from colorizer.runs.specification import RunSpecification
from colorizer.settings import RECORD_VERSION
from colorizer.training.train import TrainingRecord

_PARTS = ("train", "validation", "test")


def save_record(
    folder: Path,
    network: Network,
    specification: RunSpecification,
    training: TrainingRecord,
    evaluation: Evaluation,
    start: Evaluation | None = None,
) -> Path:
    """Write the record of a training into a folder and return its path; raise ColorizeError.

    `start`: scores of the model the training started from; None for a new network.
    """
    split = specification.split
    record = {
        "version": RECORD_VERSION,
        "network": {"name": network.name, "size": network.size, "parameters": network.model.count_params()},
        "colour": "luma (BT.709) in [0, 1] to RGB in [0, 1], gamma-encoded",
        "photos": {part: len(getattr(split, part)) for part in _PARTS},
        "model": asdict(specification.model) if specification.model else None,
        "settings": asdict(specification.settings),
        "training": asdict(training),
        "evaluation": asdict(evaluation),
        "start_evaluation": asdict(start) if start else None,
        "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy", "pillow", "scikit-image")},
        "learned_from": sorted({_mark(photo) for photo in (*split.train, *split.validation)}),
    }
    write_record(folder / RECORD, record)
    return folder / RECORD


def learned_from(model: Path, photos: Iterable[Path]) -> int:
    """Count the photos that a model was trained on, according to its record; 0 without a record.

    Photos are identified by name and size. A copy elsewhere is recognized; a re-encoded one is not.
    """
    try:
        marks = set(read_json(model.parent / RECORD, allows_nan=True)["learned_from"])
    except (OSError, ValueError, KeyError, TypeError):  # missing, or not a valid record
        return 0
    return sum(_mark(photo) in marks for photo in photos)


def save_history(history: Mapping[str, Sequence[float | None]], path: Path) -> Path:
    """Write the figures of every epoch as CSV and return the path; raise ColorizeError."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["epoch", *history])
    for number, figures in enumerate(zip(*history.values(), strict=True), 1):
        writer.writerow([number, *("" if figure is None else f"{figure:.8g}" for figure in figures)])
    write_text(path, text.getvalue())
    return path


def _mark(photo: Path) -> str:
    try:
        size = photo.stat().st_size
    except OSError:  # deleted since
        size = 0
    return hashlib.sha256(f"{photo.name}:{size}".encode("utf-8", "surrogateescape")).hexdigest()[:12]
