"""The steps of the training journey behind its decisions: train, keep, show."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from colorizer import questions as ask
from colorizer import training_questions as ask_training
from colorizer.choosing import cache_folder, photo_limits
from colorizer.conversation import Conversation
from colorizer.deciding import tell_estimate
from colorizer.settings import (
    AugmentationSettings,
    ColorizeError,
    Interrupted,
    TrainingSettings,
)
from colorizer.steps import colorize_to_files, duration

if TYPE_CHECKING:
    from colorizer.evaluation import Evaluation
    from colorizer.model import Network
    from colorizer.plan import Plan
    from colorizer.results import Run
    from colorizer.sampling import Sampler
    from colorizer.training import EpochReport, TrainingRecord


def train_network(talk: Conversation, network: Network, plan: Plan, run: Run) -> TrainingRecord:
    """Train, showing every epoch; raise Interrupted, saying how to go on, when the person has had enough for now."""
    from colorizer.batches import PhotoBatches
    from colorizer.course import BEST, LAST
    from colorizer.devices import replicas
    from colorizer.training import TrainingStopped, train

    split, settings = plan.split, plan.settings
    how = {"least": replicas(), "workers": talk.answer(ask.WORKERS), "cache_folder": cache_folder(talk)}
    how["limits"] = photo_limits(talk)
    augmentation = AugmentationSettings()
    learning = PhotoBatches(split.train, network.size, settings.batch_size, settings.seed, augmentation, **how)
    validation = PhotoBatches(split.validation, network.size, settings.batch_size, **how)
    tell_estimate(talk, network, split, settings)
    with (
        talk.console.progress("Epoch 1", "batches") as progress,
        talk.console.patience("Stopping behind this batch; Ctrl-C again leaves at once.") as should_stop,
    ):

        def report(epoch: EpochReport) -> None:
            title = f"Epoch {epoch.epoch} of {epoch.epochs}, {epoch.phase}"
            progress(epoch.batch, epoch.batches, title)
            if epoch.finished:
                figures = ", ".join(f"{name} {value:.4g}" for name, value in sorted(epoch.figures.items()))
                talk.console.inform(f"{title}: {figures}")

        show = sampler(talk, plan, run) if settings.adversarial else None
        try:
            record = train(network, learning, validation, settings, run.models, report, should_stop, show)
        except TrainingStopped as stopped:
            best = f", that of the best epoch ({stopped.best_epoch}) in {run.models / BEST}" * bool(stopped.best_epoch)
            raise Interrupted(
                f"Stopped in epoch {stopped.epoch}. The network as it is now is in {run.models / LAST}{best}."
            ) from stopped
        finally:
            learning.forget()
            validation.forget()
        if should_stop():  # asked to behind the very last epoch
            raise Interrupted("Stopped behind the last epoch.")
    _tell_end(talk, record, settings)
    return record


@contextmanager
def told_how_to_go_on(run: Run) -> Iterator[None]:
    """Add to whatever ends a training before its end how it is taken up, where that helps."""
    from colorizer.training import CannotGoOn

    how = (
        "To go on behind the last finished epoch: "
        f"python colorize.py train --resume {shlex.quote(str(run.models.absolute()))}"
    )
    try:
        yield
    except CannotGoOn:
        raise
    except KeyboardInterrupt:
        raise Interrupted(f"Interrupted. {how}") from None
    except Interrupted as stopped:
        raise Interrupted(f"{stopped} {how}") from stopped
    except ColorizeError as error:
        raise ColorizeError(f"{error} {how}") from error


def sampler(talk: Conversation, plan: Plan, run: Run) -> Sampler:
    """Return what shows, epoch by epoch, how the network colours always the same test photos."""
    from colorizer.results import SAMPLES
    from colorizer.sampling import Sampler

    return Sampler(plan.split.test, run.results / SAMPLES, photo_limits(talk), talk.answer(ask.WORKERS))


def save_model(talk: Conversation, network: Network, run: Run) -> None:
    """Save the whole model and its weights apart, before anything else can fail, unless they are not wanted."""
    from colorizer import model

    if talk.answer(ask_training.SAVE_MODEL):
        model.save(network.model, run.models / "model.h5")
        model.save_weights(network.model, run.models / "model.weights.h5")
        talk.console.inform(f"Saved the model and its weights in {run.models}.")


def save_record(network: Network, plan: Plan, record: TrainingRecord, evaluation: Evaluation, run: Run) -> None:
    """Save what was done and how well it went: beside the model if it was saved, else beside the results."""
    from importlib.metadata import version

    from colorizer.results import write_record

    write_record(
        (run.models if (run.models / "model.h5").is_file() else run.results) / "model.json",
        {
            "network": {"name": network.name, "size": network.size, "parameters": network.model.count_params()},
            "colour": "luma (BT.709) in [0, 1] to RGB in [0, 1], gamma-encoded",
            "photos": {part: len(getattr(plan.split, part)) for part in ("train", "validation", "test")},
            "settings": asdict(plan.settings),
            "training": asdict(record),
            "evaluation": asdict(evaluation),
            "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy", "pillow", "scikit-image")},
        },
    )


def show_graphs(talk: Conversation, plan: Plan, record: TrainingRecord, run: Run) -> None:
    """Save the graphs, and of a game the strip of its epochs, and show them to who wants to see them."""
    from colorizer.graphs import save_graphs

    path = save_graphs(record, run.results)
    talk.console.inform(f"The graphs of losses, accuracies and learning rate are in {path}.")
    paths = [path]
    if plan.settings.adversarial:
        samples = sampler(talk, plan, run)
        strip = samples.finish()
        if strip:
            paths.append(strip)
            talk.console.inform(f"The same {len(samples.photos)} test photos, epoch by epoch, are in {strip}.")
    if talk.answer(ask_training.SHOW_GRAPHS):
        for each in paths:
            talk.console.picture(each)


def save_test_results(talk: Conversation, network: Network, plan: Plan, run: Run) -> None:
    """Save the test photos as the network colours them, and sheets beside the truth."""
    if talk.answer(ask_training.SAVE_RESULTS):
        colorize_to_files(talk, network, plan.split.test, plan.root, run, with_truth=True)


def finish(run: Run) -> None:
    """Clear away what only an unfinished training needs."""
    from colorizer.plan import forget_plan

    forget_plan(run)


def _tell_end(talk: Conversation, record: TrainingRecord, settings: TrainingSettings) -> None:
    if record.collapse:
        talk.console.warn(
            f"The game is over before its end: {record.collapse}. A smaller --discriminator-learning-rate, or "
            "--adversarial-learning-rate, may keep the next one in balance."
        )
    elif settings.adversarial and record.kept_epoch <= settings.epochs:
        talk.console.warn(
            "No epoch of the game is kept: each was too far from the truth. A larger --l1-weight and a smaller "
            "--adversarial-learning-rate keep the next one nearer."
        )
    which = f"that of epoch {record.kept_epoch}" if record.kept_epoch else "the one the training began with"
    talk.console.inform(f"Trained for {duration(record.seconds)} on {record.device}; the network is {which}.")
