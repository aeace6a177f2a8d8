"""The command `film`: colorize a black-and-white film."""

from __future__ import annotations

from functools import partial

from colorizer import film as films
from colorizer import inference, runs
from colorizer.console.messages import counted, given_references, output_folder, reading
from colorizer.console.model import load_to_colorize, refuse_unknown_model
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation
from colorizer.conversation.question import FILM
from colorizer.errors import ColorizeError, Interrupted, Unfinished
from colorizer.film.containers import refuse_without_packages


def film_journey(console: Console, talk: Conversation) -> None:
    """Ask, colorize and report. Raises ColorizeError if the film cannot be colorized."""
    refuse_without_packages()
    refuse_unknown_model(talk)
    film = talk.answer(ask.FILM_FILE)
    hints = films.film_hints(film, talk.flag_or_default(ask.HINTS))
    references = given_references(console, talk, reading(talk))
    run = talk.hold(FILM, partial(runs.reserved_run, output_folder(talk), FILM))
    how = reading(talk)
    network = load_to_colorize(console, talk, how.cache_folder)
    job = runs.FilmJob(
        network=inference.with_references(network, references) if references else network,
        film=film,
        run=run,
        hints=hints,
        vividness=talk.flag_or_default(ask.VIVIDNESS),
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


def _tell(console: Console, result: runs.FilmResult) -> None:
    for remark in result.remarks:
        console.warn(remark)
    if result.made_before == result.frames:
        console.inform(f"The film in colour is {result.film} already.")
    else:
        scenes = counted(len(result.scenes), "scene")
        console.inform(f"The film in colour is {result.film}: {counted(result.frames, 'frame')} in {scenes}.")
    if result.sheets:
        console.inform(f"A still of each scene: {result.sheets[0]}")
    if result.side_by_side:
        console.inform(f"Before and after, side by side: {result.side_by_side}")
