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
    JOURNEYS,
    MERGE,
    OF_PHOTOS,
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
    run_name,
    weights_file,
    whole_number,
    within,
    yes_or_no,
)
from colorizer.dataset.split import Shard
from colorizer.files import is_folder
from colorizer.film import CODECS, MOST_LOSS
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
    "times the training goes over all its photos; 0 begins with the adversarial phase, of a loaded model",
    parser_of(TrainingSettings, "epochs"),
    (TRAIN,),
    "For how many epochs? (one epoch goes once over all training photos)",
    shown_default=f"{FROM_SCRATCH.epochs} for a new network, {FINE_TUNING.epochs} for a loaded model",
    setting="settings.epochs",
)
START = Question(
    "--start",
    "create a new model or load one",
    one_of(numbered(("create", "load"))),
    (TRAIN,),
    menu(
        "Create a new model or load one to continue from?",
        {"create": "a network that knows nothing yet", "load": "one that is trained, such as the one that ships"},
    ),
    shown_default="load the model that ships for fewer than 2,000 photos, unless a new network is described",
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
    "go on with an encoder that knows nothing where ImageNet weights cannot be had",
    yes_or_no,
    (TRAIN,),
    "Go on with an encoder that knows nothing? (yes/no)",
    "no",
)
TRAINING = Question(
    "--training",
    "regression (nearest to the true colours) or adversarial (then against a discriminator, for livelier ones)",
    one_of(numbered((REGRESSION, ADVERSARIAL))),
    (TRAIN,),
    menu(
        "Which training?",
        {
            REGRESSION: "as near to the true colours as can be; dull where they are unsure",
            ADVERSARIAL: "the same, then against a discriminator that tells true colours from made ones; livelier",
        },
    ),
    default=REGRESSION,
)
ADVERSARIAL_EPOCHS = Question(
    "--adversarial-epochs",
    "epochs of the adversarial phase, after the others",
    parser_of(AdversarialSettings, "epochs"),
    (TRAIN,),
    "How many further epochs against the discriminator?",
    default=str(_adversarial.epochs),
    setting="settings.adversarial.epochs",
)
MONITOR = Question(
    "--monitor",
    "figure that chooses the epoch to keep: loss, accuracy, val_loss, val_accuracy, or none for the last; an "
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
    "Save the best model while training? By which figure?\n"
    "  (loss, accuracy, val_loss, val_accuracy; none keeps the last epoch)",
    default=_training.monitor,
    setting="settings.monitor",
)
SAVE_MODEL = Question(
    "--save-model", "save the trained model", yes_or_no, (TRAIN,), "Save the trained model? (yes/no)", "yes"
)
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
    "Colorize the test photos afterwards, with comparison sheets? (yes/no)",
    "yes",
)
SIZE = Question(
    "--size",
    "side of the square the network works on",
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
    "how the weights are changed in each step: adam, sgd (with momentum) or rmsprop",
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
    "how the learning rate falls: plateau (when validation stops improving) or cosine (to nothing at the last epoch)",
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
    "interrupted training to go on with: its folder under OUTPUT/models",
    existing_folder,
    (TRAIN,),
    shown_default="a new training",
)
SETTINGS = Question(
    "--settings",
    "JSON or TOML file with settings, such as the model.json beside a model: docs/FLAGS.md lists them",
    existing_path((".json", ".toml")),
    (TRAIN,),
    shown_default="none",
)


