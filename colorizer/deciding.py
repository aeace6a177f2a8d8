"""The decisions a training begins with: which photos, which network, how it learns; or those of one interrupted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from colorizer import questions as ask
from colorizer import training_questions as ask_training
from colorizer.answers import WrongAnswer
from colorizer.choosing import choose_counts, choose_dataset, photo_limits
from colorizer.conversation import Conversation, WrongFlag
from colorizer.settings import (
    ADVERSARIAL_TRAINING,
    RANDOM_WEIGHTS,
    AdversarialSettings,
    ColorizeError,
    DatasetSettings,
    ModelSettings,
    TrainingSettings,
)
from colorizer.steps import duration, load_existing, look_at, start_run, start_tensorflow

if TYPE_CHECKING:
    from colorizer.dataset import Split
    from colorizer.model import Network
    from colorizer.plan import Plan
    from colorizer.results import Run

TOO_FEW_EPOCHS = "0 is too small: the least is 1, but for a loaded model with --training adversarial."


def decide(talk: Conversation) -> tuple[Run, Plan, Network]:
    """Ask for everything a training needs, and write it down so that an interrupted one can be taken up."""
    _refuse_senseless_flags(talk)
    seed = talk.answer(ask.SEED)
    least = DatasetSettings.minimum_training_photos + DatasetSettings.minimum_test_photos
    check = choose_dataset(talk, for_training=True, least=least)
    split = choose_counts(talk, check, seed)
    start_tensorflow(talk)
    from colorizer.adversarial import refuse_too_small
    from colorizer.encoders import layers_from
    from colorizer.plan import Plan, write_plan

    epochs = choose_epochs(talk, split)
    with start_run(talk, ask.TRAIN) as run:
        network, is_new = create_or_load(talk)
        adversarial = choose_game(talk)
        look_at(talk, network, run)
        settings = _training_settings(talk, epochs, adversarial, is_new, seed)
        try:  # or they are found out when photos were read and epochs trained
            layers_from(network.model, settings.fine_tune_from)
            if adversarial:
                refuse_too_small(network.size)
        except ColorizeError as error:
            raise WrongFlag(str(error)) from error
        plan = Plan(check.root, split, settings, photo_limits(talk).maximum_pixels)
        write_plan(run, plan, network)
    return run, plan, network


def _training_settings(
    talk: Conversation, epochs: int, adversarial: AdversarialSettings | None, is_new: bool, seed: int
) -> TrainingSettings:
    proposed = ADVERSARIAL_TRAINING if adversarial else TrainingSettings()
    # Freezing spares an encoder the errors of a new decoder; a loaded network's has learned.
    may_freeze = is_new or talk.has_flag(ask_training.FROZEN_EPOCHS)
    return TrainingSettings(
        epochs=epochs,
        batch_size=talk.answer(ask.BATCH_SIZE),
        learning_rate=talk.answer(ask_training.LEARNING_RATE),
        loss=talk.answer(ask_training.LOSS) or proposed.loss,
        schedule=talk.answer(ask_training.SCHEDULE),
        precision=talk.answer(ask_training.PRECISION),
        frozen_epochs=talk.answer(ask_training.FROZEN_EPOCHS) if may_freeze else 0,
        fine_tune_from=talk.answer(ask_training.FINE_TUNE_FROM) or "",
        average=talk.answer(ask_training.AVERAGE, default=proposed.average),
        monitor=talk.answer(ask_training.MONITOR),
        adversarial=adversarial,
        seed=seed,
    )


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
        tell_estimate(talk, network, split, settings)

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
        _refuse_flags_of_a_game(talk)
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


def tell_estimate(talk: Conversation, network: Network, split: Split, settings: TrainingSettings) -> None:
    """Say how long a training takes, by what a step of each of its stages takes here."""
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


def _begins_with_the_game(talk: Conversation) -> bool:
    is_loaded = talk.has_flag(ask.MODEL) or talk.flags.get(ask_training.START.name) == "load"
    return is_loaded and talk.flags.get(ask_training.TRAINING.name) == ask_training.ADVERSARIAL


def _refuse_senseless_flags(talk: Conversation) -> None:
    """Raise WrongFlag for what would be found out, or left out silently, only when photos were checked."""
    if talk.flags.get(ask_training.EPOCHS.name) == 0 and not _begins_with_the_game(talk):
        raise WrongFlag(f"{ask_training.EPOCHS.flag}: {TOO_FEW_EPOCHS}")
    is_asked = not talk.has_flag(ask_training.TRAINING) and not talk.accept_defaults
    if not is_asked and talk.flag_or_default(ask_training.TRAINING) == ask_training.REGRESSION:
        _refuse_flags_of_a_game(talk)


def _refuse_flags_of_a_game(talk: Conversation) -> None:
    of_a_game = [question.flag for question in ask_training.OF_A_GAME if talk.has_flag(question)]
    if of_a_game:
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
