"""Which photos: the part of the conversation that both journeys share, from a folder's name to checked files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from colorizer import questions as ask
from colorizer import training_questions as ask_training
from colorizer.answers import WrongAnswer
from colorizer.console import MissingAnswer, quiet_errors
from colorizer.conversation import Conversation, WrongFlag
from colorizer.settings import ColorizeError, DatasetSettings, PhotoLimits

if TYPE_CHECKING:
    from colorizer.dataset import DatasetCheck, Split

HOME = Path(__file__).resolve().parent.parent
"""Where colorize.py, dataset/ and OUTPUT/ lie."""


def choose_dataset(talk: Conversation, for_training: bool, least: int) -> DatasetCheck:
    """Ask for photos until there are at least so many fine ones."""
    by_flag = talk.accept_defaults or talk.has_flag(ask.DATASET) or talk.flags.get(ask.USE_DEFAULT_DATASET.name, False)
    while True:
        try:
            source = _unpacked(talk, _source(talk, for_training))
            _explain_rules(talk, for_training)
            check = _checked(talk, source, for_training)
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
            talk.console.warn(str(error))


def choose_counts(talk: Conversation, check: DatasetCheck, seed: int) -> Split:
    """Ask how many photos to train with and to test on, and divide them."""
    from colorizer.dataset import split_photos

    there, limits = len(check.fine), DatasetSettings(seed=seed)
    share = max(limits.minimum_test_photos, round(there * limits.default_test_share))
    if talk.has_flag(ask_training.TEST_COUNT) and not talk.has_flag(ask_training.TRAIN_COUNT):
        default_test = talk.flags[ask_training.TEST_COUNT.name]
    else:
        default_test = min(limits.maximum_default_test, share)

    def leaves_a_test(count: int) -> None:
        if count > there - limits.minimum_test_photos:
            raise WrongAnswer(
                f"{count} is too large: the most is {there - limits.minimum_test_photos}, as there are {there} fine "
                f"photos and at least {limits.minimum_test_photos} is tested on."
            )

    def fits(count: int) -> None:
        try:
            split_photos(check.fine, train_count, count, limits)
        except ColorizeError as error:
            raise WrongAnswer(str(error)) from error

    least = limits.minimum_training_photos
    train_count = talk.answer(ask_training.TRAIN_COUNT, default=max(least, there - default_test), check=leaves_a_test)
    test_count = talk.answer(ask_training.TEST_COUNT, default=min(default_test, there - train_count), check=fits)
    split = split_photos(check.fine, train_count, test_count, limits)
    talk.console.inform(
        f"{len(split.train)} photos to learn from, {len(split.validation)} to validate with, "
        f"{len(split.test)} to test on."
    )
    return split


def choose_count(talk: Conversation, check: DatasetCheck, seed: int) -> tuple[Path, ...]:
    """Ask how many photos to colorize and choose them."""
    from colorizer.dataset import choose_photos

    there = len(check.fine)

    def is_there(count: int) -> None:
        if count > there:
            raise WrongAnswer(f"{count} is too large: the most is {there}, the number of fine photos.")

    return choose_photos(check.fine, talk.answer(ask.COUNT, default=there, check=is_there), seed)


def _source(talk: Conversation, for_training: bool) -> Path:
    from colorizer.dataset import fill_default_dataset

    if talk.has_flag(ask.DATASET):
        return talk.answer(ask.DATASET)
    folder = HOME / "dataset" / ("color" if for_training else "bw")
    if talk.answer(ask.USE_DEFAULT_DATASET, folder=folder):
        try:
            return fill_default_dataset(folder, for_training)
        except ColorizeError as error:
            if talk.accept_defaults:
                raise
            talk.console.warn(str(error))
    return talk.answer(ask.DATASET)


def _unpacked(talk: Conversation, source: Path) -> Path:
    from colorizer.archive import holds, is_archive, unpack

    if not is_archive(source):
        return source
    target = talk.answer(ask.UNPACK_TO, default=source.with_suffix(""), archive=source)
    if target.is_dir() and not holds(target, source):
        talk.console.warn(f"{target} is there already and is not, or no longer, what {source.name} holds.")
        if talk.answer(ask.USE_FOLDER, folder=target):
            return target
    with talk.console.progress("Unpacking", "files") as progress:
        folder = unpack(source, target, progress=progress)
    talk.console.inform(f"Unpacked into {folder}.")
    return folder


def _explain_rules(talk: Conversation, for_training: bool) -> None:
    if for_training:
        talk.console.inform(
            "The photos are checked now. Left out are: files that are no photo or cannot be decoded to the last pixel; "
            "photos without colour, since there is nothing to learn from them; and photos of another colour format "
            "than the first usable one (RGB or RGBA)."
        )
    else:
        talk.console.inform(
            "The photos are checked now. Every photographic format is welcome; left out are only files that are no "
            "photo or cannot be decoded to the last pixel."
        )


def _checked(talk: Conversation, source: Path, for_training: bool) -> DatasetCheck:
    from colorizer.dataset import check_photos, find_files

    dataset = find_files(source)
    hidden = f" ({dataset.hidden} hidden ones left out)" if dataset.hidden else ""
    talk.console.inform(f"Found {len(dataset.files)} files in {source}{hidden}.")
    # libtiff and Pillow say more about broken files, elsewhere on the screen; what is wrong is told below.
    with talk.console.progress("Checking", "files") as progress, quiet_errors():
        check = check_photos(
            dataset,
            for_training,
            photo_limits(talk),
            workers=talk.answer(ask.WORKERS),
            cache_folder=cache_folder(talk),
            progress=progress,
        )
    if check.unreadable:
        talk.console.warn(f"{len(check.unreadable)} files are unreadable.")
        if talk.answer(ask.SHOW_UNREADABLE):
            for _, reason in check.unreadable:
                talk.console.warn(f"  {reason}")
    if check.wrong_format:
        talk.console.warn(f"{len(check.wrong_format)} photos are of a wrong colour format: not {check.colour_format}.")
        if talk.answer(ask.SHOW_WRONG_FORMAT):
            for path, found in check.wrong_format:
                talk.console.warn(f"  {path}: {found}")
    form = f", all {check.colour_format}" if check.colour_format and check.fine else ""
    talk.console.inform(f"{len(check.fine)} photos are fine{form}.")
    return check


def cache_folder(talk: Conversation) -> Path | None:
    """Where to keep what need not be done twice; None where nothing shall be kept."""
    folder = talk.answer(ask.CACHE) or Path.home() / ".cache" / "colorizer"
    return None if str(folder) == "none" else folder


def photo_limits(talk: Conversation) -> PhotoLimits:
    """Return what a photo may be."""
    return PhotoLimits(maximum_pixels=round(talk.answer(ask.MAXIMUM_MEGAPIXELS) * 1e6))
