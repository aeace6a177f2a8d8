"""The photos of a command: from a folder's name to checked files."""

from __future__ import annotations

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
    tell_pages,
    tell_unreadable,
    warn_of_closed,
    with_cut_off,
    without_color_photos,
)
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation, MissingAnswer, WrongFlag
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
from colorizer.errors import ColorizeError
from colorizer.files import is_folder
from colorizer.quiet import quiet_errors
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
    by_flag = (
        talk.accept_defaults
        or talk.has_flag(ask.DATASET)
        or PATHS in talk.flags
        or talk.flags.get(ask.USE_DEFAULT_DATASET.name, False)
    )
    while True:
        mark = talk.mark()
        try:
            given = named_sources(talk) or (_source(console, talk, for_training),)
            sources = [_unpacked(console, talk, source) for source in given]
            _refuse_films_alone(sources)
            _explain_rules(console, for_training)
            check = _checked(console, talk, sources, for_training, reading)
            tell_pages(console, check, has_all_pages)
            if len(check.fine) >= least:
                return check
            if check.in_colour and not check.fine:
                raise ColorizeError(
                    f"No black-and-white photos found in {_named(sources)}: choose another folder "
                    f"({ask.DATASET.flag}), or add {ask.RECOLOR.flag} to colorize color photos again."
                )
            raise ColorizeError(
                f"{counted(len(check.fine), 'fine photo')} in {_named(sources)}: that is too few, at least "
                f"{counted(least, 'is', 'are')} needed; choose another dataset (flag {ask.DATASET.flag})."
            )
        except (MissingAnswer, WrongFlag):
            raise
        except ColorizeError as error:
            if by_flag:
                raise
            talk.forget(mark)
            console.warn(advised(error))


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


def _source(console: Console, talk: Conversation, for_training: bool) -> Path:
    folder = default_dataset(for_training)
    if talk.answer(ask.USE_DEFAULT_DATASET, folder=folder):
        try:
            return fill_default_dataset(folder, for_training)
        except ColorizeError as error:
            if talk.accept_defaults:
                raise
            console.warn(str(error))
    return talk.answer(ask.DATASET)


def _unpacked(console: Console, talk: Conversation, source: Path) -> Path:
    if not is_archive(source):
        return source
    target = talk.answer(ask.UNPACK_TO, default=source.with_suffix(""), archive=source)
    if is_folder(target) and not holds(target, source):
        console.warn(f"{target} is there already and is not, or no longer, what {source.name} holds.")
        if talk.answer(ask.USE_FOLDER, folder=target):
            return target

    def work() -> Path:
        with console.progress("Unpacking", "files") as progress:
            return unpack(source, target, progress=progress)

    folder = talk.do(work)
    console.inform(f"Unpacked into {folder}.")
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
        console.warn(f"{many} of a wrong colour format: not {check.colour_format}.")
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
    with console.progress("Checking", "files") as progress, quiet_errors():
        return check_photos(dataset, for_training, reading, progress)


def _named(sources: Sequence[Path]) -> str:
    others = len(sources) - 1
    return f"{sources[0]} and {counted(others, 'other place')}" if others else str(sources[0])
