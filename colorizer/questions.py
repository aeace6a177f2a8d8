"""Every question once: its words, flag, default, parser and the sentence a wrong answer gets.

The prompts, the command line's flags and the README's table are all made from `QUESTIONS`.
"""

from __future__ import annotations

from dataclasses import dataclass

from colorizer.answers import (
    Parser,
    a_path,
    existing_folder,
    existing_path,
    filter_counts,
    network_size,
    number_between,
    one_of,
    whole_number,
    yes_or_no,
)
from colorizer.settings import (
    MAXIMUM_BATCH_SIZE,
    MAXIMUM_COUNT,
    MAXIMUM_EPOCHS,
    MAXIMUM_SEED,
    ModelSettings,
    PhotoLimits,
    TrainingSettings,
)

TRAIN, COLORIZE, EVALUATE = "train", "colorize", "evaluate"


@dataclass(frozen=True)
class Question:
    """One thing the program needs to know, however it comes to know it."""

    flag: str
    help: str
    """One line for --help and the README."""
    parse: Parser
    journeys: tuple[str, ...]
    prompt: str = ""
    """What is asked; a question without words is answered by its flag or default only."""
    default: str | None = None
    """The default as it would be typed; None where it depends on the photos, or there is none."""
    shown_default: str = ""
    """The default in words, where `default` says nothing."""

    @property
    def name(self) -> str:
        """The flag as an identifier: "--train-count" gives "train_count"."""
        return self.flag.removeprefix("--").replace("-", "_")

    @property
    def is_switch(self) -> bool:
        """A yes-or-no question, whose flag has a --no- form and takes no value."""
        return self.parse is yes_or_no


ALL = (TRAIN, COLORIZE, EVALUATE)
_training, _model = TrainingSettings(), ModelSettings()

