"""The questions before a training: photos, network and settings, or the specification of an interrupted training."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from colorizer import network as networks
from colorizer import runs, training
from colorizer.console.messages import advised, counted, default_dataset, duration, output_folder, reading, run_name
from colorizer.console.model import load_existing, look_at, refuse_unknown_model, start_tensorflow
from colorizer.console.photos import choose_dataset
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation import settings_file as research
from colorizer.conversation.conversation import Conversation, WrongFlag, ask_split
from colorizer.conversation.question import WrongAnswer
from colorizer.conversation.settings_file import (
    OF_A_NEW_NETWORK,
    adversarial_settings,
    model_settings,
    training_settings,
)
from colorizer.dataset import holds_only_samples
from colorizer.errors import ColorizeError, MissingWeights, OutOfMemory
from colorizer.settings import (
    ADVERSARIAL_TRAINING,
    FROM_SCRATCH,
    RANDOM_WEIGHTS,
    SHIPPED_WEIGHTS,
    WITH_ENCODER,
    AdversarialSettings,
    DatasetSettings,
    ModelSettings,
    TrainingSettings,
)

if TYPE_CHECKING:
    from colorizer.dataset import Split

_MOST_SECONDS = 20
_STEP = 0.2
"""Seconds between two updates of the progress bar."""


def measure(console: Console, network: networks.Network, settings: TrainingSettings) -> training.StepCost | None:
    """Measure a training step in at most 20 seconds; return None if not even a step of one photo was measured.

    The steps run in a separate thread, because TensorFlow does not react to Ctrl-C within a step. Raises ColorizeError.
    """
    has_ended = threading.Event()
    costs: list[training.StepCost] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            cost = training.step_cost(network, settings, has_ended.is_set, costs.append)
        except Exception as error:
            errors.append(error)
        else:
            costs.extend([cost] if cost else [])

    thread = threading.Thread(target=work, daemon=True)
    started = time.monotonic()
    try:
        with console.progress("Measuring how fast this machine trains", unit="") as progress:
            thread.start()
            while thread.is_alive() and (elapsed := time.monotonic() - started) < _MOST_SECONDS:
                progress(min(round(elapsed, 1), _MOST_SECONDS), _MOST_SECONDS)
                thread.join(_STEP)
            progress(_MOST_SECONDS, _MOST_SECONDS)
    finally:
        has_ended.set()
    if errors and not costs:
        raise errors[0]
    return costs[-1] if costs else None


_ASKED_BATCH_SIZE = replace(ask.BATCH_SIZE, prompt="How many photos at once, in each training step?")
TOO_FEW_EPOCHS = "0 is too small: the least is 1, but for a loaded model with --training adversarial."


def decide(console: Console, talk: Conversation) -> runs.TrainJob:
    """Ask for everything a training needs, and write its specification, so that it can be resumed."""
    _refuse_senseless_flags(talk)
    refuse_unknown_model(talk)
    name = talk.do(partial(run_name, talk))  # once, because the run then exists under this name
    seed, how = talk.answer(ask.SEED), reading(talk)
    least = DatasetSettings.minimum_training_photos + DatasetSettings.minimum_test_photos
    check = choose_dataset(console, talk, for_training=True, least=least, reading=how)
    if holds_only_samples(check.fine):
        console.warn(
            f"These {counted(len(check.fine), 'sample')} are only a demonstration: training needs some hundred photos. "
            f"Public datasets are Flickr30k, COCO val2017 and Oxford Pets: put the zip into {default_dataset(True)}."
        )
    split = ask_split(talk, check.fine, seed)
    console.inform(
        f"{counted(len(split.train), 'photo')} to learn from, {len(split.validation):,} to validate with, "
        f"{len(split.test):,} to test on."
    )
    start_tensorflow(console)
    run = talk.hold(ask.TRAIN, partial(runs.reserved_run, output_folder(talk), ask.TRAIN, name))
    network, model = _create_or_load(console, talk, len(split.train))
    adversarial = _choose_adversarial(talk)
    proposed = _proposed_settings(network, adversarial, is_loaded=model is None)
    is_none_enough = adversarial is not None and model is None
    proposed = _choose_amount(console, talk, network, split, proposed, is_none_enough)
    look_at(console, talk, network, run.drawing)
    settings = training_settings(talk, adversarial, proposed)
    _refuse_unfit(network, settings)
    if settings.batch_size > len(split.train):
        settings = replace(settings, batch_size=len(split.train))
        console.inform(f"Batches are cut to {counted(len(split.train), 'photo')}: there are no more to learn from.")
    specification = runs.RunSpecification(
        root=check.root,
        split=split,
        settings=settings,
        maximum_pixels=how.limits.maximum_pixels,
        model=model,
        save_model=talk.answer(ask.SAVE_MODEL),
        save_results=talk.answer(ask.SAVE_RESULTS),
        takes_defaults=talk.accept_defaults,
    )
    return runs.begin_training(network, specification, run, how)


def take_up(console: Console, talk: Conversation) -> runs.TrainJob:
    """Read the specification of an interrupted training and resume it with its own settings."""
    free = {question.name for question in ask.FREE_WHEN_RESUMED}
    others = [f"--{name.replace('_', '-')}" for name in talk.flags if name not in free]
    if others:
        raise WrongFlag(f"--resume goes on with the settings that training began with; leave out {', '.join(others)}.")
    folder = talk.answer(ask.RESUME)
    runs.refuse_finished(folder)
    start_tensorflow(console)
    run, specification, network = runs.read_specification(folder)
    talk.accept_defaults = talk.accept_defaults or specification.takes_defaults
    talk.flags.setdefault(ask.MAXIMUM_MEGAPIXELS.name, specification.maximum_pixels / 1e6)
    if talk.has_flag(ask.BATCH_SIZE):
        specification = runs.with_batch_size(specification, talk.answer(ask.BATCH_SIZE))
    for question in (ask.SAVE_MODEL, ask.SAVE_RESULTS):
        if talk.has_flag(question):
            specification = replace(specification, **{question.name: talk.answer(question)})
    console.inform(f"Going on with {run.name}.")
    return runs.TrainJob(network, specification, run, reading(talk))


def _proposed_settings(
    network: networks.Network, adversarial: AdversarialSettings | None, is_loaded: bool
) -> TrainingSettings:
    """Return the default settings of a training, which depend on where it starts."""
    if adversarial:
        return replace(ADVERSARIAL_TRAINING, frozen_epochs=0) if is_loaded else ADVERSARIAL_TRAINING
    if is_loaded:
        return runs.fine_tuning_settings(network)
    return WITH_ENCODER if networks.is_pretrained(network.model) else FROM_SCRATCH


def _choose_amount(
    console: Console,
    talk: Conversation,
    network: networks.Network,
    split: Split,
    proposed: TrainingSettings,
    is_none_enough: bool,
) -> TrainingSettings:
    """Ask for the batch size and the number of epochs; one measurement serves both questions."""
    is_asked = not talk.accept_defaults and not (talk.has_flag(ask.EPOCHS) and talk.has_flag(ask.BATCH_SIZE))
    is_large = not talk.has_flag(ask.BATCH_SIZE) and training.is_large(network, proposed.batch_size)
    cost = None
    if is_asked or is_large:
        measured = replace(proposed, precision=talk.answer(research.PRECISION), adversarial=None)
        if talk.has_flag(ask.BATCH_SIZE):
            measured = replace(measured, batch_size=talk.answer(ask.BATCH_SIZE))
        cost = talk.do(partial(measure, console, network, measured))
        if cost is None:
            console.inform("A step takes longer than can be measured in 20 seconds: a smaller network is faster.")
    is_on_cpu = networks.prepare_devices() == "CPU"

    def check_batch(batch_size: int) -> None:
        if cost is None or not is_on_cpu or cost.needed_bytes(batch_size) <= training.free_bytes():
            return
        raise WrongAnswer(
            f"{batch_size} photos at once need about {cost.needed_bytes(batch_size) / 1e9:.1f} GB of memory, and "
            f"{training.free_bytes() / 1e9:.1f} GB are free: at most {cost.fitting_batch(batch_size)} fit."
        )

    batch_size = min(proposed.batch_size, len(split.train))
    if (is_asked or is_large) and is_on_cpu:
        # Without a measurement, a large network might not fit into memory with more than one photo.
        unmeasured = 1 if is_large else batch_size
        batch_size = cost.proposed_batch(batch_size) if cost else unmeasured
    batch_size = talk.answer(_ASKED_BATCH_SIZE, default=batch_size, check=check_batch)
    if cost:
        seconds = cost.learning * len(split.train) + cost.validating * len(split.validation)
        console.inform(f"With {network.name} one epoch takes about {duration(seconds)} on this machine.")

    def check_epochs(epochs: int) -> None:
        if not epochs and not is_none_enough:
            raise WrongAnswer(TOO_FEW_EPOCHS)

    epochs = talk.answer(ask.EPOCHS, default=proposed.epochs, check=check_epochs)
    return replace(proposed, batch_size=batch_size, epochs=epochs)


def _create_or_load(console: Console, talk: Conversation, photos: int) -> tuple[networks.Network, ModelSettings | None]:
    """Create a new network, or load one to continue from; for a new one, also return its settings."""
    if talk.has_flag(ask.MODEL) or talk.answer(ask.START, default=_proposed_start(talk, photos)) == "load":
        return load_existing(console, talk), None
    while True:
        mark = talk.mark()
        network, settings = _create(console, talk)
        try:
            if networks.prepare_devices() == "CPU":
                training.refuse_too_large(network.model, 1)
        except OutOfMemory as error:
            if talk.accept_defaults or talk.has_flag(ask.ARCHITECTURE):
                raise
            console.warn(f"{error} {network.name} does not fit; choose another network.")
            talk.forget(mark)
            continue
        console.inform(
            f"Created {network.name} for {network.size} x {network.size} pixels, "
            f"{network.model.count_params():,} parameters."
        )
        return network, settings


def _create(console: Console, talk: Conversation) -> tuple[networks.Network, ModelSettings]:
    settings = model_settings(talk, talk.answer(ask.ARCHITECTURE))
    built = talk.do(partial(_built, console, settings))
    if built is None:
        if not talk.answer(ask.RANDOM_ENCODER):
            raise ColorizeError("No training without them.")
        built = talk.do(partial(_built, console, replace(settings, encoder_weights=RANDOM_WEIGHTS)))
    return built


def _built(console: Console, settings: ModelSettings) -> tuple[networks.Network, ModelSettings] | None:
    """Build a network, and return it with its settings; None, after a warning, if its encoder's weights are missing."""
    try:
        return networks.build(settings), settings
    except MissingWeights as error:
        if settings.architecture != "mobilenet_unet" or settings.encoder_weights:
            console.warn(advised(error))
            return None
        console.warn(
            f"{error} The encoder of the model that ships takes their place: it learned from ImageNet, then from "
            "color photos."
        )
    return _built(console, replace(settings, encoder_weights=SHIPPED_WEIGHTS))


