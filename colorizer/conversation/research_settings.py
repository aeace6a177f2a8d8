"""What only a researcher turns: settings of a network and its training that a settings file says, and no flag.

Declared as questions without a flag and without words, so that a wrong value gets the sentence a wrong flag gets.
"""

from __future__ import annotations

from colorizer.conversation.question import (
    TRAIN,
    Parser,
    Question,
    filter_counts,
    number_between,
    one_of,
    whole_number,
)
from colorizer.settings import ADVERSARIAL_TRAINING, MAXIMUM_EPOCHS, ModelSettings, TrainingSettings

_training, _model, _adversarial = TrainingSettings(), ModelSettings(), ADVERSARIAL_TRAINING.adversarial


def _setting(name: str, help_: str, parse: Parser, default: object, shown_default: str = "") -> Question:
    typed = None if shown_default else f"{default:g}" if isinstance(default, float) else str(default)
    return Question("", help_, parse, (TRAIN,), default=typed, shown_default=shown_default, setting=name)


def _names(*names: str) -> Parser:
    return one_of({name: name for name in names})


FILTERS = _setting(
    "model.filters",
    "filters of each block, such as 16,32,64,128,256",
    filter_counts,
    _model.filters,
    "the architecture's own",
)
DROPOUT = _setting("model.dropout", "share of activations dropped while training", number_between(0, 0.9), 0.0)
L2 = _setting("model.l2", "weight of the L2 penalty on kernels", number_between(0, 1), 0.0)
HEAD = _setting(
    "model.head",
    "what a new network predicts: regression (chroma) or classification (how likely each of 291 chromas is)",
    _names("regression", "classification"),
    _model.head,
)
TEMPERATURE = _setting(
    "model.temperature",
    "with classification, from near 0 (the likeliest colour) to 1 (the mean of all)",
    number_between(0.01, 1),
    _model.temperature,
)
GRADIENT_NORM = _setting(
    "settings.gradient_norm",
    "global norm that gradients are shortened to",
    number_between(1e-6, 1e6),
    _training.gradient_norm,
)
COLOURFULNESS_WEIGHT = _setting(
    "settings.colourfulness_weight",
    "what a unit of colourfulness takes off the loss of the regression",
    number_between(0, 10),
    _training.colourfulness_weight,
)
PRECISION = _setting(
    "settings.precision",
    "numbers training multiplies: float32, mixed_bfloat16, or auto (bfloat16 where the hardware has it)",
    _names("auto", "float32", "mixed_bfloat16"),
    _training.precision,
)
WARM_UP = _setting(
    "settings.warm_up",
    "share of the steps over which the cosine schedule's learning rate rises",
    number_between(0, 1),
    _training.warm_up,
)
FROZEN_EPOCHS = _setting(
    "settings.frozen_epochs",
    "first epochs in which a pretrained encoder keeps its weights; none for a loaded model",
    whole_number(0, MAXIMUM_EPOCHS),
    _training.frozen_epochs,
)
FINE_TUNING_FACTOR = _setting(
    "settings.fine_tuning_factor",
    "share of the learning rate left once the encoder learns too",
    number_between(0, 1),
    _training.fine_tuning_factor,
)
FINE_TUNE_FROM = _setting(
    "settings.fine_tune_from",
    "block of the pretrained encoder from which on it learns once it is no longer frozen, such as block_10",
    str,
    _training.fine_tune_from,
    "all of it",
)
PLATEAU_EPOCHS = _setting(
    "settings.plateau_epochs",
    "epochs without improvement before the plateau schedule lowers the learning rate",
    whole_number(1, MAXIMUM_EPOCHS),
    _training.plateau_epochs,
)
PLATEAU_FACTOR = _setting(
    "settings.plateau_factor",
    "what it multiplies the learning rate by",
    number_between(0.001, 0.999),
    _training.plateau_factor,
)
ADVERSARIAL_LOSS = _setting(
    "settings.adversarial.loss",
    "how the discriminator tells true from made: cross_entropy, least_squares or hinge",
    _names("cross_entropy", "least_squares", "hinge"),
    _adversarial.loss,
)
L1_WEIGHT = _setting(
    "settings.adversarial.l1_weight",
    "what the mean absolute error (of RGB in [-1, 1]) counts beside the discriminator; more is nearer and duller",
    number_between(0, 1e6),
    _adversarial.l1_weight,
)
LABEL_SMOOTHING = _setting(
    "settings.adversarial.label_smoothing",
    "how much less than 1 the discriminator is to say of real colours",
    number_between(0, 0.5),
    _adversarial.label_smoothing,
)
ADVERSARIAL_LEARNING_RATE = _setting(
    "settings.adversarial.learning_rate",
    "step size of the generator in the adversarial phase",
    number_between(1e-8, 1),
    _adversarial.learning_rate,
)
DISCRIMINATOR_LEARNING_RATE = _setting(
    "settings.adversarial.discriminator_learning_rate",
    "step size of the discriminator",
    number_between(1e-8, 1),
    _adversarial.discriminator_learning_rate,
)
BETA_1 = _setting("settings.adversarial.beta_1", "momentum of both", number_between(0, 0.999), _adversarial.beta_1)
DISCRIMINATOR_FILTERS = _setting(
    "settings.adversarial.filters",
    "filters of the discriminator's first convolution",
    whole_number(1, 512),
    _adversarial.filters,
)
KEPT_GAIN = _setting(
    "settings.adversarial.kept_gain",
    "share of the PSNR gained before that an epoch must still have to be kept",
    number_between(0, 1),
    _adversarial.kept_gain,
)
COLLAPSE_LOSS = _setting(
    "settings.adversarial.collapse_loss",
    "loss below which the discriminator makes no mistake",
    number_between(0, 10),
    _adversarial.collapse_loss,
)
COLLAPSE_STEPS = _setting(
    "settings.adversarial.collapse_steps",
    "so many such steps in a row end the adversarial phase",
    whole_number(1, 1_000_000_000),
    _adversarial.collapse_steps,
)

RESEARCH_SETTINGS = tuple(value for value in globals().values() if isinstance(value, Question))
