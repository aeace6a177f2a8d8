"""Photos shared by several processes: one part, or all of them on a cluster. No questions are asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from colorizer import inference, runs
from colorizer import network as networks
from colorizer.console.left_out import warn_of_closed
from colorizer.console.model import hasten_next_start, load_quickly, load_to_colorize
from colorizer.console.object_store import place_of_photos, place_of_results, tell_left_out
from colorizer.console.photos import named_sources
from colorizer.console.places import reading
from colorizer.console.terminal import Console
from colorizer.console.wording import counted
from colorizer.conversation import questions as ask
from colorizer.conversation import shared_questions as ask_shared
from colorizer.conversation.conversation import Conversation, WrongFlag
from colorizer.conversation.question import Question
from colorizer.dataset import Dataset, Place, Shard, gather, is_archive
from colorizer.errors import ColorizeError, Interrupted
from colorizer.marks import mark_folder
from colorizer.settings import Reading

_PORTION = 256
"""Number of photos that are checked and then colorized together by a process with one part; as many are fetched from an
object store at a time.
"""
_ALL_AT_ONCE = (ask.BESIDE, ask.HINTS, ask.SHEETS, ask.COUNT)


def colorize_shard(console: Console, talk: Conversation) -> None:
    """Colorize or only check one part of the photos, and report. Raises ColorizeError if some failed."""
    refuse_all_at_once(talk, _ALL_AT_ONCE)
    to = talk.answer(ask.TO)
    with place_of_photos(_sources(talk), to) as photos, place_of_results(to) as results:
        _colorize_shard(console, talk, photos, results)


def _colorize_shard(console: Console, talk: Conversation, photos: Place, results: Place) -> None:
    job, dataset, only_checks = shared_job(console, talk, photos if photos.is_store else None)
    job = replace(job, folder=results.folder, origin=str(photos) if photos.is_store else "")
    shard: Shard = talk.answer(ask_shared.SHARD)
    kind = runs.CHECK if only_checks else runs.MANIFEST
    part = shard.of(dataset.files)
    if only_checks:
        mark_folder(job.folder)
        named = [(str(photo.relative_to(job.root)), "") for photo in part]
        work = partial(runs.check_portion, job)
    else:
        network = load_to_colorize(console, talk, job.reading.cache_folder, job.reading.workers)
        hasten_next_start(console, network, job.reading.cache_folder)
        if isinstance(network.engine, networks.KerasEngine):  # its last digits depend on the other photos of a batch
            network = load_quickly(console, network.path, job.reading.cache_folder, job.reading.workers)
        runs.begin(job, network.name, network.weights_digest)
        named = runs.named_photos(job, dataset.files, part)
        work = partial(runs.colorize_portion, job, network)
    results.put_records()
    left = runs.remaining(job, named, kind, results.is_store)
    tell_done_before(console, len(named) - len(left), len(named), f"part {shard}")
    kinds: Counter[str] = Counter()
    try:
        with (
            console.progress("Checking" if only_checks else "Colorizing", "photos") as progress,
            runs.appended(runs.journal_path(job.folder, kind, shard)) as append,
        ):
            progress(0, len(left))
            for portion in portions(left, _PORTION):
                with (
                    photos.fetched(photo for photo, _ in portion),
                    _put(results) as made,
                    closing(work(portion)) as lines,
                ):
                    for line in lines:
                        append(replace(line, why=line.why and photos.named(line.why)).record())
                        if line.result:
                            made.append(line.result)
                        kinds[line.kind or ""] += 1
                        progress(kinds.total(), len(left))
    except KeyboardInterrupt:
        raise Interrupted(
            f"Interrupted. {kinds.total():,} of {counted(len(left), 'photo')} of part {shard} are done; the same "
            "command does the others."
        ) from None
    tell_made(console, str(results), kinds, only_checks)


@contextmanager
def _put(results: Place) -> Iterator[list[str]]:
    """Yield a list for pictures made in the block; upload them afterwards, and then the records that mention them."""
    made: list[str] = []
    try:
        yield made
    finally:
        results.put(made)
        results.put_records()


def shared_job(
    console: Console, talk: Conversation, store: Place | None = None
) -> tuple[runs.SharedJob, Dataset, bool]:
    """Return the job, the files, and whether they are only checked.

    The files are those in `store` if it is given. The job's folder is that of --to, if given.
    """
    dataset, how = begun(console, talk, _ALL_AT_ONCE, store)
    job = runs.SharedJob(
        root=dataset.root,
        folder=talk.answer(ask.TO) or Path(),
        adjustment=inference.Adjustment(*map(talk.answer, (ask.VIVIDNESS, ask.RESTORE_CONTRAST, ask.REPAIR))),
        reading=how,
        takes_colour=talk.answer(ask.RECOLOR),
        has_hints=talk.answer(ask.HINTS_BESIDE),
    )
    return job, dataset, talk.answer(ask_shared.CHECK_ONLY)


def begun(
    console: Console, talk: Conversation, refused: Iterable[Question], store: Place | None = None
) -> tuple[Dataset, Reading]:
    """Return all files, unchecked, and how they are read. Raises WrongFlag for flags that do not work with sharing."""
    refuse_all_at_once(talk, refused)
    sources = (store.folder,) if store else _sources(talk)
    dataset = gather([source.absolute() for source in sources])
    if store:
        tell_left_out(console, store)
    warn_of_closed(console, dataset)
    if not dataset.files:
        raise ColorizeError(f"There are no files in {store or sources[0]}.")
    console.inform(f"Found {counted(len(dataset.files), 'file')} in {store or dataset.root}.")
    return dataset, reading(talk)


def refuse_all_at_once(talk: Conversation, refused: Iterable[Question]) -> None:
    """Disable questions, and raise WrongFlag for flags that do not work with sharing."""
    talk.accept_defaults = True  # a job on many machines has no user to ask
    for question in refused:
        if talk.flags.get(question.name):
            raise WrongFlag(
                f"{question.flag} takes all photos at once: leave it out with {ask_shared.SHARD.flag} or "
                f"{ask_shared.CLUSTER.flag}."
            )
    if talk.has_flag(ask_shared.SHARD) and talk.has_flag(ask_shared.CLUSTER):
        raise WrongFlag(f"{ask_shared.SHARD.flag} and {ask_shared.CLUSTER.flag} are two ways; choose one of them.")
    if talk.has_flag(ask_shared.SHARD) and not talk.has_flag(ask.TO):
        raise WrongFlag(f"{ask_shared.SHARD.flag} needs {ask.TO.flag} FOLDER, the same for all parts.")


def _sources(talk: Conversation) -> tuple[Path, ...]:
    """Return the sources of the photos. Raises WrongFlag if there are none, or one is a zip."""
    sources = named_sources(talk)
    if not sources:
        raise WrongFlag(f"Say with {ask.DATASET.flag} which photos are to be shared out.")
    zips = [source for source in sources if is_archive(source)]
    if zips:
        raise WrongFlag(f"{zips[0]} is to be unpacked first, where all who share it out can read it.")
    return sources


def portions(items: Sequence, size: int) -> Iterator[Sequence]:
    """Divide a sequence into slices of `size` items; the last may be shorter."""
    return (items[first : first + size] for first in range(0, len(items), size))


def tell_done_before(console: Console, done: int, total: int, of: str) -> None:
    """Report how many photos are skipped because they are already done."""
    if done:
        console.inform(f"{done:,} of {counted(total, 'photo')} of {of} are done already.")


def tell_made(console: Console, folder: str, kinds: Counter[str], only_checks: bool) -> None:
    """Report how many photos were made, and the others by kind. Raises ColorizeError if some could not be colorized."""
    made = kinds.pop(runs.FINE if only_checks else "", 0)
    if only_checks:
        console.inform(f"{counted(made, 'photo is', 'photos are')} fine; what was found is in {folder}.")
    else:
        console.inform(f"{counted(made, 'colour photo is', 'colour photos are')} in {folder}.")
    tell_kinds(console, kinds)
    failed = kinds.get(runs.FAILED, 0)
    if failed:
        raise ColorizeError(
            f"{counted(failed, 'photo')} could not be colorized; the manifest in {folder} says why. Once the cause is "
            "mended, the same command makes these."
        )


def tell_kinds(console: Console, kinds: Mapping[str, int], lack: str = "without a colour photo") -> None:
    """Report how many files have no color photo, or no scores, by kind."""
    for kind, count in sorted(kinds.items(), key=lambda item: -item[1]):
        console.warn(f"{counted(count, 'file')} {lack}: {kind}.")
