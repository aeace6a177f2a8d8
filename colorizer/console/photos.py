"""Which photos: from a folder's name to checked files."""

from __future__ import annotations

from pathlib import Path

from colorizer.console.advice import advised
from colorizer.console.places import default_dataset
from colorizer.console.terminal import Console, quiet_errors
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation, MissingAnswer, WrongFlag
from colorizer.dataset import (
    DatasetCheck,
    check_photos,
    fill_default_dataset,
    find_files,
    holds,
    is_archive,
    unpack,
)
from colorizer.errors import ColorizeError
from colorizer.settings import Reading


def choose_dataset(
    console: Console, talk: Conversation, for_training: bool, least: int, reading: Reading
) -> DatasetCheck:
    """Ask for photos until there are at least so many fine ones."""
    by_flag = talk.accept_defaults or talk.has_flag(ask.DATASET) or talk.flags.get(ask.USE_DEFAULT_DATASET.name, False)
    while True:
        try:
            source = _unpacked(console, talk, _source(console, talk, for_training))
            _explain_rules(console, for_training)
            check = _checked(console, talk, source, for_training, reading)
            if len(check.fine) >= least:
                return check
            raise ColorizeError(
                f"{len(check.fine)} fine photos in {source} are too few: at least {least} are needed; choose another "
                f"dataset (flag {ask.DATASET.flag})."
            )
        except (MissingAnswer, WrongFlag):
            raise
        except ColorizeError as error:
            if by_flag:
                raise
            console.warn(advised(error))


def _source(console: Console, talk: Conversation, for_training: bool) -> Path:
    if talk.has_flag(ask.DATASET):
        return talk.answer(ask.DATASET)
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
    if target.is_dir() and not holds(target, source):
        console.warn(f"{target} is there already and is not, or no longer, what {source.name} holds.")
        if talk.answer(ask.USE_FOLDER, folder=target):
            return target
    with console.progress("Unpacking", "files") as progress:
        folder = unpack(source, target, progress=progress)
    console.inform(f"Unpacked into {folder}.")
    return folder


def _explain_rules(console: Console, for_training: bool) -> None:
    if for_training:
        console.inform(
            "The photos are checked now. Left out are: files that are no photo or cannot be decoded to the last pixel; "
            "photos without colour, since there is nothing to learn from them; and photos of another colour format "
            "than the first usable one (RGB or RGBA)."
        )
    else:
        console.inform(
            "The photos are checked now. Every photographic format is welcome; left out are only files that are no "
            "photo or cannot be decoded to the last pixel."
        )


def _checked(console: Console, talk: Conversation, source: Path, for_training: bool, reading: Reading) -> DatasetCheck:
    dataset = find_files(source)
    hidden = f" ({dataset.hidden} hidden ones left out)" if dataset.hidden else ""
    console.inform(f"Found {len(dataset.files)} files in {source}{hidden}.")
    # libtiff and Pillow say more about broken files, elsewhere on the screen; what is wrong is told below.
    with console.progress("Checking", "files") as progress, quiet_errors():
        check = check_photos(dataset, for_training, reading, progress)
    if check.unreadable:
        console.warn(f"{len(check.unreadable)} files are unreadable.")
        if talk.answer(ask.SHOW_UNREADABLE):
            for _, reason in check.unreadable:
                console.warn(f"  {reason}")
    if check.wrong_format:
        console.warn(f"{len(check.wrong_format)} photos are of a wrong colour format: not {check.colour_format}.")
        if talk.answer(ask.SHOW_WRONG_FORMAT):
            for path, found in check.wrong_format:
                console.warn(f"  {path}: {found}")
    form = f", all {check.colour_format}" if check.colour_format and check.fine else ""
    console.inform(f"{len(check.fine)} photos are fine{form}.")
    return check
