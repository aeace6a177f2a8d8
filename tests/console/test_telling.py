"""Numbers are told as a person would: one photo is, two are."""

import io
from pathlib import Path

import pytest

from colorizer.console.colorize import colorize
from colorizer.console.terminal import Console
from colorizer.conversation.conversation import Conversation
from colorizer.errors import ColorizeError
from colorizer.inference.colorize import Failure
from colorizer.runs import ColorizeResult


def told(pictures: int, made_before: int = 0, failures: int = 0, folders: tuple[str, ...] = ("results",)) -> str:
    heard = io.StringIO()
    console = Console(io.StringIO(), heard)
    result = ColorizeResult(
        folder=Path("results"),
        pictures={
            Path(f"{number}.png"): Path(folders[number % len(folders)], f"{number}.png") for number in range(pictures)
        },
        made_before=made_before,
        failures=tuple(Failure(Path(f"broken-{number}.png"), "It is broken.") for number in range(failures)),
        sheets=(),
        page=Path("results/index.html"),
    )
    try:
        colorize(console, Conversation(console), lambda progress: result, "doing it again makes")
    except ColorizeError as error:
        return f"{heard.getvalue()}{error}"
    return heard.getvalue()


def test_pictures_next_to_their_photos_are_reported_there():
    assert "1 color photo is at photos/0.png." in told(1, folders=("photos",))
    assert "3 color photos are next to the originals in photos." in told(3, folders=("photos",))
    assert "3 color photos are next to the originals in 2 folders below photos." in told(
        3, folders=("photos/a", "photos/b")
    )
    assert "All 2 color photos are already next to the originals in photos." in told(2, 2, folders=("photos",))


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        ({"pictures": 1}, "1 color photo is at results/0.png."),
        ({"pictures": 2_000}, "2,000 color photos are in results."),
        ({"pictures": 1, "made_before": 1}, "The color photo is already at results/0.png."),
        ({"pictures": 1_000, "made_before": 1_000}, "All 1,000 color photos are already in results."),
        ({"pictures": 2, "made_before": 1}, "1 of 2 photos is already in results."),
        ({"pictures": 1, "failures": 1}, "1 of 2 photos could not be colorized; the others are done. Once"),
        ({"pictures": 0, "failures": 1}, "1 of 1 photo could not be colorized. Once"),
    ],
)
def test_what_became_of_photos_is_told_in_singular_and_plural(result, sentence):
    assert sentence in told(**result)
