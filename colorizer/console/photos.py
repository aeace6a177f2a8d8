"""The photos of a command: from a folder's name to checked files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from colorizer.console.messages import (
    PATHS,
    advised,
    counted,
    default_dataset,
    film_command,
    is_film,
    short,
    tell_pages,
    tell_unreadable,
    warn_of_closed,
    with_cut_off,
    without_color_photos,
)
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import AnotherSource, Conversation, MissingAnswer, WrongFlag
from colorizer.conversation.question import SAMPLES
from colorizer.dataset import (
    Dataset,
    DatasetCheck,
    check_photos,
    fill_default_dataset,
    gather,
    holds,
    is_archive,
    unpack,
)
from colorizer.dataset.default_photos import SHIPPED_COLOUR, SHIPPED_GRAY
from colorizer.errors import ColorizeError
from colorizer.files import is_folder, resolved
from colorizer.libraries import suppressed_stderr
from colorizer.settings import Reading


def choose_dataset(
    console: Console, talk: Conversation, for_training: bool, least: int, reading: Reading, has_all_pages: bool = False
) -> DatasetCheck:
    """Ask for photos until at least `least` of them are usable.

    Args:
        console: The console for reports.
        talk: The conversation.
        for_training: Whether color photos are needed.
        least: Minimum number of usable photos.
        reading: How photos are read.
        has_all_pages: Whether all pages of a TIFF are processed, not only the first.
    """
    by_flag = talk.accept_defaults or bool(named_sources(talk)) or talk.flags.get(ask.USE_DEFAULT_DATASET.name, False)
    while True:
        mark = talk.mark()
        try:
            given = named_sources(talk) or (_source(talk, for_training),)
            sources = [_unpacked(console, talk, source) for source in given]
            if all(map(is_film, sources)) and not by_flag and not for_training:
                raise AnotherSource(sources[0])
            _refuse_films_alone(sources)
            _explain_rules(console, for_training)
            check = _checked(console, talk, sources, for_training, reading)
            for skipped in check.left_out():
                console.record(skipped.path, None, skipped.reason)
            tell_pages(console, check, has_all_pages)
            if len(check.fine) >= least:
                return check
            if check.in_colour and not check.fine:
                raise ColorizeError(
                    f"No black-and-white photos found in {_named(sources)}. Choose another folder "
                    f"({ask.DATASET.flag}), or add {ask.RECOLOR.flag} to colorize color photos."
                )
            found = f"Only {counted(len(check.fine), 'usable photo')}" if check.fine else "No usable photos"
            needed = f" At least {least} are needed." if least > 1 else ""
            raise ColorizeError(
                f"{found} found in {_named(sources)}.{needed} Choose another folder ({ask.DATASET.flag})."
            )
        except (MissingAnswer, WrongFlag):
            raise
        except ColorizeError as error:
            if by_flag:
                raise
            console.warn(advised(error))
            talk.forget(0 if talk.source else mark)
            if talk.source:
                talk.start_again()


def reading_of(check: DatasetCheck, reading: Reading) -> Reading:
    """Return how checked photos are read: including truncated ones, if any of those were chosen."""
    cut_off = {path for path, _ in check.cut_off}
    return _with_cut_off(reading) if cut_off and not cut_off.isdisjoint(check.fine) else reading


def _with_cut_off(reading: Reading) -> Reading:
    return replace(reading, limits=replace(reading.limits, takes_cut_off=True))


def named_sources(talk: Conversation) -> tuple[Path, ...]:
    """Return the photos, folders and zips that flags name.

    A shell expands `--dataset *.jpg` to a flag with the first name, followed by the other names as plain arguments.
    """
    dataset = (talk.flags[ask.DATASET.name],) if talk.has_flag(ask.DATASET) else ()
    return (*dataset, *(talk.flags.get(PATHS) or ()))


def _refuse_films_alone(sources: Sequence[Path]) -> None:
    """Raise ColorizeError with the command for films if there are only films."""
    if all(map(is_film, sources)):
        are, each = ("is a film", "it") if len(sources) == 1 else ("are films", "each")
        raise ColorizeError(f"{_named(sources)} {are}; colorize {each} with: {film_command(sources[0])}")


def default_source(for_training: bool) -> str:
    """Return what to call the default dataset: the samples, or its folder if the user has put other photos there."""
    folder = default_dataset(for_training)
    samples = {Path(name).stem for name in (SHIPPED_COLOUR if for_training else SHIPPED_GRAY)}
    there = folder.iterdir() if is_folder(folder) else ()
    return SAMPLES if {path.stem for path in there if path.name[0] != "."} <= samples else short(folder)


def _source(talk: Conversation, for_training: bool) -> Path:
    """Return the photos that the user names, or the default dataset. Raises ColorizeError."""
    folder = default_dataset(for_training)
    source = talk.source
    if source is None and (talk.accept_defaults or talk.flags.get(ask.USE_DEFAULT_DATASET.name)):
        source = SAMPLES
    if source is None:
        label = default_source(for_training) if talk.flag_or_default(ask.USE_DEFAULT_DATASET) else None
        question = replace(ask.DATASET, parse=lambda text: SAMPLES if text == label else ask.DATASET.parse(text))
        source = talk.answer(question, default=label, kind="color photos" if for_training else "photos")
    if source == SAMPLES or resolved(source) == resolved(folder):
        return fill_default_dataset(folder, for_training)
    return Path(source)


def _unpacked(console: Console, talk: Conversation, source: Path) -> Path:
    if not is_archive(source):
        return source
    target = source.with_suffix("")
    if talk.has_flag(ask.UNPACK_TO) or not os.access(source.parent, os.W_OK):
        target = talk.answer(ask.UNPACK_TO, default=target, archive=short(source))
    if is_folder(target) and not holds(target, source):
        console.warn(f"The folder {short(target)} already exists and does not hold what {source.name} holds.")
        if talk.answer(ask.USE_FOLDER, folder=target):
            return target

    def work() -> Path:
        with console.progress("Unpacking", "files") as progress:
            return unpack(source, target, progress=progress)

    folder = talk.do(work)
    console.inform(f"Unpacked into {short(folder)}.")
    return folder


def _explain_rules(console: Console, for_training: bool) -> None:
    if for_training:
        console.inform(
            "Checking your photos. Files that aren't photos or can't be decoded to the last pixel, photos without "
            "color, and photos of another color format than most (RGB or RGBA) will be skipped and listed."
        )
    else:
        console.inform(
            "Checking your photos. Files that aren't photos, are damaged, or are already in color will be skipped and "
            "listed."
        )


def _checked(
    console: Console, talk: Conversation, sources: Sequence[Path], for_training: bool, reading: Reading
) -> DatasetCheck:
    check = talk.do(partial(_check, console, sources, for_training, reading))
    tell_unreadable(console, talk, check, asks=for_training)
    if check.wrong_format:
        many = counted(len(check.wrong_format), "photo is", "photos are")
        console.warn(f"{many} of a wrong color format: not {check.colour_format}.")
        if talk.answer(ask.SHOW_WRONG_FORMAT):
            for path, found in check.wrong_format:
                console.warn(f"  {path}: {found}")

    def check_again(paths: Sequence[Path]) -> DatasetCheck:
        dataset = Dataset(check.root, tuple(paths), 0)
        return talk.do(partial(_examined, console, dataset, for_training, _with_cut_off(reading)))

    check = with_cut_off(console, talk, check, check_again)
    check = without_color_photos(console, talk, check)
    form = f", all {check.colour_format}" if check.colour_format and check.fine else ""
    console.inform(f"{counted(len(check.fine), 'photo is', 'photos are')} fine{form}.")
    return check


def _check(console: Console, sources: Sequence[Path], for_training: bool, reading: Reading) -> DatasetCheck:
    dataset = gather(sources)
    hidden = f" ({dataset.hidden} hidden ones left out)" if dataset.hidden else ""
    own = f" ({dataset.results:,} of this program's own results left out)" if dataset.results else ""
    console.inform(f"Found {counted(len(dataset.files), 'file')} in {_named(sources)}{hidden}{own}.")
    warn_of_closed(console, dataset)
    return _examined(console, dataset, for_training, reading)


def _examined(console: Console, dataset: Dataset, for_training: bool, reading: Reading) -> DatasetCheck:
    # libtiff and Pillow print more about broken files; errors are reported after the check.
    with console.progress("Checking", "files") as progress, suppressed_stderr():
        return check_photos(dataset, for_training, reading, progress)


def _named(sources: Sequence[Path]) -> str:
    others = len(sources) - 1
    first = short(sources[0])
    return f"{first} and {counted(others, 'other place')}" if others else first
