"""All questions of all commands."""

from __future__ import annotations

import re
from pathlib import Path

from colorizer.conversation.question import (
    ALL,
    COLORIZE,
    EVALUATE,
    FILM,
    INSPECT,
    MENU_COMMANDS,
    MERGE,
    OF_PHOTOS,
    SAMPLES,
    STUDIO,
    TRAIN,
    Question,
    WrongAnswer,
    a_path,
    a_point,
    existing_folder,
    existing_path,
    file_of_hints,
    folder_or_address,
    menu,
    model_file,
    number_between,
    numbered,
    one_of,
    parser_of,
    path_or_option,
    run_name,
    weights_file,
    whole_number,
    within,
    yes_or_no,
)
from colorizer.dataset.split import Shard
from colorizer.files import is_folder
from colorizer.film import CODECS, MOST_LOSS
from colorizer.packages import install_command, is_installed
from colorizer.settings import (
    ADVERSARIAL_TRAINING,
    ARCHITECTURES,
    BOOK_SIZE,
    FINE_TUNING,
    FROM_SCRATCH,
    LOSSES,
    MAXIMUM_COUNT,
    PROPOSED_ARCHITECTURE,
    PROPOSED_SIZE,
    VIVIDNESS_RANGE,
    WITH_ENCODER,
    AdversarialSettings,
    ModelSettings,
    PhotoLimits,
    Reading,
    TrainingSettings,
)

