"""Photos and results in an object store, which are processed in parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from colorizer import photos
from colorizer.console.places import PATHS
from colorizer.console.terminal import Console
from colorizer.console.wording import counted
from colorizer.conversation import questions as ask
from colorizer.conversation import shared_questions as ask_shared
from colorizer.conversation.conversation import WrongFlag
from colorizer.conversation.question import COLORIZE, MERGE
from colorizer.dataset import Place, address, stood_in


def refuse_addresses(journey: str, flags: Mapping[str, Any]) -> None:
    """Raise WrongFlag if a flag names an object store for a command that does not support it."""
    given = (*(flags.get(PATHS) or ()), flags.get(ask.DATASET.name), flags.get(ask.TO.name))
    stores = [address(path) for path in given if isinstance(path, Path) and address(path)]
    if stores and not (journey == MERGE or (journey == COLORIZE and flags.get(ask_shared.SHARD.name))):
        raise WrongFlag(
            f"An object store, {stores[0]}, goes with {COLORIZE} {ask_shared.SHARD.flag} I/N and with "
            f"{MERGE} only; {ask_shared.SHARD.flag} 0/1 takes all photos."
        )


def place_of_photos(sources: Sequence[Path], to: Path) -> AbstractContextManager[Place]:
    """Return the place of photos in a store, or for local photos the folder of the first source.

    Raises WrongFlag for a store mixed with other sources, or for results among the photos.
    """
    stores = [source for source in sources if address(source)]
    if stores and len(sources) > 1:
        raise WrongFlag(f"{address(stores[0])} is in an object store; give it alone.")
    if stores and to.is_relative_to(stores[0]):
        raise WrongFlag(f"{address(to)} lies among the photos, in {address(stores[0])}; choose another place.")
    # Files whose names do not show their format must be opened, and files next to photos may be hints.
    return stood_in(sources[0], lambda name: photos.named_format(name) is None)


def place_of_results(path: Path) -> AbstractContextManager[Place]:
    """Return the place to write results to, or to read them from."""
    return stood_in(path, _is_record)


def tell_left_out(console: Console, place: Place) -> None:
    """Warn about objects that are skipped because no file can have their names."""
    if place.left_out:
        many = counted(len(place.left_out), "object is", "objects are")
        console.warn(f"{many} left out: no file can be called so. The first: {place.left_out[0]!r}.")


def _is_record(name: str) -> bool:
    return "/" not in name and (name.startswith(".") or name.endswith((".json", ".jsonl")))
