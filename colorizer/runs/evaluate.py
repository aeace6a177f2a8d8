"""Score a network on color photos and save the scores."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import keras
from PIL import Image

from colorizer.evaluation.evaluate import Evaluation, EvaluationOptions, ScoredPhoto, evaluate_network, hints_of_truth
from colorizer.files import unused_path, write_text
from colorizer.inference.colorize import AS_MEANT, Adjustment, HintsOf, PhotoTask, colorize_all
from colorizer.network.network import Network
from colorizer.photos.photo import Photo, Picture
from colorizer.pictures.plots import save_hues
from colorizer.pictures.sheets import COMPARED, SHEET_ROWS, SheetWriter, comparison
from colorizer.progress import Progress, no_progress
from colorizer.runs.folders import SCORES, Run
from colorizer.settings import DEFAULT_READING, Reading, TrainingSettings


@dataclass(frozen=True)
class EvaluateJob:
    """Color photos on which to score a network."""

    network: Network
    photos: Sequence[Path]
    root: Path
    """The folder to which the photos' names are relative."""
    run: Run
    """The run that receives the scores."""
    batch_size: int = TrainingSettings.batch_size
    loss: str = TrainingSettings.loss
    adjustment: Adjustment = AS_MEANT
    reading: Reading = DEFAULT_READING
    hints_per_photo: int = 0
    """Number of random places per photo whose true colors are given as hints."""
    seed: int = 0
    """Seed for choosing these places."""
    features: keras.Model | None = None
    """Feature network for the kernel inception distance (`network.photo_features`); None skips that score."""

    @property
    def hints_of(self) -> HintsOf:
        return hints_of_truth(self.hints_per_photo, self.seed)


@dataclass(frozen=True)
class SavedEvaluation:
    """The files of a saved evaluation."""

    scores: Path
    """Scores of every photo, as CSV."""
    hues: Path
    """A plot of true and predicted hues."""
    best: tuple[Path, ...]
    """Sheets of the photos with the largest gain over gray."""
    worst: tuple[Path, ...]
    """Sheets of the photos with the smallest gain."""


def score_photos(job: EvaluateJob, progress: Progress = no_progress) -> Evaluation:
    """Score the job's photos and the gray baseline; raise ColorizeError if a photo cannot be read."""
    options = EvaluationOptions(job.loss, job.batch_size, job.adjustment, job.reading, job.hints_of, job.features)
    return evaluate_network(job.network, job.photos, options, progress)


def save_evaluation(job: EvaluateJob, evaluation: Evaluation) -> SavedEvaluation:
    """Save the scores as a table, the hue plot, and sheets of the best and worst photos; raise ColorizeError."""
    by_gain = sorted(evaluation.photos, key=lambda photo: photo.gain, reverse=True)
    return SavedEvaluation(
        scores=save_scores(evaluation.photos, job.root, job.run),
        hues=save_hues(evaluation.hues, job.run.results),
        best=_save_sheets(job, "best", by_gain[:SHEET_ROWS]),
        worst=_save_sheets(job, "worst", by_gain[::-1][:SHEET_ROWS]),
    )


def save_scores(photos: Sequence[ScoredPhoto], root: Path, run: Run) -> Path:
    """Write one row of scores per photo, as CSV in UTF-8, and return its path; raise ColorizeError."""
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
    tasks = [PhotoTask(path, hints=job.hints_of) for path in gains]
    for outcome in colorize_all(job.network, tasks, _compared, job.adjustment, job.reading):
        title = f"{outcome.path.relative_to(job.root)}: {gains[outcome.path]:+.2f} dB over gray"
        sheets.add(title, outcome.delivered)
    return sheets.finish()


def _compared(task: PhotoTask, original: Photo, picture: Picture) -> list[Image.Image]:
    return comparison(original, picture, truth=original)