REGRESSION, ADVERSARIAL = "regression", "adversarial"
_training, _adversarial = TrainingSettings(), ADVERSARIAL_TRAINING.adversarial
TRAIN_COUNT = Question(
    "--train-count",
    "photos to train with; two of ten are for validation",
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
    "passes over all training photos; 0 starts a loaded model with the adversarial phase",
    parser_of(TrainingSettings, "epochs"),
    (TRAIN,),
    "For how many epochs? (one epoch goes once over all training photos)",
    shown_default=f"{FROM_SCRATCH.epochs} for a new network, {WITH_ENCODER.epochs} with a pretrained encoder, "
    f"{FINE_TUNING.epochs} for a loaded model",
    setting="settings.epochs",
)
START = Question(
    "--start",
    "create a new model, or load one to continue from",
    one_of(numbered(("create", "load"))),
    (TRAIN,),
    menu(
        "Create a new model or load one to continue from?",
        {"create": "an untrained network", "load": "a trained model, such as the one that ships"},
    ),
    shown_default="load the shipped model for fewer than 2,000 photos, unless flags describe a new network",
)
ARCHITECTURE = Question(
    "--architecture",
    f"network to create: {', '.join(ARCHITECTURES)}",
    one_of(numbered(ARCHITECTURES)),
    (TRAIN,),
    menu("Which network?", ARCHITECTURES),
    default=PROPOSED_ARCHITECTURE,
    setting="model.architecture",
)
ENCODER_WEIGHTS = Question(
    "--encoder-weights",
    "weights of the encoder of mobilenet_unet or resnet18_unet: a file of ImageNet weights, imagenet (download them), "
    "shipped (the encoder of the shipped model, mobilenet_unet only) or random; MobileNetV2's for --kid",
    weights_file,
    (TRAIN, EVALUATE),
    shown_default="shipped for mobilenet_unet, imagenet otherwise",
    setting="model.encoder_weights",
)
RANDOM_ENCODER = Question(
    "--random-encoder",
    "use an untrained encoder if ImageNet weights are not available",
    yes_or_no,
    (TRAIN,),
    "Continue with an untrained encoder? (yes/no)",
    "no",
)
TRAINING = Question(
    "--training",
    "regression, or adversarial for stronger colors",
    one_of(numbered((REGRESSION, ADVERSARIAL))),
    (TRAIN,),
    menu(
        "Which training?",
        {
            REGRESSION: "closest to the true colors; muted where it is unsure",
            ADVERSARIAL: "the same, then against a discriminator; stronger colors",
        },
    ),
    default=REGRESSION,
)
ADVERSARIAL_EPOCHS = Question(
    "--adversarial-epochs",
    "epochs of the adversarial phase",
    parser_of(AdversarialSettings, "epochs"),
    (TRAIN,),
    "How many further epochs against the discriminator?",
    default=str(_adversarial.epochs),
    setting="settings.adversarial.epochs",
)
MONITOR = Question(
    "--monitor",
    "metric that chooses the epoch to keep: loss, accuracy, val_loss, val_accuracy, or none for the last; the "
    "adversarial phase has its own",
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
    "Which metric chooses the best epoch?\n  (loss, accuracy, val_loss, val_accuracy; none keeps the last epoch)",
    default=_training.monitor,
    setting="settings.monitor",
)
SAVE_MODEL = Question(
    "--save-model", "save the trained model", yes_or_no, (TRAIN,), "Save the trained model? (yes/no)", "yes"
)
SHOW_GRAPHS = Question(
    "--show-graphs",
    "show the graphs of losses, accuracies and learning rate, which are always saved",
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
    "Colorize the test photos afterwards, with comparison sheets? (yes/no)",
    "yes",
)
SIZE = Question(
    "--size",
    "side of the network's square input, in pixels",
    parser_of(ModelSettings, "size"),
    (TRAIN,),
    shown_default=f"{PROPOSED_SIZE}; {BOOK_SIZE} for book_unet",
    setting="model.size",
)
LEARNING_RATE = Question(
    "--learning-rate",
    "first step size of the optimizer",
    parser_of(TrainingSettings, "learning_rate"),
    (TRAIN,),
    shown_default=f"{FROM_SCRATCH.learning_rate:g} for a new network, {FINE_TUNING.learning_rate:g} for a loaded "
    f"model, {_training.learning_rate:g} with --training adversarial",
    setting="settings.learning_rate",
)
OPTIMIZER = Question(
    "--optimizer",
    "optimizer: adam, sgd (with momentum) or rmsprop",
    parser_of(TrainingSettings, "optimizer"),
    (TRAIN,),
    default=_training.optimizer,
    setting="settings.optimizer",
)
LOSS = Question(
    "--loss",
    "what regression minimizes: squared (mean squared error of RGB), absolute (mean absolute error) or log (the "
    "logarithm of each photo's mean squared error: decibels of PSNR)",
    one_of(
        LOSSES | {"mse": LOSSES["squared"], "mae": LOSSES["absolute"]} | {name: name for name in LOSSES.values()},
    ),
    (TRAIN,),
    shown_default="log, or the loss that a loaded model was trained with; absolute with --training adversarial",
    setting="settings.loss",
)
SCHEDULE = Question(
    "--schedule",
    "learning rate schedule: plateau (lower it when validation stops improving) or cosine (to 0 at the last epoch)",
    parser_of(TrainingSettings, "schedule"),
    (TRAIN,),
    shown_default=f"{FROM_SCRATCH.schedule}, or {_training.schedule} with --training adversarial",
    setting="settings.schedule",
)
AVERAGE = Question(
    "--average",
    "momentum of a moving average of the weights, which is then kept; 0.998 averages over some 500 steps, 0 is off",
    parser_of(TrainingSettings, "average"),
    (TRAIN,),
    default=str(FROM_SCRATCH.average),
    setting="settings.average",
)
RESUME = Question(
    "--resume",
    "resume an interrupted training: its folder under OUTPUT/models",
    existing_folder,
    (TRAIN,),
    shown_default="a new training",
)
SETTINGS = Question(
    "--settings",
    "JSON or TOML file of settings, such as a model's model.json",
    existing_path((".json", ".toml")),
    (TRAIN,),
    shown_default="none",
)


def _needed(extra: str) -> str:
    """Return a remark for the menu if the packages of an extra are missing."""
    return "" if is_installed(extra) else f" (first run: {install_command(extra)})"


