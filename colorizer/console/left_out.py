"""What is left out of the photos that were given, told by kind and count, with the way out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from colorizer.console.places import film_command
from colorizer.console.terminal import Console
from colorizer.console.wording import counted
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation
from colorizer.dataset import Dataset, DatasetCheck
from colorizer.photos.kinds import VIDEO, kind_of
from colorizer.photos.pages import is_written_whole

_NAMED_FILMS = 20
"""Films that are listed one by one."""


def warn_of_closed(console: Console, dataset: Dataset) -> None:
    """Name the folders that may not be opened."""
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


def tell_pages(console: Console, check: DatasetCheck, has_all_pages: bool) -> None:
    """Say which files have pages that are not read, and how many have all of theirs colorized, where that is done."""
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


def without_colour_photos(console: Console, talk: Conversation, check: DatasetCheck) -> DatasetCheck:
    """Leave photos that are in colour out of those to be colorized, and name them; take them where they are wanted, or
    where most are so, since somebody then tries the program out, and a few of them pass for toned prints.
    """
    if not check.in_colour:
        return check
    everything = replace(check, fine=tuple(sorted((*check.fine, *check.in_colour))))
    if len(check.in_colour) > len(check.fine):
        console.inform(
            f"{_most(check)} in colour already: coloured anew from brightness alone, beside the true colours."
        )
        return everything
    console.warn(f"{counted(len(check.in_colour), 'photo is', 'photos are')} in colour already:")
    for path in check.in_colour:
        console.warn(f"  {path}")
    return everything if talk.answer(ask.RECOLOUR) else check


def _most(check: DatasetCheck) -> str:
    in_colour, total = len(check.in_colour), len(check.in_colour) + len(check.fine)
    if in_colour < total:
        return f"{in_colour:,} of {total:,} photos are"
    return "The photo is" if total == 1 else f"All {total:,} photos are"
