"""The steps of the training journey: decide, train, keep."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from colorizer import questions as ask
from colorizer import training_questions as ask_training
from colorizer.answers import WrongAnswer
from colorizer.choosing import cache_folder, choose_counts, choose_dataset, photo_limits
from colorizer.conversation import Conversation, WrongFlag
from colorizer.settings import (
    RANDOM_WEIGHTS,
    AdversarialSettings,
    AugmentationSettings,
    ColorizeError,
    DatasetSettings,
    Interrupted,
    ModelSettings,
    TrainingSettings,
)
from colorizer.steps import colorize_to_files, duration, load_existing, look_at, start_run, start_tensorflow

if TYPE_CHECKING:
    from colorizer.dataset import Split
    from colorizer.evaluation import Evaluation
    from colorizer.model import Network
    from colorizer.plan import Plan
    from colorizer.results import Run
    from colorizer.sampling import Sampler
    from colorizer.training import EpochReport, TrainingRecord


TOO_FEW_EPOCHS = "0 is too small: the least is 1, but for a loaded model with --training adversarial."


def decide(talk: Conversation) -> tuple[Run, Plan, Network]:
    """Ask for everything a training needs, and write it down so that an interrupted one can be taken up."""
    _refuse_senseless_flags(talk)
    seed = talk.answer(ask.SEED)
    least = DatasetSettings.minimum_training_photos + DatasetSettings.minimum_test_photos
    check = choose_dataset(talk, for_training=True, least=least)
    split = choose_counts(talk, check, seed)
    start_tensorflow(talk)
    from colorizer.encoders import layers_from
    from colorizer.plan import Plan, write_plan
    from colorizer.results import release_run

    epochs = choose_epochs(talk, split)
    run = start_run(talk, ask.TRAIN)
    network, is_new = create_or_load(talk)
    adversarial = choose_game(talk)
    look_at(talk, network, run)
    # The regression before a game minimizes what the game goes on to weigh.
    proposed = "mean_absolute_error" if adversarial else TrainingSettings.loss
    # Freezing spares an encoder the errors of a new decoder; a loaded network's has learned.
    may_freeze = is_new or talk.has_flag(ask_training.FROZEN_EPOCHS)
    settings = TrainingSettings(
        epochs=epochs,
        batch_size=talk.answer(ask.BATCH_SIZE),
        learning_rate=talk.answer(ask_training.LEARNING_RATE),
        loss=talk.answer(ask_training.LOSS) or proposed,
        schedule=talk.answer(ask_training.SCHEDULE),
        precision=talk.answer(ask_training.PRECISION),
        frozen_epochs=talk.answer(ask_training.FROZEN_EPOCHS) if may_freeze else 0,
        fine_tune_from=talk.answer(ask_training.FINE_TUNE_FROM) or "",
        average=talk.answer(ask_training.AVERAGE),
        monitor=talk.answer(ask_training.MONITOR),
        adversarial=adversarial,
        seed=seed,
    )
    try:
        layers_from(network.model, settings.fine_tune_from)  # or a wrong block is found out an epoch later
    except ColorizeError as error:
        release_run(run)
        raise WrongFlag(f"{ask_training.FINE_TUNE_FROM.flag}: {error}") from error
    plan = Plan(check.root, split, settings, photo_limits(talk).maximum_pixels)
    write_plan(run, plan, network)
    return run, plan, network


def take_up(talk: Conversation) -> tuple[Run, Plan, Network]:
    """Read what an interrupted training was to do, and go on with it; its settings are its own."""
    free = {question.name for question in ask.FREE_WHEN_RESUMED}
    others = [f"--{name.replace('_', '-')}" for name in talk.flags if name not in free]
    if others:
        raise WrongFlag(f"--resume goes on with the settings that training began with; leave out {', '.join(others)}.")
    start_tensorflow(talk)
    from colorizer.plan import read_plan

    run, plan, network = read_plan(talk.answer(ask_training.RESUME))
    talk.flags.setdefault(ask.MAXIMUM_MEGAPIXELS.name, plan.maximum_pixels / 1e6)
    if talk.has_flag(ask.BATCH_SIZE):
        plan = replace(plan, settings=replace(plan.settings, batch_size=talk.answer(ask.BATCH_SIZE)))
    talk.console.inform(f"Going on with {run.name}.")
    return run, plan, network


def choose_epochs(talk: Conversation, split: Split) -> int:
    """Ask for the number of epochs, with the time one takes on this machine, measured.

    Which network it will be is asked later, so what is measured is the one the flags say, or the default.
    """
    if not talk.has_flag(ask_training.EPOCHS) and not talk.accept_defaults:
        from colorizer.model import build, load

        talk.console.inform("Measuring how fast this machine trains…")
        if talk.has_flag(ask.MODEL):
            network = load(talk.answer(ask.MODEL))
        else:
            architecture = talk.flags.get(ask_training.ARCHITECTURE.name, ModelSettings.architecture)
            # Weights do not matter for that, and may have to be downloaded.
            network = build(replace(_model_settings(talk, architecture), encoder_weights=RANDOM_WEIGHTS))
        settings = TrainingSettings(
            epochs=1, batch_size=talk.answer(ask.BATCH_SIZE), precision=talk.answer(ask_training.PRECISION)
        )
        _tell_estimate(talk, network, split, settings)

    def check(epochs: int) -> None:
        if not epochs and not _begins_with_the_game(talk):
            raise WrongAnswer(TOO_FEW_EPOCHS)

    return talk.answer(ask_training.EPOCHS, check=check)


def create_or_load(talk: Conversation) -> tuple[Network, bool]:
    """Create a new network, or load one to continue from; say also whether it is new."""
    from colorizer.encoders import MissingWeights
    from colorizer.model import build

    if talk.has_flag(ask.MODEL) or talk.answer(ask_training.START) == "load":
        return load_existing(talk), False
    settings = _model_settings(talk, talk.answer(ask_training.ARCHITECTURE))
    try:
        network = build(settings)
    except MissingWeights as error:
        talk.console.warn(str(error))
        if not talk.answer(ask_training.RANDOM_ENCODER):
            raise ColorizeError("No training without them.") from error
        network = build(replace(settings, encoder_weights=RANDOM_WEIGHTS))
    talk.console.inform(
        f"Created {network.name} for {network.size} x {network.size} pixels, "
        f"{network.model.count_params():,} parameters."
    )
    return network, True


def choose_game(talk: Conversation) -> AdversarialSettings | None:
    """Ask whether the regression is followed by a game against a discriminator, and by what game."""
    if talk.answer(ask_training.TRAINING) == ask_training.REGRESSION:
        return None
    return AdversarialSettings(
        epochs=talk.answer(ask_training.ADVERSARIAL_EPOCHS),
        loss=talk.answer(ask_training.ADVERSARIAL_LOSS),
        l1_weight=talk.answer(ask_training.L1_WEIGHT),
        label_smoothing=talk.answer(ask_training.LABEL_SMOOTHING),
        learning_rate=talk.answer(ask_training.ADVERSARIAL_LEARNING_RATE),
        discriminator_learning_rate=talk.answer(ask_training.DISCRIMINATOR_LEARNING_RATE),
        filters=talk.answer(ask_training.DISCRIMINATOR_FILTERS),
    )


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
    _tell_estimate(talk, network, split, settings)
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
        paths.append(samples.finish())
        talk.console.inform(f"The same {len(samples.photos)} test photos, epoch by epoch, are in {paths[-1]}.")
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
            f"The game is over before its end: {record.collapse}. A smaller --discriminator-learning-rate may keep the "
            "next one in balance."
        )
    which = f"that of epoch {record.kept_epoch}" if record.kept_epoch else "the one the training began with"
    if settings.adversarial and record.kept_epoch <= settings.epochs:
        talk.console.warn(
            "No epoch of the game is kept: each was too far from the truth. A larger --l1-weight and a smaller "
            "--adversarial-learning-rate keep the next one nearer."
        )
    talk.console.inform(f"Trained for {duration(record.seconds)} on {record.device}; the network is {which}.")


def _begins_with_the_game(talk: Conversation) -> bool:
    is_loaded = talk.has_flag(ask.MODEL) or talk.flags.get(ask_training.START.name) == "load"
    return is_loaded and talk.flags.get(ask_training.TRAINING.name) == ask_training.ADVERSARIAL


def _refuse_senseless_flags(talk: Conversation) -> None:
    """Raise WrongFlag for what would be found out, or left out silently, only when photos were checked."""
    if talk.flags.get(ask_training.EPOCHS.name) == 0 and not _begins_with_the_game(talk):
        raise WrongFlag(f"{ask_training.EPOCHS.flag}: {TOO_FEW_EPOCHS}")
    of_a_game = [question.flag for question in ask_training.OF_A_GAME if talk.has_flag(question)]
    is_regression = talk.flag_or_default(ask_training.TRAINING) == ask_training.REGRESSION
    is_asked = not talk.has_flag(ask_training.TRAINING) and not talk.accept_defaults
    if of_a_game and is_regression and not is_asked:
        raise WrongFlag(f"{', '.join(of_a_game)}: only for --training adversarial.")


def _model_settings(talk: Conversation, architecture: str) -> ModelSettings:
    weights = talk.answer(ask_training.ENCODER_WEIGHTS)
    return ModelSettings(
        architecture=architecture,
        size=talk.answer(ask_training.SIZE),
        filters=talk.answer(ask_training.FILTERS) or (),
        dropout=talk.answer(ask_training.DROPOUT),
        l2=talk.answer(ask_training.L2),
        head=talk.answer(ask_training.HEAD),
        temperature=talk.answer(ask_training.TEMPERATURE),
        encoder_weights=str(weights) if weights else "",
        seed=talk.answer(ask.SEED),
    )


def _tell_estimate(talk: Conversation, network: Network, split: Split, settings: TrainingSettings) -> None:
    from colorizer.training import seconds_per_photo

    # Validation is a forward pass only, about a third of a training step.
    photos = len(split.train) + len(split.validation) / 3
    seconds, epochs = 0.0, settings.epochs
    if settings.epochs:
        seconds += seconds_per_photo(network, settings) * photos * settings.epochs
    if settings.adversarial:
        seconds += seconds_per_photo(network, settings, is_game=True) * photos * settings.adversarial.epochs
        epochs += settings.adversarial.epochs
    many = f"{epochs} epochs take" if epochs > 1 else "one epoch takes"
    talk.console.inform(f"With {network.name} {many} about {duration(seconds)} on this machine.")