FIRST = Question(
    "train | colorize | evaluate | studio | inspect | film",
    "photos or a film to colorize, or a command",
    path_or_option(numbered(MENU_COMMANDS)),
    (),
    menu(
        "Where are your photos? A folder, a zip, a photo or a film:\nTo do something else, enter its number or name:",
        {
            TRAIN: f"train a model on color photos{_needed('train')}",
            COLORIZE: "colorize black-and-white photos",
            EVALUATE: f"score a model on color photos{_needed('train')}",
            STUDIO: "choose colors by clicking, in the browser",
            INSPECT: f"report what a model has learned{_needed('train')}",
            FILM: f"colorize a black-and-white film{_needed('film')}",
        },
    ),
    default=SAMPLES,
    explanation="Type the path of your photos or your film, or drop them into this window. Press Enter to colorize six "
    "sample photos. To do something else, enter its number or its name, such as 1 or train.",
)
MORE = Question(
    "--more-options",
    "ask for the number of photos, the model, the colors and hints",
    yes_or_no,
    (COLORIZE, EVALUATE, INSPECT, FILM),
    "More options? (yes/no)",
    "no",
    explanation="Answer yes to choose the model, the number of photos, the colors and hints. The defaults suit most "
    "photos and films.",
)
USE_DEFAULT_DATASET = Question(
    "--default-dataset",
    "use the photos in dataset/color (train, evaluate) or dataset/bw (colorize, inspect) without asking",
    yes_or_no,
    OF_PHOTOS,
    default="yes",
)
DATASET = Question(
    "--dataset",
    "folder, zip or photo to use; with --shard also s3://BUCKET/FOLDER (CLUSTER.md)",
    folder_or_address,
    OF_PHOTOS,
    "Where are your {kind}? A folder, a zip or a photo:",
    shown_default="the default dataset",
    explanation="Type the path of a folder, a zip or a photo, or drop it into this window.",
)
UNPACK_TO = Question(
    "--unpack-to",
    "folder to unpack a zip into",
    a_path,
    OF_PHOTOS,
    "Which folder should {archive} be unpacked into?",
    shown_default="next to the zip, under its name",
)
USE_FOLDER = Question(
    "--use-folder",
    "if the folder to unpack into holds other photos, use those; otherwise unpack the zip under another name",
    yes_or_no,
    OF_PHOTOS,
    "Use the photos in {folder}? No unpacks the zip again, under another name. (yes/no)",
    "no",
)
SHOW_UNREADABLE = Question("--show-unreadable", "list unreadable files", yes_or_no, OF_PHOTOS, default="yes")
SHOW_WRONG_FORMAT = Question(
    "--show-wrong-format",
    "list the paths of photos in another color format",
    yes_or_no,
    (TRAIN, EVALUATE),
    default="yes",
)
COUNT = Question(
    "--count",
    "number of photos to use, chosen at random",
    whole_number(1, MAXIMUM_COUNT),
    (COLORIZE, EVALUATE, INSPECT),
    "How many photos?",
    shown_default="all; inspect: at most 100",
)
MODEL = Question(
    "--model",
    "model file (.h5, .keras), the name of its run, or latest",
    model_file,
    MENU_COMMANDS,
    "Which model? (a file that ends in .h5 or .keras, the name of a training, or latest)",
    shown_default="the one that ships with the program",
)
LOOK = Question(
    "--look",
    "draw the model, print its summary, or neither: drawing, summary or nothing",
    one_of(numbered(("drawing", "summary", "nothing"))),
    ALL,
    menu("Look at the model?", {"drawing": "saved as a picture", "summary": "printed", "nothing": ""}),
    default="nothing",
)
ADJUST = Question(
    "--adjust",
    "ask for --vividness, --restore-contrast, --repair and --hints",
    yes_or_no,
    (COLORIZE,),
    "Adjust the colors? (yes/no)",
    "no",
)
VIVIDNESS = Question(
    "--vividness",
    "strength of the colors, from 0 (gray) to 2 (twice as strong)",
    within(VIVIDNESS_RANGE),
    (COLORIZE, EVALUATE, FILM),
    "How strong should the colors be? From 0 (gray) to 2 (twice as strong as predicted):",
    default="1",
)
RESTORE_CONTRAST = Question(
    "--restore-contrast",
    "restore contrast in faded photos",
    yes_or_no,
    (COLORIZE,),
    "Restore contrast in faded photos? (yes/no)",
    "no",
)
REPAIR = Question(
    "--repair",
    "remove some dust, scratches and creases; may mistake fine bright lines for damage",
    yes_or_no,
    (COLORIZE,),
    "Remove dust, scratches and creases first? This may also remove fine bright lines. (yes/no)",
    "no",
)
HINTS = Question(
    "--hints",
    "JSON file that says which color belongs where (HINTS.md, FILM.md)",
    file_of_hints,
    (COLORIZE, FILM),
    "Which file of color hints? Its name ends in .json",
    "none",
)
HINTS_BESIDE = Question(
    "--hints-beside",
    "use the hints in PHOTO.hints.json next to a photo",
    yes_or_no,
    (COLORIZE,),
    default="yes",
)
REFERENCE = Question(
    "--reference",
    "color photo, or folder of up to 20, that shows the same things: its colors are used where it matches "
    "(REFERENCES.md)",
    existing_path(),
    (COLORIZE, EVALUATE, FILM),
    aliases=("--references",),
)
TO = Question(
    "--to",
    "folder for the results; evaluate, merge: folder of parts (CLUSTER.md)",
    a_path,
    (COLORIZE, EVALUATE, MERGE, STUDIO, FILM),
    shown_default="a new one under OUTPUT/results; studio: downloads",
)
BESIDE = Question(
    "--beside",
    "save each color photo next to its original, as NAME-color.jpg",
    yes_or_no,
    (COLORIZE,),
    default="no",
)
SHEETS = Question(
    "--sheets",
    "put every photo on a comparison sheet; by default there is one sheet per hundred photos",
    yes_or_no,
    (COLORIZE, TRAIN),
    default="no",
)
SHOW_RESULTS = Question(
    "--show-results",
    "show the first comparison sheet",
    yes_or_no,
    ALL,
    "Show the first comparison sheet? (yes/no)",
    "no",
)
BATCH_SIZE = Question(
    "--batch-size",
    "photos per training step",
    parser_of(TrainingSettings, "batch_size"),
    (TRAIN, EVALUATE),
    default=str(_training.batch_size),
    setting="settings.batch_size",
)
SEED = Question(
    "--seed",
    "random seed, which makes a run repeatable",
    parser_of(TrainingSettings, "seed"),
    OF_PHOTOS,
    default=str(_training.seed),
    setting="settings.seed",
)
WORKERS = Question(
    "--workers",
    "number of threads that read and write photos",
    parser_of(Reading, "workers"),
    OF_PHOTOS,
    shown_default="one per core, plus one where photos are only read",
)
MAXIMUM_MEGAPIXELS = Question(
    "--maximum-megapixels",
    "reject photos with more pixels, so that they don't fill the memory",
    number_between(0.001, 10_000),
    MENU_COMMANDS,
    default=str(PhotoLimits.maximum_pixels // 1_000_000),
)
RECOLOR = Question(
    "--recolor",
    "also colorize photos that are already in color",
    yes_or_no,
    (COLORIZE,),
    "Colorize them anyway, as if they were black-and-white? (yes/no)",
    "no",
    aliases=("--recolour",),
)
PARTIAL = Question(
    "--partial",
    "colorize what is left of photos whose file is cut off",
    yes_or_no,
    (COLORIZE, INSPECT),
    "Colorize what is left of them? (yes/no)",
    "no",
)
KEEP_DATES = Question(
    "--keep-dates",
    "give each colorized photo the modification date of its original",
    yes_or_no,
    (COLORIZE,),
    default="yes",
)
SKIP_EXISTING = Question(
    "--skip-existing",
    "resume the last run on the same photos, and skip finished ones",
    yes_or_no,
    (COLORIZE, FILM),
    default="no",
)
CACHE = Question(
    "--cache",
    "folder for intermediate results that speed up the next run, or none",
    a_path,
    OF_PHOTOS,
    shown_default="~/.cache/colorizer",
)
NAME = Question(
    "--name",
    "name of the run, its folders and its model",
    run_name,
    (TRAIN, EVALUATE),
    shown_default="its command and start time",
)
OUTPUT = Question(
    "--output",
    "folder for models and results",
    a_path,
    MENU_COMMANDS,
    shown_default="OUTPUT next to colorize.py, or in the current folder",
)


KERNEL_DISTANCE = Question(
    "--kid",
    "also compute the kernel inception distance of all photos",
    yes_or_no,
    (EVALUATE,),
    default="no",
)
HINTS_PER_PHOTO = Question(
    "--hints-per-photo",
    "reveal the true colors of this many random points per photo",
    whole_number(0, 500),
    (EVALUATE,),
    default="0",
)


POINT = Question(
    "--point",
    "X,Y in pixels from the upper left corner: explain its color",
    a_point,
    (INSPECT,),
    shown_default="the most colorful points of each photo",
)


def film_file(text: str) -> Path:
    """Accept a film, which must be a file."""
    path = existing_path()(text)
    if is_folder(path):
        raise WrongAnswer(f"{path} is a folder; the file of one film is wanted.")
    return path


FILM_FILE = Question(
    "--film", "film to colorize: a video, or an animated GIF, WebP or PNG", film_file, (FILM,), "Which film?"
)
CODEC = Question(
    "--codec", "video codec: h264 or h265; WebM always has VP9", one_of(numbered(CODECS)), (FILM,), default="h264"
)
QUALITY = Question(
    "--quality",
    "constant rate factor, from 0 (lossless) to 51 (smallest file)",
    whole_number(0, MOST_LOSS),
    (FILM,),
    default="17",
)
SIDE_BY_SIDE = Question(
    "--side-by-side", "also make a film that shows before and after side by side", yes_or_no, (FILM,), default="no"
)


SHORTEST_TOKEN = 16
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{SHORTEST_TOKEN},200}}")
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")
_PUBLIC = re.compile(r"(https?://[A-Za-z0-9.:\[\]-]+)?(/[A-Za-z0-9._~/-]*)?")


