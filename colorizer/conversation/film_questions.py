"""Questions that only `film` asks: the file, its encoding, and additional results."""

from __future__ import annotations

from pathlib import Path

from colorizer.conversation.question import (
    FILM,
    Question,
    WrongAnswer,
    existing_path,
    numbered,
    one_of,
    whole_number,
    yes_or_no,
)
from colorizer.files import is_folder
from colorizer.film import CODECS, MOST_LOSS


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
