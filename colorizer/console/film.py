"""The command `film`: colorize a black-and-white film."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from colorizer import film as films
from colorizer import runs
from colorizer.console.messages import ask_for_more, counted, output_folder, reading, short
from colorizer.console.model import load_to_colorize, refuse_unknown_model
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation
from colorizer.conversation.question import FILM, WrongAnswer
from colorizer.errors import ColorizeError, Interrupted, Unfinished
from colorizer.film.containers import refuse_without_packages
from colorizer.film.propagation import TimedHints


def film_journey(console: Console, talk: Conversation) -> None:
    """Ask, colorize and report. Raises ColorizeError if the film cannot be colorized."""
    refuse_without_packages()
    refuse_unknown_model(talk)
    film = talk.answer(ask.FILM_FILE)
    run = talk.hold(FILM, partial(runs.reserved_run, output_folder(talk), FILM))
    if not talk.flag_or_default(ask.SKIP_EXISTING):  # which may resume another folder
        console.inform(f"The color film will be saved in {short(run.results)}.")
    ask_for_more(talk)
    hints = _hints(talk, film)
    how = reading(talk)
    job = runs.FilmJob(
        network=load_to_colorize(console, talk, how.cache_folder),
        film=film,
        run=run,
        hints=hints,
        vividness=talk.answer(ask.VIVIDNESS),
        encoding=films.Encoding(talk.answer(ask.CODEC), talk.answer(ask.QUALITY)),
        limits=how.limits,
        is_side_by_side=talk.answer(ask.SIDE_BY_SIDE),
        goes_on=talk.answer(ask.SKIP_EXISTING),
    )
    talk.settle()
    try:
        with console.progress("Colorizing", "frames") as progress:
            result = runs.colorize_film(job, progress)
    except Unfinished as error:
        kind = Interrupted if isinstance(error, Interrupted) else ColorizeError
        raise kind(f"{error} The same command with {ask.SKIP_EXISTING.flag} makes the others.") from error
    _tell(console, result)


def _hints(talk: Conversation, film: Path) -> TimedHints:
    """Return the hints in the file of the flag, in the one that the user names, or next to the film."""

    def check(file: Path | None) -> None:
        try:
            films.film_hints(film, file)
        except ColorizeError as error:
            raise WrongAnswer(str(error)) from error

    is_given = talk.has_flag(ask.HINTS) or talk.accept_defaults
    return films.film_hints(film, talk.flag_or_default(ask.HINTS) if is_given else talk.answer(ask.HINTS, check=check))


def _tell(console: Console, result: runs.FilmResult) -> None:
    for remark in result.remarks:
        console.warn(remark)
    if result.made_before == result.frames:
        console.inform(f"The color film is already at {short(result.film)}.")
    else:
        scenes = counted(len(result.scenes), "scene")
        console.inform(f"The color film is at {short(result.film)}: {counted(result.frames, 'frame')} in {scenes}.")
    if result.sheets:
        console.inform(f"A still of each scene: {short(result.sheets[0])}")
    if result.side_by_side:
        console.inform(f"Before and after, side by side: {short(result.side_by_side)}")