def host_name(text: str) -> str:
    """Accept the name or number of a network address."""
    if not _HOST.fullmatch(text.strip()):
        raise WrongAnswer(f"{text!r} is not an address of this machine, such as 127.0.0.1 or 0.0.0.0.")
    return text.strip().lower()


def public_address(text: str) -> str:
    """Accept a path or a whole address under which a proxy serves the page."""
    if not text.strip() or not _PUBLIC.fullmatch(text.strip()):
        raise WrongAnswer(f'{text!r} is neither a path such as "/studio" nor an address such as "https://example.org".')
    return text.strip()


def access_token(text: str) -> str:
    """Accept a token that cannot be guessed."""
    if not _TOKEN.fullmatch(text):
        raise WrongAnswer(f"A token has at least {SHORTEST_TOKEN} characters, which are letters, digits, - and _.")
    return text


PORT = Question(
    "--port",
    "port to serve on; if it is taken, the next free one is used",
    whole_number(1, 65_535),
    (STUDIO,),
    default="7860",
)
BROWSER = Question("--browser", "open the page in the browser", yes_or_no, (STUDIO,), default="yes")
PRIVATE = Question("--private", "keep nothing of the session when the studio ends", yes_or_no, (STUDIO,), default="no")
HOST = Question(
    "--host",
    "address to listen on; 0.0.0.0 lets in others who know the token",
    host_name,
    (STUDIO,),
    default="127.0.0.1",
)
ROOT_PATH = Question(
    "--root-path",
    "path or address under which a proxy serves the page",
    public_address,
    (STUDIO,),
    shown_default="no proxy",
)
TOKEN = Question(
    "--token",
    f"token that opens the page, {SHORTEST_TOKEN} characters or more; other users can see it among the processes",
    access_token,
    (STUDIO,),
    shown_default="a random one",
)


