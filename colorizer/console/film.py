"""The command `film`: colorize a black-and-white film."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from colorizer import film as films
from colorizer import inference, runs
from colorizer.console.messages import PATHS, ask_for_more, counted, given_references, output_folder, reading, short
from colorizer.console.model import load_to_colorize, refuse_unknown_model
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation
from colorizer.conversation.question import FILM, WrongAnswer
from colorizer.errors import ColorizeError, Interrupted, Unfinished
from colorizer.film.containers import refuse_without_packages
from colorizer.film.propagation import TimedHints


def film_command(console: Console, talk: Conversation) -> None:
    """Ask, colorize and report. Raises ColorizeError if a film cannot be colorized."""
    refuse_without_packages()
    refuse_unknown_model(talk)
    flag = (talk.flags[ask.FILM_FILE.name],) if talk.has_flag(ask.FILM_FILE) else ()
    named = (*flag, *(talk.flags.get(PATHS) or ()))
    given = named or (talk.answer(ask.FILM_FILE),)
    how = reading(talk)
    references = given_references(console, talk, how)
    to = talk.answer(ask.TO)
    run = _run(talk, 0)
    if not talk.flag_or_default(ask.SKIP_EXISTING):  # which may resume another folder
        what = "The color film" if len(given) == 1 else "The color films"
        console.inform(f"{what} will be saved in {short(to or run.results.parent if len(given) > 1 else run.results)}.")
    ask_for_more(talk)
    hints = [_hints(talk, film) for film in given]
    network = load_to_colorize(console, talk, how.cache_folder)
    job = runs.FilmJob(
        network=inference.with_references(network, references) if references else network,
        film=given[0],
        run=run,
        vividness=talk.answer(ask.VIVIDNESS),
        encoding=films.Encoding(talk.answer(ask.CODEC), talk.answer(ask.QUALITY)),
        limits=how.limits,
        is_side_by_side=talk.answer(ask.SIDE_BY_SIDE),
        goes_on=talk.answer(ask.SKIP_EXISTING),
        folder=to,
    )
    talk.settle()
    failures = []
    for number, (film, known) in enumerate(zip(given, hints, strict=True)):
        try:
            which = f" {number + 1} of {len(given)}" if len(given) > 1 else ""
            _colorize(console, replace(job, film=film, run=_run(talk, number), hints=known), f"Colorizing{which}")
        except (Interrupted, KeyboardInterrupt):
            raise
        except ColorizeError as error:
            console.record(film, None, str(error))
            if len(given) == 1:
                raise
            console.warn(str(error))
            failures.append(film)
    if failures:
        raise ColorizeError(f"{len(failures)} of {len(given)} films could not be colorized. The others are done.")


def _run(talk: Conversation, number: int) -> runs.Run:
    """Return the run of a film: the folder of --to, or a new run for each film."""
    if talk.has_flag(ask.TO):
        return runs.run_in(talk.answer(ask.TO))
    return talk.hold(f"{FILM} {number}", partial(runs.reserved_run, output_folder(talk), FILM))


def _colorize(console: Console, job: runs.FilmJob, description: str) -> None:
    """Colorize one film and report."""
    try:
        with console.progress(description, "frames") as progress:
            result = runs.colorize_film(job, progress, partial(progress, now="Checking the new film"))
    except Unfinished as error:
        kind = Interrupted if isinstance(error, Interrupted) else ColorizeError
        raise kind(f"{error} Run the same command with {ask.SKIP_EXISTING.flag} to do the rest.") from error
    console.record(job.film, result.film, None)
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