def _proposed_start(talk: Conversation, photos: int) -> str:
    """Propose to continue from the shipped model if there are too few photos to train a network from scratch.

    Flags that describe a new network take precedence.
    """
    is_new_described = any(talk.has_flag(question) for question in OF_A_NEW_NETWORK)
    return "load" if photos < DatasetSettings.few_photos and not is_new_described else "create"


def _choose_adversarial(talk: Conversation) -> AdversarialSettings | None:
    """Ask whether an adversarial phase follows the regression, and for its settings."""
    if talk.answer(ask.TRAINING) == ask.REGRESSION:
        _refuse_adversarial_flags(talk)
        return None
    return adversarial_settings(talk)


def _begins_adversarially(talk: Conversation) -> bool:
    is_loaded = talk.has_flag(ask.MODEL) or talk.flags.get(ask.START.name) == "load"
    return is_loaded and talk.flags.get(ask.TRAINING.name) == ask.ADVERSARIAL


def _refuse_senseless_flags(talk: Conversation) -> None:
    """Raise WrongFlag for flags that would otherwise be rejected or ignored only after photos were checked."""
    if talk.flags.get(ask.EPOCHS.name) == 0 and not _begins_adversarially(talk):
        raise WrongFlag(f"{ask.EPOCHS.flag}: {TOO_FEW_EPOCHS}")
    is_asked = not talk.has_flag(ask.TRAINING) and not talk.accept_defaults
    if not is_asked and talk.flag_or_default(ask.TRAINING) == ask.REGRESSION:
        _refuse_adversarial_flags(talk)


def _refuse_adversarial_flags(talk: Conversation) -> None:
    if talk.has_flag(ask.ADVERSARIAL_EPOCHS):
        raise WrongFlag(f"{ask.ADVERSARIAL_EPOCHS.flag}: only for --training adversarial.")


def _refuse_unfit(network: networks.Network, settings: TrainingSettings) -> None:
    """Raise WrongFlag for settings that do not fit the network, before photos are read and epochs trained."""
    try:
        networks.layers_from(network.model, settings.fine_tune_from)
        if settings.tensorboard:
            training.refuse_without_tensorboard()
        if settings.adversarial:
            training.refuse_too_small(network.size)
    except ColorizeError as error:
        raise WrongFlag(str(error)) from error