LOCAL, AUTO = "local", "auto"
"""Stand for the address of a cluster: one started on this machine, and the one this machine belongs to."""
MOST_SHARDS = 100_000
_SHARD = re.compile(r"(\d{1,9})/(\d{1,9})")
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}")


def shard(text: str) -> Shard:
    """Accept "I/N": one of N parts, counted from 0."""
    typed = _SHARD.fullmatch(text.strip())
    if not typed:
        raise WrongAnswer(f"{text!r} is not a part. Write I/N, such as 0/40 for the first of forty.")
    number, count = int(typed[1]), int(typed[2])
    if not 1 <= count <= MOST_SHARDS:
        raise WrongAnswer(f"{text!r} is not a part. There can be 1 to {MOST_SHARDS:,} parts.")
    if number >= count:
        raise WrongAnswer(f"{text!r} is not a part. Of {count}, 0/{count} is the first, {count - 1}/{count} the last.")
    return Shard(number, count)


def cluster(text: str) -> str:
    """Accept the address of a Ray cluster, or `LOCAL` or `AUTO`."""
    typed = text.strip()
    if typed.lower() in (LOCAL, AUTO):
        return typed.lower()
    if not _ADDRESS.fullmatch(typed):
        raise WrongAnswer(f"{text!r} is not {LOCAL}, {AUTO} or an address with a port, such as 10.0.0.1:6379.")
    return typed


