"""What a training asks: which photos, which network, how it learns, and what is kept."""

from __future__ import annotations

from colorizer.answers import (
    existing_folder,
    existing_path,
    filter_counts,
    network_size,
    number_between,
    one_of,
    whole_number,
    yes_or_no,
)
from colorizer.question import TRAIN, Question
from colorizer.settings import (
    ADVERSARIAL_TRAINING,
    MAXIMUM_COUNT,
    MAXIMUM_EPOCHS,
    ModelSettings,
    TrainingSettings,
)

REGRESSION, ADVERSARIAL = "regression", "adversarial"
_training, _model, _game = TrainingSettings(), ModelSettings(), ADVERSARIAL_TRAINING.adversarial

TRAIN_COUNT = Question(
    "--train-count",
    "photos to train with, two of ten for validation",
    whole_number(2, MAXIMUM_COUNT),
    (TRAIN,),
    "How many photos to train with? (2 of every 10 are held back for validation)",
    shown_default="all that are not tested on",
)
TEST_COUNT = Question(
    "--test-count",
    "photos to test on afterwards",
    whole_number(1, MAXIMUM_COUNT),
    (TRAIN,),
    "How many photos to test on afterwards?",
    shown_default="a tenth, at most 200",
)
EPOCHS = Question(
    "--epochs",
    "times the training goes over all its photos; 0 goes straight into the game with a loaded model",
    whole_number(0, MAXIMUM_EPOCHS),
    (TRAIN,),
    "For how many epochs? (one epoch goes once over all training photos)",
    default=str(_training.epochs),
)
START = Question(
    "--start",
    "create a new model or load one",
    one_of({"1": "create", "2": "load", "create": "create", "load": "load"}),
    (TRAIN,),
    "Create a new model or load one to continue from?\n  1  create\n  2  load",
    default="create",
)
ARCHITECTURE = Question(
    "--architecture",
    "network to create: chroma_unet, rgb_unet, mobilenet_unet or resnet18_unet",
    one_of(
        {
            "1": "chroma_unet",
            "2": "rgb_unet",
            "3": "mobilenet_unet",
            "4": "resnet18_unet",
            "chroma_unet": "chroma_unet",
            "rgb_unet": "rgb_unet",
            "mobilenet_unet": "mobilenet_unet",
            "resnet18_unet": "resnet18_unet",
        }
    ),
    (TRAIN,),
    "Which network?\n  1  chroma_unet: lean, predicts colour and keeps the photo's own brightness\n"
    "  2  rgb_unet: the plain autoencoder, predicts all three channels; 20 times slower and more\n"
    "  3  mobilenet_unet: chroma_unet with an encoder that learned from ImageNet, MobileNetV2\n"
    "  4  resnet18_unet: the same with ResNet-18; needs the package keras-hub",
    default=_model.architecture,
)
RANDOM_ENCODER = Question(
    "--random-encoder",
    "go on with an encoder that knows nothing where ImageNet weights cannot be had",
    yes_or_no,
    (TRAIN,),
    "Go on with an encoder that knows nothing? (yes/no)",
    "no",
)
TRAINING = Question(
    "--training",
    "regression (nearest to the true colours) or adversarial (then a game against a discriminator, for livelier ones)",
    one_of({"1": REGRESSION, "2": ADVERSARIAL, REGRESSION: REGRESSION, ADVERSARIAL: ADVERSARIAL}),
    (TRAIN,),
    "Which training?\n  1  regression: as near to the true colours as can be; dull where they are unsure\n"
    "  2  adversarial: the same, then a game against a discriminator that tells true colours from made ones; livelier",
    default=REGRESSION,
)
ADVERSARIAL_EPOCHS = Question(
    "--adversarial-epochs",
    "epochs of the game, behind the others",
    whole_number(1, MAXIMUM_EPOCHS),
    (TRAIN,),
    "For how many epochs shall the game go on after that?",
    default=str(_game.epochs),
)
MONITOR = Question(
    "--monitor",
    "figure that chooses the epoch to keep: loss, accuracy, val_loss, val_accuracy, or none for the last; a game has "
    "its own",
    one_of(
        {
            "loss": "loss",
            "accuracy": "accuracy",
            "val_loss": "val_loss",
            "val_accuracy": "val_accuracy",
            "acc": "accuracy",
            "val_acc": "val_accuracy",
            "none": "none",
        }
    ),
    (TRAIN,),
    "Save the best model while training? By which figure?\n"
    "  (loss, accuracy, val_loss, val_accuracy; none keeps the last epoch)",
    default=_training.monitor,
)
SAVE_MODEL = Question("--save-model", "save the trained model", yes_or_no, (TRAIN,), "Save the model? (yes/no)", "yes")
SHOW_GRAPHS = Question(
    "--show-graphs",
    "show the graphs of losses, accuracies and learning rate (they are saved in any case)",
    yes_or_no,
    (TRAIN,),
    "Show the graphs of losses, accuracies and learning rate? (yes/no)",
    "no",
)
SAVE_RESULTS = Question(
    "--save-results",
    "save the colorized test photos and comparison sheets",
    yes_or_no,
    (TRAIN,),
    "Save the colorized test photos and comparison sheets? (yes/no)",
    "yes",
)
SIZE = Question("--size", "side of the square the network works on", network_size, (TRAIN,), default=str(_model.size))
FILTERS = Question(
    "--filters",
    "filters of each block, such as 16,32,64,128,256",
    filter_counts,
    (TRAIN,),
    shown_default="the architecture's own",
)
HEAD = Question(
    "--head",
    "what a new network predicts: regression (chroma) or classification (how likely each of 291 chromas is)",
    one_of({"regression": "regression", "classification": "classification"}),
    (TRAIN,),
    default=_model.head,
)
TEMPERATURE = Question(
    "--temperature",
    "with classification, from near 0 (the likeliest colour) to 1 (the mean of all)",
    number_between(0.01, 1),
    (TRAIN,),
    default=str(_model.temperature),
)
DROPOUT = Question(
    "--dropout", "share of activations dropped while training", number_between(0, 0.9), (TRAIN,), default="0"
)
L2 = Question("--l2", "weight of the L2 penalty on kernels", number_between(0, 1), (TRAIN,), default="0")
ENCODER_WEIGHTS = Question(
    "--encoder-weights",
    "file with ImageNet weights for the encoder of mobilenet_unet or resnet18_unet",
    existing_path((".h5",)),
    (TRAIN,),
    shown_default="their download",
)
LEARNING_RATE = Question(
    "--learning-rate",
    "first step size of the Adam optimizer",
    number_between(1e-8, 1),
    (TRAIN,),
    default=str(_training.learning_rate),
)
LOSS = Question(
    "--loss",
    "what regression minimizes: squared (mean squared error of RGB) or absolute (mean absolute error)",
    one_of(
        {
            "squared": "mean_squared_error",
            "absolute": "mean_absolute_error",
            "mse": "mean_squared_error",
            "mae": "mean_absolute_error",
        }
    ),
    (TRAIN,),
    shown_default="squared, or absolute where a game follows",
)
SCHEDULE = Question(
    "--schedule",
    "how the learning rate falls: plateau (when validation stops improving) or cosine (to nothing at the last epoch)",
    one_of({"plateau": "plateau", "cosine": "cosine"}),
    (TRAIN,),
    default=_training.schedule,
)
FROZEN_EPOCHS = Question(
    "--frozen-epochs",
    "first epochs in which a pretrained encoder keeps its weights",
    whole_number(0, MAXIMUM_EPOCHS),
    (TRAIN,),
    default=str(_training.frozen_epochs),
)
FINE_TUNE_FROM = Question(
    "--fine-tune-from",
    "block of the pretrained encoder from which on it learns once it is no longer frozen, such as block_10",
    str,
    (TRAIN,),
    shown_default="all of it",
)
AVERAGE = Question(
    "--average",
    "momentum of a moving average of the weights, which is then kept; 0.998 averages over some 500 steps, 0 is off",
    number_between(0, 0.9999),
    (TRAIN,),
    shown_default=f"0, or {ADVERSARIAL_TRAINING.average:g} where a game follows",
)
ADVERSARIAL_LOSS = Question(
    "--adversarial-loss",
    "how the discriminator judges: cross_entropy, least_squares or hinge",
    one_of({name: name for name in ("cross_entropy", "least_squares", "hinge")}),
    (TRAIN,),
    default=_game.loss,
)
L1_WEIGHT = Question(
    "--l1-weight",
    "what the mean absolute error (of RGB in [-1, 1]) counts beside the discriminator; more is nearer and duller",
    number_between(0, 1e6),
    (TRAIN,),
    default=f"{_game.l1_weight:g}",
)
LABEL_SMOOTHING = Question(
    "--label-smoothing",
    "how much less than 1 the discriminator is to say of real colours",
    number_between(0, 0.5),
    (TRAIN,),
    default=f"{_game.label_smoothing:g}",
)
ADVERSARIAL_LEARNING_RATE = Question(
    "--adversarial-learning-rate",
    "step size of the generator in the game",
    number_between(1e-8, 1),
    (TRAIN,),
    default=str(_game.learning_rate),
)
DISCRIMINATOR_LEARNING_RATE = Question(
    "--discriminator-learning-rate",
    "step size of the discriminator",
    number_between(1e-8, 1),
    (TRAIN,),
    default=str(_game.discriminator_learning_rate),
)
DISCRIMINATOR_FILTERS = Question(
    "--discriminator-filters",
    "filters of the discriminator's first convolution",
    whole_number(1, 512),
    (TRAIN,),
    default=str(_game.filters),
)
OF_A_GAME = (
    ADVERSARIAL_EPOCHS,
    ADVERSARIAL_LOSS,
    L1_WEIGHT,
    LABEL_SMOOTHING,
    ADVERSARIAL_LEARNING_RATE,
    DISCRIMINATOR_LEARNING_RATE,
    DISCRIMINATOR_FILTERS,
)
"""What is asked only of an adversarial training."""
PRECISION = Question(
    "--precision",
    "numbers training multiplies: float32, mixed_bfloat16, or auto (bfloat16 where the hardware has it)",
    one_of({"auto": "auto", "float32": "float32", "mixed_bfloat16": "mixed_bfloat16"}),
    (TRAIN,),
    default=_training.precision,
)
RESUME = Question(
    "--resume",
    "interrupted training to go on with: its folder under OUTPUT/models",
    existing_folder,
    (TRAIN,),
    shown_default="a new training",
)
