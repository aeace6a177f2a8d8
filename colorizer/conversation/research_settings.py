"""Settings for research: settings of a network and its training that have no flag and can only be set in a file.

They are declared as questions without a flag or prompt, so that a wrong value gets the same message as a wrong flag.
"""

from __future__ import annotations

from colorizer.conversation.question import TRAIN, Question, parser_of
from colorizer.settings import (
    FINE_TUNING,
    FROM_SCRATCH,
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
    "model.temperature", "with classification, from near 0 (the likeliest colour) to 1 (the mean of all)"
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
    "share of the starting weights in the weights that are kept of a loaded model; more forgets less",
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
    "settings.adversarial.label_smoothing", "how much less than 1 the discriminator is to say of real colours"
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

RESEARCH_SETTINGS = tuple(value for value in globals().values() if isinstance(value, Question))
