"""The meaning of scores in words, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colorizer.console.places import colorizing_command
from colorizer.console.wording import counted
from colorizer.conversation import training_questions as ask_training
from colorizer.settings import DatasetSettings
from colorizer.training import outlook_of, said_of_gradients

if TYPE_CHECKING:
    from colorizer.evaluation import Evaluation
    from colorizer.runs import TrainJob
    from colorizer.training import TrainingRecord

_NEAR_GRAY = 0.1
"""Gain below which a difference is invisible, in decibels of PSNR and units of CIEDE2000."""
_KEPT_COLORFULNESS = 0.9
"""Share of its colorfulness that a model must keep: with less, PSNR improves because the colors fade."""


def verdict(evaluation: Evaluation) -> str:
    """Describe whether the colors are closer to the truth than gray photos, and how colorful they are."""
    gain = evaluation.predicted.psnr - evaluation.gray.psnr
    nearer = evaluation.gray.ciede2000 - evaluation.predicted.ciede2000
    share = evaluation.predicted.colourfulness / max(evaluation.true_colourfulness, 1e-9)
    if gain > _NEAR_GRAY and nearer > _NEAR_GRAY:
        said = f"Better than gray: nearer to the true colours by {gain:.2f} dB and {nearer:.2f} units of CIEDE2000"
    elif gain > _NEAR_GRAY:
        by_eye = "no nearer" if nearer > -_NEAR_GRAY else f"farther by {-nearer:.2f} units"
        said = f"Hardly better than gray: nearer by {gain:.2f} dB, but {by_eye} by CIEDE2000, which sees as people do"
    elif gain > -_NEAR_GRAY:
        said = f"No better than gray: {gain:+.2f} dB"
    else:
        said = f"Worse than leaving the photos gray, by {-gain:.2f} dB"
    return f"{said}; as colourful as {share:.0%} of the truth."


def verdict_on_training(record: TrainingRecord, evaluation: Evaluation, start: Evaluation) -> str:
    """Describe whether a training improved the model it started from; both were scored on the same test photos."""
    if record.kept_epoch == 0:
        return (
            "Training did not help: on the validation photos no epoch was better than the model it started from, so "
            "that model is kept."
        )
    gain = evaluation.predicted.psnr - start.predicted.psnr
    nearer = start.predicted.ciede2000 - evaluation.predicted.ciede2000
    figures = (
        f"PSNR {gain:+.2f} dB, CIEDE2000 {-nearer:+.2f}, "
        f"colorfulness {start.predicted.colourfulness:.1f} before and {evaluation.predicted.colourfulness:.1f} after"
    )
    is_grayer = evaluation.predicted.colourfulness < _KEPT_COLORFULNESS * start.predicted.colourfulness
    if is_grayer and gain > 0:
        return f"Training made the model grayer: {figures}. Compare both on the sheets before you choose."
    if gain > 0 and nearer > 0:
        return f"Training helped, on photos it did not learn from: {figures}."
    if gain > 0 or nearer > 0:
        return f"Training changed little, on photos it did not learn from: {figures}."
    return f"Training did not help, on photos it did not learn from: {figures}. Keep using the model it started from."


def next_steps(job: TrainJob, record: TrainingRecord, evaluation: Evaluation) -> list[str]:
    """Describe how to improve a trained model, and how to use it."""
    said, seen = list(said_of_gradients(record.history)), outlook_of(record.history)
    learned = len(job.specification.split.train)
    if seen and seen.is_overfitting:
        said.append(
            f"After epoch {seen.best_epoch} validation got no better while the training loss went on falling: the "
            "network learns its photos by heart. More photos help; more epochs do not."
        )
    elif seen and seen.is_improving:
        said.append(f"Validation was still improving at the end: more {ask_training.EPOCHS.flag} would help.")
    if job.specification.model is not None and learned < DatasetSettings.few_photos:
        said.append(
            f"{counted(learned, 'photo is', 'photos are')} few for a new network: training the shipped model further "
            f"({ask_training.START.flag} load) gives more, sooner."
        )
    elif evaluation.predicted.psnr - evaluation.gray.psnr < _NEAR_GRAY:
        said.append("More photos, and more epochs, are what helps most.")
    if job.specification.save_model:
        said.append(f"To colorize with it: {colorizing_command(job.run.models / 'model.h5')}")
    return said
