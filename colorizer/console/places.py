"""Folders and commands for users of a terminal: the checkout or the current folder, and answers about files."""

from __future__ import annotations

import shlex
from pathlib import Path

from colorizer import runs
from colorizer.console.terminal import on_kaggle
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation
from colorizer.conversation.film_questions import FILM_FILE
from colorizer.conversation.question import FILM, WrongAnswer
from colorizer.files import is_file
from colorizer.photos.formats import VIDEO, kind_of
from colorizer.settings import PhotoLimits, Reading

PATHS = "paths"
"""Name of the plain arguments of a command line among its flags: photos, folders and zips."""
_CHECKOUT = Path(__file__).resolve().parents[2]


def home() -> Path:
    """Return the folder with dataset/ and OUTPUT/: that of colorize.py, or the current one if installed."""
    return _CHECKOUT if is_file(_CHECKOUT / "colorize.py") else Path.cwd()


def program() -> str:
    """Return the command that starts this program."""
    return "python colorize.py" if home() == _CHECKOUT else "colorize"


def colorizing_command(model: Path) -> str:
    """Return the command that colorizes with a model."""
    return f"{program()} colorize {ask.MODEL.flag} {shlex.quote(str(model))} {ask.DATASET.flag} PHOTOS"


def is_film(path: Path) -> bool:
    """Return whether a file is a film, which the command for films colorizes."""
    return kind_of(path) is VIDEO


def film_command(film: Path) -> str:
    """Return the command that colorizes a film."""
    return f"{program()} {FILM} {FILM_FILE.flag} {shlex.quote(str(film))}"


def default_dataset(for_training: bool) -> Path:
    """Return the folder of the default dataset."""
    return home() / "dataset" / ("color" if for_training else "bw")


def output_folder(talk: Conversation) -> Path:
    """Return the folder of all runs."""
    return talk.answer(ask.OUTPUT) or (Path("/kaggle/working") if on_kaggle() else home()) / "OUTPUT"


def run_name(talk: Conversation) -> str:
    """Return the chosen name of the run, or an empty string. Raises WrongFlag if it is in use."""
    output = output_folder(talk)

    def is_free(name: str) -> None:
        if sentence := runs.taken(output, name):
            raise WrongAnswer(sentence)

    return talk.answer(ask.NAME, check=is_free) or ""


def reading(talk: Conversation) -> Reading:
    """Return how photos are read, according to the flags."""
    limits = PhotoLimits(
        maximum_pixels=round(talk.answer(ask.MAXIMUM_MEGAPIXELS) * 1e6),
        takes_cut_off=talk.flag_or_default(ask.PARTIAL),
        keeps_dates=talk.flag_or_default(ask.KEEP_DATES),
    )
    folder = talk.answer(ask.CACHE) or _cache_of_user()
    return Reading(limits, talk.answer(ask.WORKERS), None if str(folder) == "none" else folder)


def _cache_of_user() -> Path | None:
    try:
        return Path.home() / ".cache" / "colorizer"
    except RuntimeError:  # a user without an account or HOME, as in a container
        return None