JOURNEY = Question(
    "train | colorize | evaluate",
    "which journey",
    one_of({"1": TRAIN, "2": COLORIZE, "3": EVALUATE} | {journey: journey for journey in ALL}),
    (),
    "What would you like to do?\n  1  train a model on colour photos\n"
    "  2  colorize black-and-white photos with an existing model\n"
    "  3  evaluate a model on colour photos",
    default="colorize",
)
USE_DEFAULT_DATASET = Question(
    "--default-dataset",
    "use the photos in dataset/color (train, evaluate) or dataset/bw (colorize)",
    yes_or_no,
    ALL,
    "Use the default dataset ({folder})? (yes/no)",
    default="yes",
)
DATASET = Question(
    "--dataset",
    "folder, zip or single photo to use",
    existing_path(),
    ALL,
    "Where are the photos? A folder, a zip or a single photo:",
    shown_default="the default dataset",
)
UNPACK_TO = Question(
    "--unpack-to",
    "folder to unpack a zip into",
    a_path,
    ALL,
    "Into which folder shall {archive} be unpacked?",
    shown_default="beside the zip, under its name",
)
USE_FOLDER = Question(
    "--use-folder",
    "take that folder as it is when it holds something else; otherwise the zip is unpacked under the next name",
    yes_or_no,
    ALL,
    "Use the photos in {folder} as they are? (yes/no; no unpacks the zip anew, under another name)",
    "no",
)
SHOW_UNREADABLE = Question(
    "--show-unreadable", "print the paths of unreadable files", yes_or_no, ALL, "Print their paths? (yes/no)", "yes"
)
SHOW_WRONG_FORMAT = Question(
    "--show-wrong-format",
    "print the paths of photos of a wrong colour format",
    yes_or_no,
    (TRAIN, EVALUATE),
    "Print their paths? (yes/no)",
    "yes",
)
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
    "times the training goes over all its photos",
    whole_number(1, MAXIMUM_EPOCHS),
    (TRAIN,),
    "For how many epochs? (one epoch goes once over all training photos)",
    default=str(_training.epochs),
)
COUNT = Question(
    "--count",
    "photos to use, chosen at random when fewer than all",
    whole_number(1, MAXIMUM_COUNT),
    (COLORIZE, EVALUATE),
    "How many of them shall be used?",
    shown_default="all",
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
    "network to create: chroma_unet, rgb_unet or mobilenet_unet",
    one_of(
        {
            "1": "chroma_unet",
            "2": "rgb_unet",
            "3": "mobilenet_unet",
            "chroma_unet": "chroma_unet",
            "rgb_unet": "rgb_unet",
            "mobilenet_unet": "mobilenet_unet",
        }
    ),
    (TRAIN,),
    "Which network?\n  1  chroma_unet: lean, predicts colour and keeps the photo's own brightness\n"
    "  2  rgb_unet: the plain autoencoder, predicts all three channels; 20 times slower and more\n"
    "  3  mobilenet_unet: chroma_unet with an encoder that learned from ImageNet",
    default=_model.architecture,
)
MODEL = Question(
    "--model",
    "model file (.h5 or .keras) to continue from, to colorize with or to evaluate",
    existing_path((".h5", ".keras")),
    ALL,
    "Which model file? (.h5 or .keras)",
    shown_default="the one that ships with the program",
)
LOOK = Question(
    "--look",
    "look at the model: drawing, summary or nothing",
    one_of(
        {
            "1": "drawing",
            "2": "summary",
            "3": "nothing",
            "drawing": "drawing",
            "summary": "summary",
            "nothing": "nothing",
        }
    ),
    ALL,
    "Look at the model?\n  1  save a drawing of it\n  2  print its summary\n  3  nothing",
    default="nothing",
)
MONITOR = Question(
    "--monitor",
    "figure that chooses the epoch to keep: loss, accuracy, val_loss, val_accuracy, or none for the last",
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
ADJUST = Question(
    "--adjust",
    "ask how colourful, and whether to restore the contrast of faded photos",
    yes_or_no,
    (COLORIZE,),
    "Adjust how colourful they become? (yes/no)",
    "no",
)
VIVIDNESS = Question(
    "--vividness",
    "how colourful: 0 is gray, 1 what the network means, 2 twice as much",
    number_between(0, 2),
    (COLORIZE, EVALUATE),
    "How colourful? From 0 (gray) through 1 (what the network means) to 2 (twice as much):",
    default="1",
)
RESTORE_CONTRAST = Question(
    "--restore-contrast",
    "give faded photos their black and white back",
    yes_or_no,
    (COLORIZE,),
    "Give faded photos their black and white back? (yes/no)",
    "no",
)
SHOW_RESULTS = Question(
    "--show-results",
    "show the first comparison sheet",
    yes_or_no,
    ALL,
    "Show the first comparison sheet? (yes/no)",
    "no",
)
SIZE = Question("--size", "side of the square the network works on", network_size, (TRAIN,), default=str(_model.size))
BATCH_SIZE = Question(
    "--batch-size",
    "photos per training step",
    whole_number(1, MAXIMUM_BATCH_SIZE),
    (TRAIN, EVALUATE),
    default=str(_training.batch_size),
)
SEED = Question(
    "--seed", "number that makes a run repeatable", whole_number(0, MAXIMUM_SEED), ALL, default=str(_training.seed)
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
    default="squared",
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
    "first epochs in which the pretrained encoder of mobilenet_unet keeps its weights",
    whole_number(0, MAXIMUM_EPOCHS),
    (TRAIN,),
    default=str(_training.frozen_epochs),
)
AVERAGE = Question(
    "--average",
    "momentum of a moving average of the weights, which is then kept; 0.998 averages over some 500 steps, 0 is off",
    number_between(0, 0.9999),
    (TRAIN,),
    default="0",
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
FILTERS = Question(
    "--filters",
    "filters of each block, such as 16,32,64,128,256",
    filter_counts,
    (TRAIN,),
    shown_default="the architecture's own",
)
DROPOUT = Question(
    "--dropout", "share of activations dropped while training", number_between(0, 0.9), (TRAIN,), default="0"
)
L2 = Question("--l2", "weight of the L2 penalty on kernels", number_between(0, 1), (TRAIN,), default="0")
ENCODER_WEIGHTS = Question(
    "--encoder-weights",
    "file with ImageNet weights for mobilenet_unet",
    existing_path((".h5",)),
    (TRAIN,),
    shown_default="Keras' own download",
)
PRECISION = Question(
    "--precision",
    "numbers training multiplies: float32, mixed_bfloat16, or auto (bfloat16 where the hardware has it)",
    one_of({"auto": "auto", "float32": "float32", "mixed_bfloat16": "mixed_bfloat16"}),
    (TRAIN,),
    default=_training.precision,
)
WORKERS = Question(
    "--workers",
    "threads that read and write photos",
    whole_number(1, 1024),
    ALL,
    shown_default="one for each core, and one more where photos are only read",
)
MAXIMUM_MEGAPIXELS = Question(
    "--maximum-megapixels",
    "photos of more pixels are refused: a small file may claim to hold more than memory does",
    number_between(0.001, 10_000),
    ALL,
    default=str(PhotoLimits.maximum_pixels // 1_000_000),
)
RESUME = Question(
    "--resume",
    "interrupted training to go on with: its folder under OUTPUT/models",
    existing_folder,
    (TRAIN,),
    shown_default="a new training",
)
SKIP_EXISTING = Question(
    "--skip-existing",
    "go on in the newest results folder made from the same photos in the same way, leaving out what is there already",
    yes_or_no,
    (COLORIZE,),
    default="no",
)
CACHE = Question(
    "--cache",
    "folder for what need not be done twice, or none",
    a_path,
    ALL,
    shown_default="~/.cache/colorizer",
)
OUTPUT = Question("--output", "folder for models and results", a_path, ALL, shown_default="OUTPUT beside the script")

QUESTIONS = tuple(value for value in list(globals().values()) if isinstance(value, Question) and value is not JOURNEY)
"""Every question with a flag, in the order they are asked."""


FREE_WHEN_RESUMED = (
    RESUME,
    BATCH_SIZE,
    WORKERS,
    CACHE,
    MAXIMUM_MEGAPIXELS,
    SAVE_MODEL,
    SHOW_GRAPHS,
    SAVE_RESULTS,
    SHOW_RESULTS,
)
"""What may still be said of a training that is taken up: how its photos are read, how many at once
(memory may not have sufficed), and what is done with its end."""


def flag_table() -> list[str]:
    """Return the README's table of flags, one Markdown row each."""
    rows = [f"| flag | what it answers | default | {' | '.join(ALL)} |", "|---|---|---|" + "---|" * len(ALL)]
    for question in QUESTIONS:
        flag = f"`{question.flag}`" + (f" / `--no-{question.flag[2:]}`" if question.is_switch else "")
        marks = " | ".join("yes" if journey in question.journeys else "" for journey in ALL)
        rows.append(f"| {flag} | {question.help} | {question.default or question.shown_default} | {marks} |")
    return rows
