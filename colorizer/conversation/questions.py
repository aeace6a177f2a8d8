"""All questions: those shared by several commands are declared here, those of a training in `training_questions`."""

from __future__ import annotations

from colorizer.conversation import (
    evaluation_questions,
    film_questions,
    inspection_questions,
    shared_questions,
    studio_questions,
    training_questions,
)
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
    a_path,
    file_of_hints,
    folder_or_address,
    menu,
    model_file,
    number_between,
    numbered,
    one_of,
    parser_of,
    run_name,
    whole_number,
    within,
    yes_or_no,
)
from colorizer.conversation.training_questions import RESUME, SAVE_MODEL, SAVE_RESULTS, SHOW_GRAPHS
from colorizer.settings import MAXIMUM_COUNT, VIVIDNESS_RANGE, PhotoLimits, Reading, TrainingSettings

_training = TrainingSettings()
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
    "Into which folder shall {archive} be unpacked?",
    shown_default="beside the zip, under its name",
)
USE_FOLDER = Question(
    "--use-folder",
    "take that folder as it is when it holds something else; otherwise the zip is unpacked under the next name",
    yes_or_no,
    OF_PHOTOS,
    "Use the photos in {folder} as they are? (yes/no; no unpacks the zip anew, under another name)",
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
    "How many of them shall be used?",
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
TO = Question(
    "--to",
    "folder for the colour photos, their sheets and their page; evaluate, merge: what is written in parts (CLUSTER.md)",
    a_path,
    (COLORIZE, EVALUATE, MERGE),
    shown_default="a new one under OUTPUT/results",
)
BESIDE = Question(
    "--beside",
    "write each colour photo beside its original, as NAME-colour.jpg",
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


def _declared(names: dict[str, object]) -> list[Question]:
    return [value for value in names.values() if isinstance(value, Question) and value is not JOURNEY]


_OF_SOME = (evaluation_questions, inspection_questions, shared_questions, studio_questions, film_questions)
QUESTIONS = tuple(
    dict.fromkeys(
        question
        for names in (vars(training_questions), globals(), *map(vars, _OF_SOME))
        for question in _declared(names)
    )
)
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
