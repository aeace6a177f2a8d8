"""Settings of a network and its training: from answers, from a record, or from a handwritten file in JSON or TOML.

Settings without a flag are declared as questions too, so that a wrong value gets the same message as a wrong flag.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation, WrongFlag
from colorizer.conversation.question import TRAIN, Question, WrongAnswer, parser_of
from colorizer.conversation.questions import ADVERSARIAL, QUESTIONS, REGRESSION, SEED, SETTINGS, TRAINING
from colorizer.documents import MAXIMUM_TOML_BYTES, parse_toml, quoted
from colorizer.files import read_json, read_text
from colorizer.settings import (
    BOOK_SIZE,
    FINE_TUNING,
    FROM_SCRATCH,
    IMAGENET_WEIGHTS,
    PROPOSED_ARCHITECTURE,
    PROPOSED_SIZE,
    RECORD_VERSION,
    SHIPPED_WEIGHTS,
    AdversarialSettings,
    AugmentationSettings,
    ModelSettings,
    TrainingSettings,
)

_TABLES = {"model": ModelSettings, "settings": TrainingSettings, "settings.adversarial": AdversarialSettings}
_TABLES["settings.augmentation"] = AugmentationSettings


def _setting(name: str, help_: str, shown_default: str = "") -> Question:
    """Declare a setting with the range and default of its field."""
    table, _, field = name.rpartition(".")
    default = getattr(_TABLES[table](), field)
    parse = parser_of(_TABLES[table], field)
    typed = f"{default:g}" if isinstance(default, float) else str(default)
    if isinstance(default, bool):
        typed = "yes" if default else "no"
    return Question(
        "", help_, parse, (TRAIN,), default=None if shown_default else typed, shown_default=shown_default, setting=name
    )


FILTERS = _setting("model.filters", "filters of each block, such as 16,32,64,128,256", "the architecture's own")
DROPOUT = _setting("model.dropout", "share of activations dropped while training")
L2 = _setting("model.l2", "weight of the L2 penalty on kernels")
HEAD = _setting(
    "model.head",
    "what a new network predicts: regression (chroma) or classification (how likely each of 291 chromas is)",
)
TEMPERATURE = _setting(
    "model.temperature", "with classification, from near 0 (the likeliest color) to 1 (the mean of all)"
)
GRADIENT_NORM = _setting("settings.gradient_norm", "global norm that gradients are shortened to")
COLOURFULNESS_WEIGHT = _setting(
    "settings.colourfulness_weight",
    "what a unit of colorfulness takes off the loss of the regression",
    f"{FROM_SCRATCH.colourfulness_weight:g} with the loss log, that of a loaded model, otherwise 0",
)
COLOUR_DIFFERENCE_WEIGHT = _setting(
    "settings.colour_difference_weight",
    "what a unit of color difference (nearly CIEDE2000) adds to that loss",
    f"{FROM_SCRATCH.colour_difference_weight:g} with the loss log, that of a loaded model, otherwise 0",
)
PRECISION = _setting(
    "settings.precision",
    "numbers training multiplies: float32, mixed_bfloat16, mixed_float16, or auto (what the hardware is fastest with)",
)
IS_DETERMINISTIC = _setting(
    "settings.is_deterministic", "let a GPU repeat the training to the last bit, which is slower", "yes with --seed"
)
WARM_UP = _setting("settings.warm_up", "share of the steps over which the cosine schedule's learning rate rises")
FROZEN_EPOCHS = _setting(
    "settings.frozen_epochs",
    "first epochs in which a pretrained encoder keeps its weights",
    f"{FROM_SCRATCH.frozen_epochs}, or {FINE_TUNING.frozen_epochs} for a loaded model",
)
FINE_TUNING_FACTOR = _setting(
    "settings.fine_tuning_factor", "share of the learning rate left once the encoder learns too"
)
FINE_TUNE_FROM = _setting(
    "settings.fine_tune_from",
    "block of the pretrained encoder from which on it learns once it is no longer frozen, such as block_10",
    f"all of it, or {FINE_TUNING.fine_tune_from} for a loaded model with MobileNetV2",
)
START_SHARE = _setting(
    "settings.start_share",
    "least share of the starting weights in the weights that are kept of a loaded model; more forgets less",
    f"0, or {FINE_TUNING.start_share:g} for the shipped model",
)
PLATEAU_EPOCHS = _setting(
    "settings.plateau_epochs", "epochs without improvement before the plateau schedule lowers the learning rate"
)
PLATEAU_FACTOR = _setting("settings.plateau_factor", "what it multiplies the learning rate by")
TENSORBOARD = _setting(
    "settings.tensorboard", "write logs for TensorBoard beside the model; needs the package tensorboard"
)
GRADIENTS = _setting("settings.gradients", "measure each layer's gradient after every epoch, and draw them")
FLIP = _setting("settings.augmentation.flip", "share of the training photos that are mirrored")
CROP = _setting("settings.augmentation.crop", "share by which photos are read larger, to cut a random part out")
ROTATION = _setting("settings.augmentation.rotation", "degrees by which photos are turned at most")
ZOOM = _setting("settings.augmentation.zoom", "share by which photos are enlarged at most")
BRIGHTNESS = _setting("settings.augmentation.brightness", "most that luma in [0, 1] is shifted by")
CONTRAST = _setting("settings.augmentation.contrast", "share by which luma is stretched around its mean at most")
GRAIN = _setting("settings.augmentation.grain", "standard deviation of the strongest film grain")
AGED_SHARE = _setting("settings.augmentation.share", "share of the photos whose luma is changed")
ADVERSARIAL_LOSS = _setting(
    "settings.adversarial.loss", "how the discriminator tells true from made: cross_entropy, least_squares or hinge"
)
L1_WEIGHT = _setting(
    "settings.adversarial.l1_weight",
    "what the mean absolute error (of RGB in [-1, 1]) counts beside the discriminator; more is nearer and duller",
)
LABEL_SMOOTHING = _setting(
    "settings.adversarial.label_smoothing", "how much less than 1 the discriminator is to say of real colors"
)
ADVERSARIAL_LEARNING_RATE = _setting(
    "settings.adversarial.learning_rate", "step size of the generator in the adversarial phase"
)
DISCRIMINATOR_LEARNING_RATE = _setting(
    "settings.adversarial.discriminator_learning_rate", "step size of the discriminator"
)
BETA_1 = _setting("settings.adversarial.beta_1", "momentum of both")
DISCRIMINATOR_FILTERS = _setting("settings.adversarial.filters", "filters of the discriminator's first convolution")
KEPT_GAIN = _setting(
    "settings.adversarial.kept_gain", "share of the PSNR gained before that an epoch must still have to be kept"
)
COLLAPSE_LOSS = _setting("settings.adversarial.collapse_loss", "loss below which the discriminator makes no mistake")
COLLAPSE_STEPS = _setting(
    "settings.adversarial.collapse_steps", "so many such steps in a row end the adversarial phase"
)

RESEARCH_SETTINGS = tuple(
    value for value in tuple(globals().values()) if isinstance(value, Question) and value not in QUESTIONS
)


OF_A_NEW_NETWORK = (
    ask.ARCHITECTURE,
    ask.SIZE,
    ask.ENCODER_WEIGHTS,
    ask.RANDOM_ENCODER,
    FILTERS,
    DROPOUT,
    L2,
    HEAD,
    TEMPERATURE,
)
"""Questions that apply only to a new network."""


def model_settings(talk: Conversation, architecture: str) -> ModelSettings:
    """Return the settings of a new network."""
    weights = talk.answer(ask.ENCODER_WEIGHTS)
    if weights is None and architecture == PROPOSED_ARCHITECTURE:
        weights = SHIPPED_WEIGHTS
    return ModelSettings(
        architecture=architecture,
        size=talk.answer(ask.SIZE, default=BOOK_SIZE if architecture == "book_unet" else PROPOSED_SIZE),
        filters=talk.answer(FILTERS) or (),
        dropout=talk.answer(DROPOUT),
        l2=talk.answer(L2),
        head=talk.answer(HEAD),
        temperature=talk.answer(TEMPERATURE),
        encoder_weights="" if weights in (None, IMAGENET_WEIGHTS) else str(weights),
        seed=talk.answer(ask.SEED),
    )


def adversarial_settings(talk: Conversation) -> AdversarialSettings:
    """Return the settings of an adversarial phase."""
    return AdversarialSettings(
        epochs=talk.answer(ask.ADVERSARIAL_EPOCHS),
        loss=talk.answer(ADVERSARIAL_LOSS),
        l1_weight=talk.answer(L1_WEIGHT),
        label_smoothing=talk.answer(LABEL_SMOOTHING),
        learning_rate=talk.answer(ADVERSARIAL_LEARNING_RATE),
        discriminator_learning_rate=talk.answer(DISCRIMINATOR_LEARNING_RATE),
        beta_1=talk.answer(BETA_1),
        filters=talk.answer(DISCRIMINATOR_FILTERS),
        kept_gain=talk.answer(KEPT_GAIN),
        collapse_loss=talk.answer(COLLAPSE_LOSS),
        collapse_steps=talk.answer(COLLAPSE_STEPS),
    )


def augmentation_settings(talk: Conversation) -> AugmentationSettings:
    """Return the augmentation of training photos."""
    return AugmentationSettings(
        flip=talk.answer(FLIP),
        crop=talk.answer(CROP),
        rotation=talk.answer(ROTATION),
        zoom=talk.answer(ZOOM),
        brightness=talk.answer(BRIGHTNESS),
        contrast=talk.answer(CONTRAST),
        grain=talk.answer(GRAIN),
        share=talk.answer(AGED_SHARE),
    )


def training_settings(
    talk: Conversation, adversarial: AdversarialSettings | None, proposed: TrainingSettings
) -> TrainingSettings:
    """Return the settings of a training.

    `proposed` holds the defaults, which depend on the network, and the chosen epochs and batch size.
    """
    loss = talk.answer(ask.LOSS, default=proposed.loss)
    # The weights are relative to the loss they belong to.
    is_same_loss = loss == proposed.loss
    return TrainingSettings(
        epochs=proposed.epochs,
        batch_size=proposed.batch_size,
        learning_rate=talk.answer(ask.LEARNING_RATE, default=proposed.learning_rate),
        optimizer=talk.answer(ask.OPTIMIZER),
        gradient_norm=talk.answer(GRADIENT_NORM),
        loss=loss,
        colourfulness_weight=talk.answer(COLOURFULNESS_WEIGHT, default=proposed.colourfulness_weight * is_same_loss),
        colour_difference_weight=talk.answer(
            COLOUR_DIFFERENCE_WEIGHT, default=proposed.colour_difference_weight * is_same_loss
        ),
        precision=talk.answer(PRECISION),
        is_deterministic=talk.answer(IS_DETERMINISTIC, default="yes" if talk.has_flag(ask.SEED) else "no"),
        schedule=talk.answer(ask.SCHEDULE, default=proposed.schedule),
        warm_up=talk.answer(WARM_UP),
        frozen_epochs=talk.answer(FROZEN_EPOCHS, default=proposed.frozen_epochs),
        fine_tuning_factor=talk.answer(FINE_TUNING_FACTOR),
        fine_tune_from=talk.answer(FINE_TUNE_FROM, default=proposed.fine_tune_from),
        average=talk.answer(ask.AVERAGE, default=proposed.average),
        start_share=talk.answer(START_SHARE, default=proposed.start_share),
        monitor=talk.answer(ask.MONITOR),
        plateau_epochs=talk.answer(PLATEAU_EPOCHS),
        plateau_factor=talk.answer(PLATEAU_FACTOR),
        tensorboard=talk.answer(TENSORBOARD),
        gradients=talk.answer(GRADIENTS),
        adversarial=adversarial,
        augmentation=augmentation_settings(talk),
        seed=talk.answer(ask.SEED),
    )


IN_A_FILE: dict[str, Question] = {
    question.setting: question for question in (*QUESTIONS, *RESEARCH_SETTINGS) if question.setting
} | {"model.seed": SEED}
"""Every setting that a file may contain, by its name there."""
_OTHERS_IN_A_RECORD = frozenset(
    (
        "version",
        "network",
        "colour",
        "photos",
        "training",
        "evaluation",
        "start_evaluation",
        "versions",
        "learned_from",
        "root",
        "maximum_pixels",
    )
)
"""Entries of a record that are not settings; a run that repeats it determines them again."""
_LONGEST_VALUE = 1_000
_ADVERSARIAL = "settings.adversarial"


def with_settings(flags: dict[str, Any], path: Path) -> dict[str, Any]:
    """Combine typed flags with the settings of a file; flags take precedence. Raises WrongFlag."""
    answers = read_settings(path)
    if flags.get(TRAINING.name) == REGRESSION:  # typed, so it takes precedence over the file's adversarial phase
        adversarial = {question.name for name, question in IN_A_FILE.items() if name.startswith(f"{_ADVERSARIAL}.")}
        answers = {name: answer for name, answer in answers.items() if name not in adversarial}
    return answers | flags


def read_settings(path: Path) -> dict[str, Any]:
    """Return the answers in a settings file, by the names of their questions. Raises WrongFlag.

    Names are those of `IN_A_FILE`, with their parts as nested tables. An empty setting (null, an empty text or list)
    leaves its question open. A table of adversarial settings, even an empty one, makes the training adversarial; null
    in its place makes it a regression.
    """
    answers: dict[str, Any] = {}
    tables = _parsed(path)
    settings = tables.get("settings")
    if isinstance(settings, dict) and "adversarial" in settings:
        answers[TRAINING.name] = REGRESSION if settings["adversarial"] is None else ADVERSARIAL
    for name, value in _flat(tables):
        if name not in IN_A_FILE:
            raise _wrong(path, f"there is no setting {quoted(name)}{_nearest(name)}")
        if value in (None, "", []):
            continue
        question = IN_A_FILE[name]
        typed = _as_typed(value)
        if len(typed) > _LONGEST_VALUE:
            raise _wrong(path, f"{name} has a value of more than {_LONGEST_VALUE:,} characters")
        try:
            answer = question.parse(typed)
        except WrongAnswer as error:
            raise _wrong(path, f"{name}: {error}") from error
        if answers.setdefault(question.name, answer) != answer:
            raise _wrong(path, f"{name} is given twice, with two values: {answers[question.name]} and {answer}")
    return answers


def _parsed(path: Path) -> dict:
    try:
        # The history of a diverged training contains NaN; settings have ranges, which reject NaN.
        is_toml = path.suffix.lower() == ".toml"
        parsed = parse_toml(read_text(path, MAXIMUM_TOML_BYTES)) if is_toml else read_json(path, allows_nan=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _wrong(path, f"it cannot be read: {reason}") from error
    if not isinstance(parsed, dict):
        raise _wrong(path, "it holds no table of settings")
    version = parsed.get("version", RECORD_VERSION)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _wrong(path, f"its version must be a whole number from 1 to {RECORD_VERSION}")
    if version > RECORD_VERSION:
        raise _wrong(path, f"it has version {version}, but this program reads up to {RECORD_VERSION}: update it")
    return {name: value for name, value in parsed.items() if name not in _OTHERS_IN_A_RECORD}


def _flat(table: dict, above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each setting with its full name; null in place of a whole table is ignored."""
    for name, value in table.items():
        whole = f"{above}{name}"
        if isinstance(value, dict):
            yield from _flat(value, f"{whole}.")
        elif not (value is None and whole in ("model", "settings", _ADVERSARIAL)):
            yield whole, value


def _as_typed(value: Any) -> str:
    """Return a value as a user would type it: lists with commas, everything else unchanged."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, IN_A_FILE, 1)
    return f"; did you mean {near[0]!r}?" if near else "; docs/FLAGS.md lists them"


def _wrong(path: Path, reason: str) -> WrongFlag:
    return WrongFlag(f"{SETTINGS.flag} {path}: {reason.rstrip('.?')}{'?' if reason.endswith('?') else '.'}")