JOURNEY = Question(
    "train | colorize | evaluate | studio | inspect | film",
    "which journey",
    one_of(numbered(JOURNEYS)),
    (),
    menu(
        "What would you like to do?",
        {
            TRAIN: "a model on colour photos",
            COLORIZE: "black-and-white photos with an existing model",
            EVALUATE: "a model on colour photos",
            STUDIO: "a page in the browser, with colours to choose by clicking",
            INSPECT: "a report of what a model has learned, and why it colours as it does",
            FILM: "a black-and-white film, without flicker",
        },
    ),
    default="colorize",
)
USE_DEFAULT_DATASET = Question(
    "--default-dataset",
    "use the photos in dataset/color (train, evaluate) or dataset/bw (colorize, inspect)",
    yes_or_no,
    OF_PHOTOS,
    "Use the default dataset ({folder})? (yes/no)",
    default="yes",
)
DATASET = Question(
    "--dataset",
    "folder, zip or single photo to use; with --shard also s3://BUCKET/FOLDER (CLUSTER.md)",
    folder_or_address,
    OF_PHOTOS,
    "Where are the photos? A folder, a zip or a single photo:",
    shown_default="the default dataset",
)
UNPACK_TO = Question(
    "--unpack-to",
    "folder to unpack a zip into",
    a_path,
    OF_PHOTOS,
    "Which folder should {archive} be unpacked into?",
    shown_default="beside the zip, under its name",
)
USE_FOLDER = Question(
    "--use-folder",
    "take that folder as it is when it holds something else; otherwise the zip is unpacked under the next name",
    yes_or_no,
    OF_PHOTOS,
    "Use the photos in {folder} as they are? (yes/no; no unpacks the zip again, under another name)",
    "no",
)
SHOW_UNREADABLE = Question(
    "--show-unreadable", "print unreadable files' paths", yes_or_no, OF_PHOTOS, "Print their paths? (yes/no)", "yes"
)
SHOW_WRONG_FORMAT = Question(
    "--show-wrong-format",
    "print the paths of photos of a wrong colour format",
    yes_or_no,
    (TRAIN, EVALUATE),
    "Print their paths? (yes/no)",
    "yes",
)
COUNT = Question(
    "--count",
    "photos to use, chosen at random when fewer than all",
    whole_number(1, MAXIMUM_COUNT),
    (COLORIZE, EVALUATE, INSPECT),
    "How many of them?",
    shown_default="all; inspect: at most 100",
)
MODEL = Question(
    "--model",
    "model file (.h5 or .keras) to continue from, to colorize with or to evaluate, or the name of the run that trained "
    "it; latest is the one trained last",
    model_file,
    JOURNEYS,
    "Which model file? (.h5 or .keras, or the name of a run; latest is the one trained last)",
    shown_default="the one that ships with the program",
)
LOOK = Question(
    "--look",
    "look at the model: drawing, summary or nothing",
    one_of(numbered(("drawing", "summary", "nothing"))),
    ALL,
    menu("Look at the model?", {"drawing": "saved as a picture", "summary": "printed", "nothing": ""}),
    default="nothing",
)
ADJUST = Question(
    "--adjust",
    "ask how colourful, whether to restore the contrast of faded photos, to mend damaged ones, and for hints",
    yes_or_no,
    (COLORIZE,),
    "Adjust how colourful they become? (yes/no)",
    "no",
)
VIVIDNESS = Question(
    "--vividness",
    "how colourful: 0 is gray, 1 what the network means, 2 twice as much",
    within(VIVIDNESS_RANGE),
    (COLORIZE, EVALUATE, FILM),
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
REPAIR = Question(
    "--repair",
    "mend some of the dust, scratches and creases of old prints before; fine bright lines may be taken for damage",
    yes_or_no,
    (COLORIZE,),
    "Mend dust, scratches and creases before? Fine bright lines may be taken for some. (yes/no)",
    "no",
)
HINTS = Question(
    "--hints",
    "file of colour hints, JSON: photo, places and colours (HINTS.md); of a film, times too (FILM.md)",
    file_of_hints,
    (COLORIZE, FILM),
    "A file with colour hints?",
    "none",
)
HINTS_BESIDE = Question(
    "--hints-beside",
    "use the hints in PHOTO.hints.json beside a photo",
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
    "folder for the colour photos, their sheets and their page; evaluate, merge: what is written in parts (CLUSTER.md)",
    a_path,
    (COLORIZE, EVALUATE, MERGE),
    shown_default="a new one under OUTPUT/results",
)
BESIDE = Question(
    "--beside",
    "write each color photo next to its original, as NAME-color.jpg",
    yes_or_no,
    (COLORIZE,),
    default="no",
)
SHEETS = Question(
    "--sheets",
    "put every photo on a comparison sheet, instead of one sheet for each hundred photos",
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
    "number that makes a run repeatable",
    parser_of(TrainingSettings, "seed"),
    OF_PHOTOS,
    default=str(_training.seed),
    setting="settings.seed",
)
WORKERS = Question(
    "--workers",
    "threads that read and write photos",
    parser_of(Reading, "workers"),
    OF_PHOTOS,
    shown_default="one for each core, and one more where photos are only read",
)
MAXIMUM_MEGAPIXELS = Question(
    "--maximum-megapixels",
    "photos of more pixels are refused: a small file may claim to hold more than memory does",
    number_between(0.001, 10_000),
    JOURNEYS,
    default=str(PhotoLimits.maximum_pixels // 1_000_000),
)
RECOLOR = Question(
    "--recolor",
    "also colorize photos that are already in color, from their brightness alone; without it they are skipped",
    yes_or_no,
    (COLORIZE,),
    "Colorize them again, from their brightness alone? (yes/no)",
    "no",
    aliases=("--recolour",),
)
PARTIAL = Question(
    "--partial",
    "colorize the part that can be decoded of photos that are cut off; the missing part stays empty",
    yes_or_no,
    (COLORIZE, INSPECT),
    "Colorize the part that can be decoded? (yes/no)",
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
    "go on in the newest results folder made from the same photos in the same way, leaving out what is there already",
    yes_or_no,
    (COLORIZE, FILM),
    default="no",
)
CACHE = Question(
    "--cache",
    "folder for what need not be done twice, or none",
    a_path,
    OF_PHOTOS,
    shown_default="~/.cache/colorizer",
)
NAME = Question(
    "--name",
    "name of the run, by which its folders and its model are found again",
    run_name,
    (TRAIN, EVALUATE),
    shown_default="its kind and the time it began",
)
OUTPUT = Question(
    "--output",
    "folder for models and results",
    a_path,
    JOURNEYS,
    shown_default="OUTPUT beside colorize.py, or where you stand",
)


KERNEL_DISTANCE = Question(
    "--kid",
    "score the photos as a set too: kernel inception distance, on features of MobileNetV2",
    yes_or_no,
    (EVALUATE,),
    default="no",
)
HINTS_PER_PHOTO = Question(
    "--hints-per-photo",
    "score with the true colours of so many random places of each photo revealed",
    whole_number(0, 500),
    (EVALUATE,),
    default="0",
)


POINT = Question(
    "--point",
    "X,Y: place whose colour is explained, in pixels of the upright photo from its upper left corner",
    a_point,
    (INSPECT,),
    shown_default="the most colourful places of each photo",
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
    "--codec", "how the film is encoded: h264 or h265; WebM has VP9", one_of(numbered(CODECS)), (FILM,), default="h264"
)
QUALITY = Question(
    "--quality",
    "how much encoding may lose (constant rate factor): 0 is nothing, 17 is not seen, 51 the most",
    whole_number(0, MOST_LOSS),
    (FILM,),
    default="17",
)
SIDE_BY_SIDE = Question(
    "--side-by-side", "make a film that shows before and after beside each other, too", yes_or_no, (FILM,), default="no"
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
    "port the page is served on; where it is taken, the next free one",
    whole_number(1, 65_535),
    (STUDIO,),
    default="7860",
)
BROWSER = Question("--browser", "open the page in the browser", yes_or_no, (STUDIO,), default="yes")
PRIVATE = Question("--private", "keep nothing of the session when the studio ends", yes_or_no, (STUDIO,), default="no")
HOST = Question(
    "--host",
    "address to listen on; any other than the default lets others in who know the token",
    host_name,
    (STUDIO,),
    default="127.0.0.1",
)
ROOT_PATH = Question(
    "--root-path",
    "where a proxy shows the page: a path such as /studio, or the whole address",
    public_address,
    (STUDIO,),
    shown_default="no proxy",
)
TOKEN = Question(
    "--token",
    f"token that opens the page, of at least {SHORTEST_TOKEN} characters; other users of this machine can read it in "
    "the list of its processes",
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
    "do one of N parts, I/N with I from 0, into the folder of --to; processes that do the others may run at the same "
    "time, anywhere (CLUSTER.md)",
    shard,
    (COLORIZE, EVALUATE),
)
CLUSTER = Question(
    "--cluster",
    f"share out the work by Ray: {LOCAL} on this machine's cores, {AUTO} on the cluster this machine is part of, or "
    "the cluster at HOST:PORT (CLUSTER.md)",
    cluster,
    (COLORIZE, EVALUATE),
)
CHECK_ONLY = Question(
    "--check-only",
    "with --shard or --cluster: only check the photos, and write down what was found",
    yes_or_no,
    (COLORIZE,),
    default="no",
)


QUESTIONS = tuple(value for value in tuple(globals().values()) if isinstance(value, Question) and value is not JOURNEY)
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
