"""The command `colorize`: colorize black-and-white photos."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

from colorizer import inference, runs
from colorizer.console.messages import (
    ask_for_more,
    counted,
    default_dataset,
    given_references,
    output_folder,
    reading,
    short,
    show_pictures,
)
from colorizer.console.model import hasten_next_start, load_to_colorize, look_at, refuse_unknown_model
from colorizer.console.photos import choose_dataset, named_sources, reading_of
from colorizer.console.pipe import is_piped, piped
from colorizer.console.shared import colorize_by_cluster, colorize_shard
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation, WrongFlag, ask_count
from colorizer.conversation.question import WrongAnswer
from colorizer.dataset import DatasetCheck, true_colours
from colorizer.errors import ColorizeError, Interrupted, Unfinished
from colorizer.files import resolved, unused_path
from colorizer.packages import refuse_without
from colorizer.progress import Progress
from colorizer.settings import Reading

_Hints = Mapping[Path, Sequence["inference.AnyHint"]]
_AGAIN = f"the same command with {ask.SKIP_EXISTING.flag} makes"


def colorize_command(console: Console, talk: Conversation) -> None:
    """Ask, colorize and report. Raises ColorizeError at the end if some photos failed."""
    if is_piped(talk.flags):
        with piped(console, talk) as deliver:
            _colorize_photos(console, talk, deliver)
    else:
        _colorize_photos(console, talk)


def _colorize_photos(
    console: Console, talk: Conversation, deliver_also: Callable[[Path, Path | inference.Failure], None] | None = None
) -> None:
    for flag, share_out in ((ask.CLUSTER, colorize_by_cluster), (ask.SHARD, colorize_shard)):
        if talk.has_flag(flag):
            refuse_unknown_model(talk)
            share_out(console, talk)
            return
    if talk.flag_or_default(ask.CHECK_ONLY):
        raise WrongFlag(
            f"{ask.CHECK_ONLY.flag} goes with {ask.SHARD.flag} or {ask.CLUSTER.flag}; "
            f"{ask.SHARD.flag} 0/1 checks all photos."
        )
    if talk.has_flag(ask.TO) and talk.flag_or_default(ask.BESIDE):
        raise WrongFlag(f"{ask.TO.flag} and {ask.BESIDE.flag} are two places; give one of them.")
    refuse_unknown_model(talk)
    seed, how = talk.answer(ask.SEED), reading(talk)
    check = choose_dataset(console, talk, for_training=False, least=1, reading=how, has_all_pages=True)
    run = talk.hold(ask.COLORIZE, partial(_run, talk))
    _tell_place(console, talk, run)
    ask_for_more(talk)
    photos = ask_count(talk, check.fine, seed)
    hints_from = partial(inference.find_hints, photos, check.root, beside=talk.answer(ask.HINTS_BESIDE))
    hints = hints_from(talk.flag_or_default(ask.HINTS))
    references = references_for(console, talk, photos, how)
    network = load_to_colorize(console, talk, how.cache_folder)
    look_at(console, talk, network, unused_path(run.drawing))
    is_adjusted = wants_to_adjust(talk)
    adjusted = adjustment(talk, is_adjusted)
    if adjusted.repair:
        refuse_without("repair", ask.REPAIR.flag)
    if is_adjusted and not talk.has_flag(ask.HINTS):
        hints = _asked_hints(talk, hints_from)
    job = runs.ColorizeJob(
        network=network,
        photos=photos,
        root=check.root,
        run=run,
        adjustment=adjusted,
        hints=hints,
        references=references,
        reading=reading_of(check, how),
        truths=known_truths(check),
        folder=talk.answer(ask.TO),
        is_beside=talk.answer(ask.BESIDE),
        has_all_sheets=talk.answer(ask.SHEETS),
        goes_on=talk.answer(ask.SKIP_EXISTING),
        left_out=check.left_out(),
    )

    def deliver(photo: Path, outcome: Path | inference.Failure) -> None:
        if isinstance(outcome, Path):
            console.record(photo, outcome, None)
        else:
            console.record(photo, None, outcome.reason)
        if deliver_also:
            deliver_also(photo, outcome)

    colorize(console, talk, partial(runs.colorize_photos, job, deliver=deliver), _AGAIN)
    hasten_next_start(console, network, how.cache_folder)
    _refuse_unreadable(talk, check)


def _run(talk: Conversation) -> AbstractContextManager[runs.Run]:
    """Return the run to write into: the folder of --to, which needs nothing under OUTPUT, or a new run."""
    if talk.has_flag(ask.TO):
        return nullcontext(runs.run_in(talk.answer(ask.TO)))
    return runs.reserved_run(output_folder(talk), ask.COLORIZE)


def _tell_place(console: Console, talk: Conversation, run: runs.Run) -> None:
    """Say where the color photos will be, before the work."""
    if talk.flag_or_default(ask.BESIDE):
        console.inform("Each color photo will be saved next to its original.")
    elif not talk.flag_or_default(ask.SKIP_EXISTING):  # which may resume another folder
        console.inform(f"The color photos will be saved in {short(run.results)}.")


def _refuse_unreadable(talk: Conversation, check: DatasetCheck) -> None:
    """Raise ColorizeError if a file named by the user, not found in a folder, could not be read."""
    named = {resolved(source) for source in named_sources(talk)}
    fine = set(check.fine) if named else ()
    skipped = (path for path, _ in (*check.unreadable, *check.cut_off) if path not in fine)
    unread = [path for path in skipped if resolved(path) in named]
    if unread:
        others = f" and {len(unread) - 1:,} more" if len(unread) > 1 else ""
        raise ColorizeError(
            f"{unread[0]}{others} could not be read completely; the other photos are done. Replace or leave out what "
            "cannot be read."
        )


def references_for(
    console: Console, talk: Conversation, photos: Sequence[Path], how: Reading
) -> dict[Path, inference.References]:
    """Read the references of --reference and those next to photos; raise ColorizeError."""
    return inference.find_references(photos, given_references(console, talk, how), how.limits)


def known_truths(check: DatasetCheck) -> dict[Path, Path]:
    """Return the files with true colors: of the default dataset, or of photos that are already in color."""
    if check.root == default_dataset(for_training=False):
        return true_colours(check.root)
    return {photo: photo for photo in set(check.in_colour).intersection(check.fine)}


def wants_to_adjust(talk: Conversation) -> bool:
    """Return whether to ask about the colors; flags that set them suppress the question, unless --adjust is given."""
    is_said = any(talk.has_flag(question) for question in (ask.VIVIDNESS, ask.RESTORE_CONTRAST, ask.REPAIR))
    return talk.answer(ask.ADJUST) if talk.has_flag(ask.ADJUST) or not is_said else False


def adjustment(talk: Conversation, is_asked: bool) -> inference.Adjustment:
    """Return the adjustment of the colors and of the photo before colorization."""
    answer = talk.answer if is_asked else talk.flag_or_default
    return inference.Adjustment(answer(ask.VIVIDNESS), answer(ask.RESTORE_CONTRAST), answer(ask.REPAIR))


def _asked_hints(talk: Conversation, hints_from: Callable[[Path | None], _Hints]) -> _Hints:
    """Ask for a file of hints until it fits these photos."""

    def check(file: Path | None) -> None:
        try:
            hints_from(file)
        except ColorizeError as error:
            raise WrongAnswer(str(error)) from error

    return hints_from(talk.answer(ask.HINTS, check=check))


def colorize(console: Console, talk: Conversation, work: Callable[[Progress], runs.ColorizeResult], again: str) -> None:
    """Run `work`, which colorizes photos, and report where they are.

    Args:
        console: The console for progress and reports.
        talk: The conversation.
        work: Colorizes the photos.
        again: Start of a sentence about how to make missing photos, such as "the same command makes".

    Raises:
        Interrupted: The work was interrupted.
        ColorizeError: The work stopped, or some photos failed.
    """
    talk.settle()
    try:
        with console.progress("Colorizing", "photos") as progress:
            result = work(progress)
    except Unfinished as error:
        kind = Interrupted if isinstance(error, Interrupted) else ColorizeError
        raise kind(f"{error} {again.capitalize()} the others.") from error
    _tell(console, result)
    if result.unmatched:
        names = ", ".join(path.name for path in result.unmatched[:3])
        others = f" and {len(result.unmatched) - 3:,} more" if len(result.unmatched) > 3 else ""
        console.warn(f"No reference matches {names}{others}, so the colors are the automatic ones.")
    if result.sheets:
        show_pictures(console, talk, ask.SHOW_RESULTS, result.sheets[:1])
    if result.failures:
        for failure in result.failures:
            console.warn(failure.reason)
        others = "; the others are done" if result.pictures else ""
        photos = counted(len(result.pictures) - result.made_before + len(result.failures), "photo")
        raise ColorizeError(
            f"{len(result.failures)} of {photos} could not be colorized{others}. Once the cause is mended, {again} "
            "these."
        )


def _tell(console: Console, result: runs.ColorizeResult) -> None:
    total = len(result.pictures) + len(result.failures)
    made_now = len(result.pictures) - result.made_before
    place = _place(result)
    if result.made_before == total and total:
        all_of_them = "The color photo is already" if total == 1 else f"All {total:,} color photos are already"
        console.inform(f"{all_of_them} {place}.")
        return
    if result.made_before:
        are = "is" if result.made_before == 1 else "are"
        console.inform(f"{result.made_before:,} of {counted(total, 'photo')} {are} already {place}.")
    sheets = ""
    if result.sheets:
        many = "a comparison sheet" if len(result.sheets) == 1 else "comparison sheets"
        sheets = f", {many} in {short(result.sheets[0].parent)}"
    console.inform(f"{counted(made_now, 'color photo is', 'color photos are')} {place}{sheets}.")
    other = sum(photo.suffix.lower() != path.suffix.lower() for photo, path in result.pictures.items())
    if other:
        why = "because its own format cannot be written in color here"
        console.inform(f"{counted(other, 'photo has', 'photos have')} got a file of another kind, {why}.")
    console.inform(f"Before and after, on one page: {short(result.page)}")
    if result.left_out:
        console.inform(f"Skipped files: {short(result.left_out)}")


def _place(result: runs.ColorizeResult) -> str:
    """Return a phrase for the location of the pictures: the path of one, or the folder of several."""
    pictures = list(result.pictures.values())
    if len(pictures) == 1:
        return f"at {short(pictures[0])}"
    if all(picture.is_relative_to(result.folder) for picture in pictures):
        return f"in {short(result.folder)}"
    folders = sorted({picture.parent for picture in pictures})
    if len(folders) == 1:
        return f"next to the originals in {short(folders[0])}"
    return f"next to the originals in {len(folders):,} folders below {short(Path(os.path.commonpath(folders)))}"
