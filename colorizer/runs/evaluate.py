"""Score a network on colour photos, and keep what was found."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import keras
from PIL import Image

from colorizer.evaluation.evaluate import Evaluation, ScoredPhoto, evaluate_network
from colorizer.evaluation.true_hints import hints_of_truth
from colorizer.files import unused_path, write_text
from colorizer.inference.colorize import AS_MEANT, Adjustment, HintsOf, colorize_all
from colorizer.network.network import Network
from colorizer.photos.photo import Photo, Picture
from colorizer.pictures.hues import save_hues
from colorizer.pictures.sheets import COMPARED, SHEET_ROWS, SheetWriter, comparison
from colorizer.progress import Progress, no_progress
from colorizer.runs.folders import SCORES, Run
from colorizer.settings import DEFAULT_READING, Reading, TrainingSettings


@dataclass(frozen=True)
class EvaluateJob:
    """Colour photos a network is to be scored on."""

    network: Network
    photos: Sequence[Path]
    root: Path
    """The folder the photos' relative names start from."""
    run: Run
    """Where the scores go."""
    batch_size: int = TrainingSettings.batch_size
    loss: str = TrainingSettings.loss
    adjustment: Adjustment = AS_MEANT
    reading: Reading = DEFAULT_READING
    hints_per_photo: int = 0
    """Random places of each photo whose true colours are revealed."""
    seed: int = 0
    """Which places these are."""
    features: keras.Model | None = None
    """`network.photo_features`, where the kernel inception distance is wanted too."""

    @property
    def hints_of(self) -> HintsOf:
        return hints_of_truth(self.hints_per_photo, self.seed)


@dataclass(frozen=True)
class SavedEvaluation:
    """Where an evaluation lies."""

    scores: Path
    """Every photo's scores, as CSV."""
    hues: Path
    """A drawing of which hues became which."""
    best: tuple[Path, ...]
    """Sheets of the photos that gained most over gray."""
    worst: tuple[Path, ...]
    """Sheets of those that gained least."""


def score_photos(job: EvaluateJob, progress: Progress = no_progress) -> Evaluation:
    """Score the job's photos, each figure beside the gray baseline; raise ColorizeError when one cannot be read."""
    return evaluate_network(
        job.network,
        job.photos,
        job.loss,
        job.batch_size,
        job.adjustment,
        job.reading,
        progress,
        job.hints_of,
        job.features,
    )


def save_evaluation(job: EvaluateJob, evaluation: Evaluation) -> SavedEvaluation:
    """Save every photo's scores as a table, the hues, and sheets of the best and worst photos; raise ColorizeError."""
    by_gain = sorted(evaluation.photos, key=lambda photo: photo.gain, reverse=True)
    return SavedEvaluation(
        scores=save_scores(evaluation.photos, job.root, job.run),
        hues=save_hues(evaluation.hues, job.run.results),
        best=_save_sheets(job, "best", by_gain[:SHEET_ROWS]),
        worst=_save_sheets(job, "worst", by_gain[::-1][:SHEET_ROWS]),
    )


def save_scores(photos: Sequence[ScoredPhoto], root: Path, run: Run) -> Path:
    """Write one line of scores for every photo, as CSV in UTF-8, and return its path; raise ColorizeError."""
    scores = [field.name for field in fields(photos[0].predicted)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["photo", *scores, *(f"gray_{name}" for name in scores), "true_colourfulness"])
    for photo in photos:
        figures = (*astuple(photo.predicted), *astuple(photo.gray), photo.true_colourfulness)
        writer.writerow([photo.path.relative_to(root), *(f"{figure:.4f}" for figure in figures)])
    path = unused_path(run.results / SCORES)
    write_text(path, text.getvalue())
    return path


def _save_sheets(job: EvaluateJob, name: str, photos: Sequence[ScoredPhoto]) -> tuple[Path, ...]:
    sheets = SheetWriter(job.run.results / name, COMPARED)
    gains = {photo.path: photo.gain for photo in photos}
    for outcome in colorize_all(job.network, list(gains), _compared, job.adjustment, job.reading, job.hints_of):
        title = f"{outcome.path.relative_to(job.root)}: {gains[outcome.path]:+.2f} dB over gray"
        sheets.add(title, outcome.delivered)
    return sheets.finish()


def _compared(path: Path, original: Photo, picture: Picture) -> list[Image.Image]:
    return comparison(original, picture, truth=original)
