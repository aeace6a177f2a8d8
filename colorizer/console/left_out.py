"""Reports on skipped photos, by kind and number, with advice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from colorizer.console.places import film_command
from colorizer.console.terminal import Console
from colorizer.console.wording import counted
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation
from colorizer.dataset import Dataset, DatasetCheck
from colorizer.photos.formats import VIDEO, kind_of
from colorizer.photos.pages import is_written_whole

_NAMED_FILMS = 20
"""Maximum number of films that are listed individually."""


def warn_of_closed(console: Console, dataset: Dataset) -> None:
    """List folders that cannot be opened."""
    if not dataset.closed:
        return
    they_are = "it is" if len(dataset.closed) == 1 else "they are"
    folders = counted(len(dataset.closed), "folder")
    console.warn(f"You have no permission to open {folders}; {they_are} left out:")
    for folder in dataset.closed:
        console.warn(f"  {folder}")


def tell_unreadable(console: Console, talk: Conversation, check: DatasetCheck) -> None:
    """List films with the command for them, other files that aren't photos by kind, and, if wanted, their paths."""
    if not check.unreadable:
        return
    kind_by_path = {path: kind_of(path) for path, _ in check.unreadable}
    films = [path for path, kind in kind_by_path.items() if kind is VIDEO]
    for film in films[:_NAMED_FILMS]:
        console.warn(f"{film} is a film; colorize it with: {film_command(film)}")
    if len(films) > _NAMED_FILMS:
        console.warn(f"{counted(len(films) - _NAMED_FILMS, 'more film is', 'more films are')} left out.")
    others = [(path, why) for path, why in check.unreadable if kind_by_path[path] is not VIDEO]
    if not others:
        return
    kinds = Counter(kind_by_path[path] for path, _ in others)
    unknown = kinds.pop(None, 0)
    for kind, count in kinds.items():
        files = f"{kind.one[0].upper()}{kind.one[1:]} is" if count == 1 else f"{count:,} {kind.several} are"
        console.warn(f"{files} left out: {kind.way_out}.")
    if unknown:
        console.warn(f"{counted(unknown, 'file is', 'files are')} unreadable.")
    if talk.answer(ask.SHOW_UNREADABLE):
        for _, reason in others:
            console.warn(f"  {reason}")


def with_cut_off(
    console: Console, talk: Conversation, check: DatasetCheck, check_again: Callable[[Sequence[Path]], DatasetCheck]
) -> DatasetCheck:
    """List truncated photos, and add them to the others if the user wants them.

    Args:
        console: The console for the list.
        talk: The conversation.
        check: Result of the check.
        check_again: Checks photos again, accepting truncated ones.
    """
    if not check.cut_off:
        return check
    console.warn(f"{counted(len(check.cut_off), 'photo is', 'photos are')} cut off:")
    for _, sentence in check.cut_off:
        console.warn(f"  {sentence}")
    if talk.has_flag(ask.PARTIAL) and talk.answer(ask.PARTIAL):
        return check  # they are already among the others
    if not talk.answer(ask.PARTIAL):
        they = "It is skipped" if len(check.cut_off) == 1 else "They are skipped"
        console.warn(f"{they}. Use {ask.PARTIAL.flag} to colorize the part that can be decoded.")
        return check
    taken = check_again([path for path, _ in check.cut_off])
    return replace(
        check,
        fine=tuple(sorted((*check.fine, *taken.fine))),
        in_colour=tuple(sorted((*check.in_colour, *taken.in_colour))),
        unreadable=(*check.unreadable, *taken.unreadable),
    )


def tell_pages(console: Console, check: DatasetCheck, has_all_pages: bool) -> None:
    """Report files of which only the first page is read and, with `has_all_pages`, files with all pages colorized."""
    whole = [path for path in check.several_pages if has_all_pages and is_written_whole(path)]
    if whole:
        console.inform(f"{counted(len(whole), 'file has', 'files have')} several pages; each page comes out in colour.")
    taken_whole = set(whole)
    others = [path for path in check.several_pages if path not in taken_whole]
    if others:
        why = ", since their names are not those of TIFFs" if has_all_pages else ""
        many = counted(len(others), "file has", "files have")
        console.warn(f"{many} several pages, of which the first is read{why}:")
        for path in others:
            console.warn(f"  {path}")


def without_color_photos(console: Console, talk: Conversation, check: DatasetCheck) -> DatasetCheck:
    """Skip photos that are already in color, and list them.

    They are colorized only if `--recolor` was given, or if every photo is in color and the user agrees.
    """
    if not check.in_colour:
        return check
    everything = replace(check, fine=tuple(sorted((*check.fine, *check.in_colour))))
    are = counted(len(check.in_colour), "photo is", "photos are")
    if talk.flag_or_default(ask.RECOLOR):
        console.inform(f"{are} already in color and will be colorized again, from brightness alone.")
        return everything
    if not check.fine:
        console.warn(f"{'The photo is' if len(check.in_colour) == 1 else f'All {are}'} already in color.")
        return everything if talk.answer(ask.RECOLOR) else check
    console.warn(f"{are} already in color and will be skipped ({ask.RECOLOR.flag} colorizes them too):")
    for path in check.in_colour:
        console.warn(f"  {path}")
    return check
