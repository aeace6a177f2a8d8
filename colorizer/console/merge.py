"""The command `merge`: merge and report what several processes have written into one folder."""

from __future__ import annotations

from colorizer import machines, runs
from colorizer.console.messages import counted
from colorizer.console.shared import place_of_results, tell_ignored, tell_joined, tell_kinds
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation, WrongFlag
from colorizer.dataset import Place
from colorizer.errors import ColorizeError
from colorizer.files import exists, is_folder, remove_unfinished, why_not_there


def merge_command(console: Console, talk: Conversation) -> None:
    """Merge manifests, checks and evaluations in a folder, and report. Raises ColorizeError if parts are missing."""
    if not talk.has_flag(ask.TO):
        raise WrongFlag(f"Say with {ask.TO.flag} FOLDER where the parts are.")
    with place_of_results(talk.answer(ask.TO)) as place:
        _merge(console, place)


def _merge(console: Console, place: Place) -> None:
    folder = place.folder
    if not is_folder(folder):
        raise ColorizeError(why_not_there(folder) if not exists(folder) else f"{place} is not a folder.")
    kinds = [kind for kind in (runs.MANIFEST, runs.CHECK, runs.EVALUATION) if runs.is_begun(folder, kind)]
    if not kinds:
        raise ColorizeError(f"There is nothing in {place} that was done in parts: no manifest, no evaluation.")
    missing = [shard for kind in kinds for shard in runs.missing_shards(folder, kind)]
    unnamed = sum(_tell(console, place, kind) for kind in kinds)
    place.put_records()
    if missing:
        some = ", ".join(missing[:10]) + (", …" if len(missing) > 10 else "")
        raise ColorizeError(f"Not all parts are there yet: {some} are missing; do them, and merge again.")
    if unnamed:
        are = "is" if unnamed == 1 else "are"
        raise ColorizeError(
            f"{counted(unnamed, 'photo')} {are} neither done nor failed yet: a part has not come to its end; give its "
            "command again, and merge again."
        )
    remove_unfinished(folder)


def _tell(console: Console, place: Place, kind: str) -> int:
    """Merge and report the parts of one kind, and return the number of photos without a result."""
    if kind == runs.EVALUATION:
        tell_joined(console, place.folder)
        return 0
    merged = machines.merge_manifest(place.folder, kind)
    tell_ignored(console, merged.ignored)
    written = place.named(str(merged.path))
    if kind == runs.CHECK:
        fine = merged.kinds.get(machines.FINE, 0)
        console.inform(f"{counted(fine, 'photo')} of {counted(merged.total, 'file')} can be in color: {written}")
    else:
        console.inform(
            f"{counted(merged.results, 'color photo')} of {counted(merged.total, 'file')}, each once: {written}"
        )
    tell_kinds(console, {name: count for name, count in merged.kinds.items() if name != machines.FINE})
    for reason in merged.reasons:
        console.warn(f"  {reason}")
    return merged.missing
