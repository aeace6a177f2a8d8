"""The command `train`: train a model on color photos, or resume an interrupted training."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from colorizer import runs
from colorizer.console.colorize import colorize
from colorizer.console.decide import decide, take_up
from colorizer.console.messages import (
    advised,
    counted,
    duration,
    next_steps,
    program,
    short,
    show_pictures,
    tell_evaluation,
    verdict_on_training,
)
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation
from colorizer.conversation.settings_file import with_settings
from colorizer.errors import ColorizeError, Diverged, Interrupted
from colorizer.packages import refuse_without

if TYPE_CHECKING:
    from colorizer.training import EpochReport, TrainingRecord

_AGAIN = "taking the training up again makes"


def train_command(console: Console, talk: Conversation) -> None:
    """Ask, train, save and report."""
    refuse_without("train", "Training")
    if talk.has_flag(ask.RESUME):
        job = take_up(console, talk)
    else:
        if talk.has_flag(ask.SETTINGS):
            talk.flags = with_settings(talk.flags, talk.answer(ask.SETTINGS))
        job = decide(console, talk)
    talk.settle()
    if job.specification.save_model:
        console.inform(f"The model will be saved in {short(job.run.models)}.")
    console.inform(f"The scores and pictures will be saved in {short(job.run.results)}.")
    with _told_how_to_go_on(job.run):
        training = _train(console, job)
        with console.progress("Evaluating", "photos") as progress:
            trained = runs.evaluate_trained(job, training, progress)
        tell_evaluation(console, trained.evaluation, trained.start)
        if trained.start:
            console.inform(verdict_on_training(training, trained.evaluation, trained.start))
        console.inform(
            f"The graphs of losses, accuracies and learning rate are in {short(trained.curves)}. Their figures are in "
            f"{trained.history.name}, next to it."
        )
        pictures = [trained.curves]
        if trained.gradients:
            console.inform(f"The gradients of each layer, epoch by epoch, are in {short(trained.gradients)}.")
            pictures.append(trained.gradients)
        if trained.snapshots:
            console.inform(f"The same test photos, epoch by epoch, are in {short(trained.snapshots)}.")
            pictures.append(trained.snapshots)
        show_pictures(console, talk, ask.SHOW_GRAPHS, pictures)
        if job.specification.save_results:
            work = partial(runs.colorize_test_photos, job, has_all_sheets=talk.answer(ask.SHEETS))
            colorize(console, talk, work, _AGAIN)
        runs.finish(job)
    for sentence in next_steps(job, training, trained.evaluation):
        console.inform(sentence)


def _train(console: Console, job: runs.TrainJob) -> TrainingRecord:
    """Train and report every epoch. Raises Interrupted if the user stops it."""
    _tell_finished_epochs(console, job)
    with (
        console.progress("Preparing", "batches") as progress,
        console.patience("Stopping after this batch; Ctrl-C again leaves at once.") as should_stop,
    ):

        def report(epoch: EpochReport) -> None:
            title = f"Epoch {epoch.epoch} of {epoch.epochs}, {epoch.phase}"
            loss = epoch.figures.get("loss")
            done = (epoch.epoch - 1) * epoch.batches + epoch.batch
            progress(done, epoch.epochs * epoch.batches, title if loss is None else f"{title}, loss {loss:.4g}")
            if epoch.finished:
                figures = ", ".join(f"{name} {value:.4g}" for name, value in sorted(epoch.figures.items()))
                console.inform(f"{title}: {figures}")

        record = runs.train_and_save(job, report, should_stop)
    _tell_end(console, job, record)
    return record


def _tell_finished_epochs(console: Console, job: runs.TrainJob) -> None:
    """Report how much of a resumed training is done."""
    settings = job.specification.settings
    planned = settings.epochs + (settings.adversarial.epochs if settings.adversarial else 0)
    done = runs.finished_epochs(job.run)
    if done >= planned:
        console.inform(f"All {counted(planned, 'epoch')} are done. Only the test of the network is left.")
    elif done:
        console.inform(f"{done:,} of {counted(planned, 'epoch')} are done.")


@contextmanager
def _told_how_to_go_on(run: runs.Run) -> Iterator[None]:
    """Add to errors that end a training early how to resume it, if that helps."""
    how = (
        f"To go on after the last finished epoch: {program()} train --resume {shlex.quote(str(run.models.absolute()))}"
    )
    try:
        yield
    except Diverged:
        raise
    except KeyboardInterrupt:
        raise Interrupted(f"Interrupted. {how}") from None
    except Interrupted as stopped:
        raise Interrupted(f"{stopped} {how}") from stopped
    except ColorizeError as error:
        raise ColorizeError(f"{advised(error)} {how}") from error


def _tell_end(console: Console, job: runs.TrainJob, record: TrainingRecord) -> None:
    settings = job.specification.settings
    if record.collapse:
        console.warn(
            f"The adversarial phase is over before its end: {record.collapse}. A smaller discriminator_learning_rate, "
            f"or learning_rate, under settings.adversarial in a {ask.SETTINGS.flag} file may keep the next "
            "one in balance."
        )
    elif settings.adversarial and record.kept_epoch <= settings.epochs:
        console.warn(
            "No epoch of the adversarial phase is kept: each was too far from the truth. A larger l1_weight and a "
            f"smaller learning_rate, under settings.adversarial in a {ask.SETTINGS.flag} file, keep the next "
            "one nearer."
        )
    which = f"that of epoch {record.kept_epoch}" if record.kept_epoch else "the one the training began with"
    console.inform(f"Trained for {duration(record.seconds)} on {record.device}; the network is {which}.")
    if record.start_share:
        console.inform(
            f"{record.start_share:.0%} of the weights are those the training began with, so that photos of other kinds "
            "lose little."
        )
    if job.specification.save_model:
        console.inform(f"Saved the model and its weights in {short(job.run.models)}.")
    if settings.tensorboard:
        console.inform(f"To see its figures: tensorboard --logdir {shlex.quote(str(job.run.models.parent))}")
