"""Train a network and save it, with its evaluation.

`train_and_keep` runs all steps. A driver that reports in between calls the three steps itself: `train_and_save`,
`evaluate_trained` and `colorize_test_photos`, then `finish`. To resume an interrupted job, read its specification
(`specification.read_specification`) and run the same steps again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from colorizer.dataset.batches import Augmentation, PhotoBatches
from colorizer.errors import Interrupted
from colorizer.evaluation.evaluate import Evaluation
from colorizer.files import is_file
from colorizer.network import model_files
from colorizer.network.architectures import is_classifier
from colorizer.network.devices import evenly_divided, replicas
from colorizer.network.network import Network
from colorizer.pictures.plots import save_curves, save_gradients
from colorizer.pictures.sheets import Snapshots
from colorizer.progress import Progress, no_progress
from colorizer.runs.colorize import ColorizeJob, ColorizeResult, colorize_photos
from colorizer.runs.evaluate import EvaluateJob, score_photos
from colorizer.runs.folders import HISTORY, MODEL, SNAPSHOTS, WEIGHTS, Run
from colorizer.runs.specification import (
    RunSpecification,
    forget_specification,
    read_start,
    save_history,
    save_record,
    write_specification,
)
from colorizer.settings import DEFAULT_READING, Reading
from colorizer.training.callbacks import EpochReport, mix_evenly
from colorizer.training.checkpoint import BEST, LAST
from colorizer.training.train import TrainingControl, TrainingRecord, TrainingStopped, train_network


@dataclass(frozen=True)
class TrainJob:
    """A training whose specification has been written (`begin_training`)."""

    network: Network
    """The network to start from; trained in place."""
    specification: RunSpecification
    run: Run
    reading: Reading = DEFAULT_READING


@dataclass(frozen=True)
class TrainedEvaluation:
    """Evaluation of a trained network, and the files it is saved in."""

    evaluation: Evaluation
    start: Evaluation | None
    """Scores of the starting model on the same photos; None for a new network."""
    record: Path
    """Settings and scores as JSON: `model.json`."""
    history: Path
    """Metrics of every epoch, as CSV."""
    curves: Path
    gradients: Path | None
    """Gradients of each layer; None if not recorded."""
    snapshots: Path | None
    """The same test photos, epoch by epoch; None if they were removed."""


@dataclass(frozen=True)
class TrainResult:
    """Result of a training."""

    training: TrainingRecord
    trained: TrainedEvaluation
    colorized: ColorizeResult | None
    """The colorized test photos; None if not requested."""


def begin_training(
    network: Network, specification: RunSpecification, run: Run, reading: Reading = DEFAULT_READING
) -> TrainJob:
    """Write the specification of a new training, to make it resumable, and return its job. Raises ColorizeError."""
    write_specification(run, specification, network)
    return TrainJob(network, specification, run, reading)


def train_and_keep(
    job: TrainJob,
    report: Callable[[EpochReport], None] = lambda report: None,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Progress = no_progress,
) -> TrainResult:
    """Train, save the model and its record, evaluate it, and colorize the test photos.

    Raises:
        Interrupted: `should_stop` returned True; the run's folder holds everything needed to resume.
        ColorizeError: Training, evaluation or saving failed.
    """
    training = train_and_save(job, report, should_stop)
    trained = evaluate_trained(job, training, progress)
    colorized = colorize_test_photos(job, progress)
    finish(job)
    return TrainResult(training, trained, colorized)


def train_and_save(
    job: TrainJob,
    report: Callable[[EpochReport], None] = lambda report: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> TrainingRecord:
    """Train the job's network in place and, if requested, save it before anything else can fail.

    Raises Interrupted, with the path of the current network, if `should_stop` returns True.
    """
    split, settings, network = job.specification.split, job.specification.settings, job.network
    batch_size, least = evenly_divided(settings.batch_size), replicas()
    learned, validated = (photos[: evenly_divided(len(photos))] for photos in (split.train, split.validation))
    augmentation = Augmentation(settings.augmentation, settings.seed)
    learning = PhotoBatches(learned, network.size, batch_size, job.reading, augmentation, least)
    validation = PhotoBatches(validated, network.size, batch_size, job.reading, least=least)
    control = TrainingControl(report, should_stop, _snapshots(job), job.specification.is_loaded)
    try:
        record = train_network(network, learning, validation, settings, job.run.models, control)
        if settings.start_share and job.specification.is_loaded and record.kept_epoch:
            share = mix_evenly(network.model, read_start(job.run).model, settings.start_share, validation)
            record = replace(record, start_share=share)
    except TrainingStopped as stopped:
        best = ""
        if stopped.best_epoch:
            best = f", the network of the best epoch ({stopped.best_epoch}) in {job.run.models / BEST}"
        raise Interrupted(
            f"Stopped in epoch {stopped.epoch}. The current network is in {job.run.models / LAST}{best}."
        ) from stopped
    finally:
        learning.forget()
        validation.forget()
    if should_stop():  # requested after the last epoch
        raise Interrupted("Stopped after the last epoch.")
    if job.specification.save_model:
        model_files.save(network.model, job.run.models / MODEL)
        model_files.save_weights(network.model, job.run.models / WEIGHTS)
    return record


def evaluate_trained(job: TrainJob, training: TrainingRecord, progress: Progress = no_progress) -> TrainedEvaluation:
    """Score the trained network on the test photos, and save its record and curves. Raises ColorizeError.

    The record is saved next to the model if the model was saved, otherwise next to the results.
    """
    specification, settings = job.specification, job.specification.settings
    scoring = EvaluateJob(
        network=job.network,
        photos=specification.split.test,
        root=specification.root,
        run=job.run,
        batch_size=settings.batch_size,
        loss=settings.loss,
        reading=job.reading,
    )
    evaluation = score_photos(scoring, progress)
    start = _score_start(scoring, training, evaluation, progress) if specification.is_loaded else None
    folder = job.run.models if is_file(job.run.models / MODEL) else job.run.results
    return TrainedEvaluation(
        evaluation=evaluation,
        start=start,
        record=save_record(folder, job.network, specification, training, evaluation, start),
        history=save_history(training.history, job.run.results / HISTORY),
        curves=save_curves(training, job.run.results, is_classifier(job.network.model)),
        gradients=save_gradients(training.history, job.run.results),
        snapshots=_snapshots(job).finish(),
    )


def _score_start(
    scoring: EvaluateJob, training: TrainingRecord, evaluation: Evaluation, progress: Progress
) -> Evaluation:
    if training.kept_epoch == 0:
        return evaluation
    return score_photos(replace(scoring, network=read_start(scoring.run)), progress)


def colorize_test_photos(
    job: TrainJob, progress: Progress = no_progress, has_all_sheets: bool = False
) -> ColorizeResult | None:
    """Colorize the test photos and show them next to their originals, if requested.

    Args:
        job: The training.
        progress: Called as photos are done.
        has_all_sheets: Whether comparison sheets show every photo instead of some.

    Raises:
        Unfinished: As in `colorize_photos`.
    """
    specification = job.specification
    if not specification.save_results:
        return None
    colorizing = ColorizeJob(
        network=job.network,
        photos=specification.split.test,
        root=specification.root,
        run=job.run,
        reading=job.reading,
        truths={photo: photo for photo in specification.split.test},
        has_all_sheets=has_all_sheets,
    )
    return colorize_photos(colorizing, progress)


def finish(job: TrainJob) -> None:
    """Delete what only an unfinished training needs. Raises ColorizeError."""
    forget_specification(job.run)


def with_batch_size(specification: RunSpecification, batch_size: int) -> RunSpecification:
    """Return a copy of a specification with another batch size."""
    return replace(specification, settings=replace(specification.settings, batch_size=batch_size))


def _snapshots(job: TrainJob) -> Snapshots:
    return Snapshots(job.specification.split.test, job.run.results / SNAPSHOTS, job.reading)