SHARD = Question(
    "--shard",
    "do part I of N, from 0, into the folder of --to (CLUSTER.md)",
    shard,
    (COLORIZE, EVALUATE),
)
CLUSTER = Question(
    "--cluster",
    f"share the work with Ray: {LOCAL}, {AUTO} (this machine's cluster) or HOST:PORT (CLUSTER.md)",
    cluster,
    (COLORIZE, EVALUATE),
)
CHECK_ONLY = Question(
    "--check-only",
    "with --shard or --cluster: only check the photos and save the findings",
    yes_or_no,
    (COLORIZE,),
    default="no",
)


MAIN_FLAGS = {
    TRAIN: (DATASET, START, ARCHITECTURE, EPOCHS, TRAINING, NAME, SETTINGS, RESUME),
    COLORIZE: (TO, BESIDE, VIVIDNESS, HINTS, REFERENCE, REPAIR, RESTORE_CONTRAST, RECOLOR, SKIP_EXISTING),
    EVALUATE: (MODEL, COUNT, HINTS_PER_PHOTO, KERNEL_DISTANCE, NAME, OUTPUT),
    STUDIO: (TO, PRIVATE, MODEL, PORT, BROWSER, HOST, TOKEN),
    INSPECT: (DATASET, MODEL, COUNT, POINT, OUTPUT),
    FILM: (TO, VIVIDNESS, HINTS, REFERENCE, SIDE_BY_SIDE, CODEC, QUALITY, SKIP_EXISTING, MODEL),
    MERGE: (TO,),
}
"""The flags of each command that most users need."""
GROUPS = {
    "Photos": (DATASET, USE_DEFAULT_DATASET, COUNT, UNPACK_TO, USE_FOLDER, FILM_FILE, RECOLOR, PARTIAL),
    "Results": (
        TO,
        BESIDE,
        OUTPUT,
        NAME,
        SKIP_EXISTING,
        KEEP_DATES,
        SHEETS,
        SHOW_RESULTS,
        SIDE_BY_SIDE,
        CODEC,
        QUALITY,
    ),
    "Colors": (VIVIDNESS, HINTS, HINTS_BESIDE, REFERENCE, REPAIR, RESTORE_CONTRAST, ADJUST),
    "Model": (MODEL, START, ARCHITECTURE, SIZE, ENCODER_WEIGHTS, RANDOM_ENCODER, LOOK),
    "Training": (
        *(TRAIN_COUNT, TEST_COUNT, EPOCHS, TRAINING, ADVERSARIAL_EPOCHS, LOSS, OPTIMIZER, LEARNING_RATE, SCHEDULE),
        *(AVERAGE, MONITOR, SETTINGS, RESUME, SAVE_MODEL, SAVE_RESULTS, SHOW_GRAPHS),
    ),
    "Scores": (HINTS_PER_PHOTO, KERNEL_DISTANCE, POINT),
    "Page": (PORT, BROWSER, PRIVATE, HOST, ROOT_PATH, TOKEN),
    "Several machines": (SHARD, CLUSTER, CHECK_ONLY),
}
"""Flags by subject; the others are about how the program runs."""


QUESTIONS = tuple(value for value in tuple(globals().values()) if isinstance(value, Question) and value is not FIRST)
"""All questions with a flag."""
FREE_WHEN_RESUMED = (
    RESUME,
    BATCH_SIZE,
    WORKERS,
    CACHE,
    MAXIMUM_MEGAPIXELS,
    SAVE_MODEL,
    SHOW_GRAPHS,
    SAVE_RESULTS,
    SHEETS,
    SHOW_RESULTS,
)
"""Questions that may still be answered for a resumed training: how photos are read, the batch size (the earlier one may
not have fit into memory), and what happens at its end.
"""
