"""Train a network and keep it: one job in, one result out, whoever drives it.

`train_and_keep` does all of it. A driver that has something to say in between calls its three steps itself:
`train_and_save`, `evaluate_trained`, `colorize_test_photos`; and `finish` when they are done. A job that was
interrupted is taken up by reading its specification (`specification.read_specification`) and doing the same again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from colorizer.dataset.batches import PhotoBatches
from colorizer.errors import Interrupted
from colorizer.evaluation.evaluate import Evaluation
from colorizer.files import is_file
from colorizer.network import model_files
from colorizer.network.architectures import is_classifier
from colorizer.network.devices import evenly_divided, replicas
from colorizer.network.network import Network
from colorizer.pictures.curves import save_curves
from colorizer.pictures.gradients import save_gradients
from colorizer.pictures.snapshots import Snapshots
from colorizer.progress import Progress, no_progress
from colorizer.runs.colorize import ColorizeJob, ColorizeResult, colorize_photos
from colorizer.runs.evaluate import EvaluateJob, score_photos
from colorizer.runs.folders import HISTORY, MODEL, SNAPSHOTS, WEIGHTS, Run
from colorizer.runs.record import save_history, save_record
from colorizer.runs.specification import RunSpecification, forget_specification, read_start, write_specification
from colorizer.settings import DEFAULT_READING, Reading
from colorizer.training.average import mix_with_start
from colorizer.training.callbacks import EpochReport
from colorizer.training.checkpoint import BEST, LAST
from colorizer.training.train import TrainingRecord, TrainingStopped, train_network


@dataclass(frozen=True)
class TrainJob:
    """A training that was decided on and written down (`begin_training`)."""

    network: Network
    """What it begins with; trained in place."""
    specification: RunSpecification
    run: Run
    reading: Reading = DEFAULT_READING


@dataclass(frozen=True)
class TrainedEvaluation:
    """How well a trained network does, and where that is written."""

    evaluation: Evaluation
    start: Evaluation | None
    """Scores of the model the training started from, on the same photos; None for a new network."""
    record: Path
    """What was done and how well it went, as JSON: `model.json`."""
    history: Path
    """The figures of every epoch, as CSV."""
    curves: Path
    gradients: Path | None
    """How strongly each layer was told to change; None where that was not recorded."""
    snapshots: Path | None
    """The same test photos, epoch by epoch; None if they were removed."""


@dataclass(frozen=True)
class TrainResult:
    """What became of a training."""

    training: TrainingRecord
    trained: TrainedEvaluation
    colorized: ColorizeResult | None
    """The test photos in colour; None where they are not wanted."""


def begin_training(
    network: Network, specification: RunSpecification, run: Run, reading: Reading = DEFAULT_READING
) -> TrainJob:
    """Write down a training that begins, so that it can be taken up, and return its job; raise ColorizeError."""
    write_specification(run, specification, network)
    return TrainJob(network, specification, run, reading)


def train_and_keep(
    job: TrainJob,
    report: Callable[[EpochReport], None] = lambda report: None,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Progress = no_progress,
) -> TrainResult:
    """Train, keep the model and its record, evaluate it, and colorize the test photos.

    Raises Interrupted when `should_stop` said so: the run's folder then holds all it takes to go on. Raises
    ColorizeError for whatever else keeps it from its end.
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
    """Train the job's network in place and save it, where that is wanted, before anything else can fail.

    Raises Interrupted, saying where the network lies as it is now, when `should_stop` says so.
    """
    split, settings, network = job.specification.split, job.specification.settings, job.network
    batch_size, least = evenly_divided(settings.batch_size), replicas()
    learned, validated = (photos[: evenly_divided(len(photos))] for photos in (split.train, split.validation))
    learning = PhotoBatches(learned, network.size, batch_size, job.reading, settings.seed, settings.augmentation, least)
    validation = PhotoBatches(validated, network.size, batch_size, job.reading, least=least)
    show = _snapshots(job)
    try:
        record = train_network(
            network,
            learning,
            validation,
            settings,
            job.run.models,
            report,
            should_stop,
            show,
            is_start_ranked=job.specification.is_loaded,
        )
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
    if settings.start_share and job.specification.is_loaded and record.kept_epoch:
        mix_with_start(network.model, read_start(job.run).model.get_weights(), settings.start_share)
    if should_stop():  # asked to after the very last epoch
        raise Interrupted("Stopped after the last epoch.")
    if job.specification.save_model:
        model_files.save(network.model, job.run.models / MODEL)
        model_files.save_weights(network.model, job.run.models / WEIGHTS)
    return record


def evaluate_trained(job: TrainJob, training: TrainingRecord, progress: Progress = no_progress) -> TrainedEvaluation:
    """Score the trained network on the test photos, and save its record and curves; raise ColorizeError.

    The record lies beside the model if that was saved, else beside the results.
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
    """Colorize the test photos next to their truth, if that is wanted.

    Args:
        job: The training.
        progress: Called as photos are done.
        has_all_sheets: Whether every photo is on a comparison sheet, not only some.

    Raises:
        Unfinished: As `colorize_photos` does.
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
    """Clear away what only an unfinished training needs; raise ColorizeError."""
    forget_specification(job.run)


def with_batch_size(specification: RunSpecification, batch_size: int) -> RunSpecification:
    """Return a specification whose batches have another size."""
    return replace(specification, settings=replace(specification.settings, batch_size=batch_size))


def _snapshots(job: TrainJob) -> Snapshots:
    return Snapshots(job.specification.split.test, job.run.results / SNAPSHOTS, job.reading)
