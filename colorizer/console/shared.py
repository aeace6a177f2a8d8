"""Photos shared by several processes, on one machine or a cluster: colorize, check, score, merge. Nothing is asked."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorizer import inference, machines, photos, runs
from colorizer import network as networks
from colorizer.console.messages import PATHS, counted, output_folder, reading, tell_evaluation, warn_of_closed
from colorizer.console.model import (
    hasten_next_start,
    load_existing,
    load_quickly,
    load_to_colorize,
    model_path,
    start_tensorflow,
)
from colorizer.console.photos import named_sources
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation, WrongFlag
from colorizer.conversation.question import COLORIZE, MERGE, Question
from colorizer.dataset import Dataset, Place, Shard, address, colour_format, gather, is_archive, stood_in
from colorizer.errors import ColorizeError, Interrupted
from colorizer.files import remove_unfinished
from colorizer.marks import mark_folder
from colorizer.settings import Reading

if TYPE_CHECKING:
    from colorizer.dataset import Dataset


def refuse_addresses(command: str, flags: Mapping[str, Any]) -> None:
    """Raise WrongFlag if a flag names an object store for a command that does not support it."""
    given = (*(flags.get(PATHS) or ()), flags.get(ask.DATASET.name), flags.get(ask.TO.name))
    stores = [address(path) for path in given if isinstance(path, Path) and address(path)]
    if stores and not (command == MERGE or (command == COLORIZE and flags.get(ask.SHARD.name))):
        raise WrongFlag(
            f"An object store, {stores[0]}, goes with {COLORIZE} {ask.SHARD.flag} I/N and with "
            f"{MERGE} only; {ask.SHARD.flag} 0/1 takes all photos."
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


_CLUSTER_PORTION = 32
"""Number of photos sent to a worker at a time: enough to keep the overhead small, and few enough that little work is
repeated if a worker dies.
"""
_SCORED = 256
"""Number of photos scored together; each group compiles the network again."""


def colorize_by_cluster(console: Console, talk: Conversation) -> None:
    """Colorize or only check all photos on a cluster, and report. Raises ColorizeError if some failed."""
    job, dataset, only_checks = shared_job(console, talk)
    kind, task = (runs.CHECK, "check") if only_checks else (runs.MANIFEST, "colorize")
    with machines.connected(talk.answer(ask.CLUSTER), job.reading.workers):
        sharing = machines.Sharing(_model(talk), job.reading.cache_folder, has_network=not only_checks)
        about = sharing.about()
        if not only_checks:
            console.inform(f"Loaded {about.model} on the workers; the network runs on: {about.device}.")
        job = replace(job, folder=_folder(talk, ask.COLORIZE, job, about).absolute())
        if only_checks:
            mark_folder(job.folder)
            named = [(str(photo.relative_to(job.root)), "") for photo in dataset.files]
        else:
            machines.begin(job, about.model, about.weights)
            named = machines.named_photos(job, dataset.files, dataset.files)
        left = machines.remaining(job, named, kind)
        tell_done_before(console, len(named) - len(left), len(named), "all")
        kinds: Counter[str] = Counter()

        def count(records: Sequence[dict[str, Any]]) -> int:
            kinds.update(record.get("kind", "") for record in records)
            return len(records)

        _share_out(
            console,
            "Checking" if only_checks else "Colorizing",
            partial(sharing.work, task, job, portions(left, _CLUSTER_PORTION)),
            runs.journal_path(job.folder, kind),
            count,
            len(left),
            lambda photo: [machines.given_up(job, photo).record()],
        )
    machines.merge_manifest(job.folder, kind)
    remove_unfinished(job.folder)
    tell_made(console, str(job.folder), kinds, only_checks)


def _share_out(
    console: Console,
    description: str,
    work: Callable[..., None],
    journal: Path,
    count: Callable[[Sequence[dict[str, Any]]], int],
    total: int,
    give_up: Callable[[Any], list[dict[str, Any]]],
) -> None:
    """Run `work` and append its records to a journal. Raises Interrupted with the number of finished photos."""
    done = 0
    try:
        with console.progress(description, "photos") as progress, runs.appended(journal) as append:
            progress(0, total)

            def keep(records: Sequence[dict[str, Any]]) -> None:
                nonlocal done
                for record in records:
                    append(record)
                done += count(records)
                progress(done, total)

            work(keep, give_up)
    except KeyboardInterrupt:
        again = f"the same command with {ask.TO.flag} {journal.parent} does the others"
        raise Interrupted(f"Interrupted. {done:,} of {counted(total, 'photo')} are done; {again}.") from None


def _model(talk: Conversation) -> Path | None:
    """Return the model file, at the same path on all machines; None for the shipped one, which each machine has."""
    path = model_path(talk)
    return None if path == networks.PRETRAINED else path.absolute()


def _folder(talk: Conversation, kind: str, job: machines.SharedJob, about: machines.About) -> Path:
    """Return the folder of results: the one given by --to, that of the run to continue, or that of a new run."""
    named = talk.answer(ask.TO)
    if named is not None:
        return named
    run = talk.hold(kind, partial(runs.reserved_run, output_folder(talk), kind))
    made_from = runs.how_made(job.root, about.model, about.weights, job.adjustment)
    earlier = runs.earlier_run(run, made_from) if talk.answer(ask.SKIP_EXISTING) else None
    return (earlier or run).results


def evaluate_by_cluster(console: Console, talk: Conversation) -> None:
    """Score all photos on a cluster, and report. Raises ColorizeError."""
    dataset, settings = shared_settings(console, talk)
    reading = settings["reading"]
    folder = (
        talk.answer(ask.TO)
        or talk.hold(ask.EVALUATE, partial(runs.reserved_run, output_folder(talk), ask.EVALUATE)).results
    )
    with machines.connected(talk.answer(ask.CLUSTER), reading.workers):
        sharing = machines.Sharing(_model(talk), reading.cache_folder)
        about = sharing.about()
        job = machines.SharedEvaluation(
            dataset.root,
            folder.absolute(),
            colour_format(dataset, reading.limits),
            settings,
            made_from(about.model, about.weights, settings),
        )
        mark_folder(job.folder)
        photos = [str(photo.relative_to(dataset.root)) for photo in dataset.files]
        left = machines.unscored(job, photos, _SCORED)
        total = sum(map(len, left))
        tell_done_before(console, len(photos) - total, len(photos), "all")

        def refuse(photo: str) -> list[dict[str, Any]]:
            raise ColorizeError(f"{dataset.root / photo} ended every worker that scored it; take it out.")

        _share_out(
            console,
            "Evaluating",
            partial(sharing.work, "evaluate", job, iter(left)),
            runs.journal_path(job.folder, runs.EVALUATION),
            lambda records: sum(len(record["photos"]) for record in records),
            total,
            refuse,
        )
    tell_joined(console, folder)


_PORTION = 256
"""Number of photos that are checked and then colorized together by a process with one part; as many are fetched from an
object store at a time.
"""
_ALL_AT_ONCE = (ask.BESIDE, ask.HINTS, ask.REFERENCE, ask.SHEETS, ask.COUNT)


def colorize_shard(console: Console, talk: Conversation) -> None:
    """Colorize or only check one part of the photos, and report. Raises ColorizeError if some failed."""
    refuse_all_at_once(talk, _ALL_AT_ONCE)
    to = talk.answer(ask.TO)
    with place_of_photos(_sources(talk), to) as photos, place_of_results(to) as results:
        _colorize_shard(console, talk, photos, results)


def _colorize_shard(console: Console, talk: Conversation, photos: Place, results: Place) -> None:
    job, dataset, only_checks = shared_job(console, talk, photos if photos.is_store else None)
    job = replace(job, folder=results.folder, origin=str(photos) if photos.is_store else "")
    shard: Shard = talk.answer(ask.SHARD)
    kind = runs.CHECK if only_checks else runs.MANIFEST
    part = shard.of(dataset.files)
    if only_checks:
        mark_folder(job.folder)
        named = [(str(photo.relative_to(job.root)), "") for photo in part]
        work = partial(machines.check_portion, job)
    else:
        network = load_to_colorize(console, talk, job.reading.cache_folder, job.reading.workers)
        hasten_next_start(console, network, job.reading.cache_folder)
        if isinstance(network.engine, networks.KerasEngine):  # its last digits depend on the other photos of a batch
            network = load_quickly(console, network.path, job.reading.cache_folder, job.reading.workers)
        machines.begin(job, network.name, network.weights_digest)
        named = machines.named_photos(job, dataset.files, part)
        work = partial(machines.colorize_portion, job, network)
    results.put_records()
    left = machines.remaining(job, named, kind, results.is_store)
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
) -> tuple[machines.SharedJob, Dataset, bool]:
    """Return the job, the files, and whether they are only checked.

    The files are those in `store` if it is given. The job's folder is that of --to, if given.
    """
    dataset, how = begun(console, talk, _ALL_AT_ONCE, store)
    job = machines.SharedJob(
        root=dataset.root,
        folder=talk.answer(ask.TO) or Path(),
        adjustment=inference.Adjustment(*map(talk.answer, (ask.VIVIDNESS, ask.RESTORE_CONTRAST, ask.REPAIR))),
        reading=how,
        takes_colour=talk.answer(ask.RECOLOR),
        has_hints=talk.answer(ask.HINTS_BESIDE),
    )
    return job, dataset, talk.answer(ask.CHECK_ONLY)


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
                f"{question.flag} takes all photos at once: leave it out with {ask.SHARD.flag} or {ask.CLUSTER.flag}."
            )
    if talk.has_flag(ask.SHARD) and talk.has_flag(ask.CLUSTER):
        raise WrongFlag(f"{ask.SHARD.flag} and {ask.CLUSTER.flag} are two ways; choose one of them.")
    if talk.has_flag(ask.SHARD) and not talk.has_flag(ask.TO):
        raise WrongFlag(f"{ask.SHARD.flag} needs {ask.TO.flag} FOLDER, the same for all parts.")


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
    made = kinds.pop(machines.FINE if only_checks else "", 0)
    if only_checks:
        console.inform(f"{counted(made, 'photo is', 'photos are')} fine; what was found is in {folder}.")
    else:
        console.inform(f"{counted(made, 'color photo is', 'color photos are')} in {folder}.")
    tell_kinds(console, kinds)
    failed = kinds.get(machines.FAILED, 0)
    if failed:
        raise ColorizeError(
            f"{counted(failed, 'photo')} could not be colorized; the manifest in {folder} says why. Once the cause is "
            "mended, the same command makes these."
        )


def tell_kinds(console: Console, kinds: Mapping[str, int], lack: str = "without a color photo") -> None:
    """Report how many files have no color photo, or no scores, by kind."""
    for kind, count in sorted(kinds.items(), key=lambda item: -item[1]):
        console.warn(f"{counted(count, 'file')} {lack}: {kind}.")


def evaluate_shard(console: Console, talk: Conversation) -> None:
    """Score one part of the photos, and report."""
    dataset, settings = shared_settings(console, talk)
    shard, folder, how = talk.answer(ask.SHARD), talk.answer(ask.TO), settings["reading"]
    start_tensorflow(console)
    network = load_existing(console, talk)
    job = machines.SharedEvaluation(
        root=dataset.root,
        folder=folder,
        colour_format=colour_format(dataset, how.limits),
        settings=settings,
        made_from=made_from(network.name, network.weights_digest, settings),
    )
    part = [str(photo.relative_to(dataset.root)) for photo in shard.of(dataset.files)]
    mark_folder(folder)
    left = machines.unscored(job, part, _PORTION)
    total = sum(map(len, left))
    tell_done_before(console, len(part) - total, len(part), f"part {shard}")
    done = 0
    try:
        with (
            console.progress("Evaluating", "photos") as progress,
            runs.appended(runs.journal_path(folder, runs.EVALUATION, shard)) as append,
        ):
            for portion in left:
                append(machines.evaluate_portion(job, network, portion))
                done += len(portion)
                progress(done, total)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Interrupted. {done:,} of {counted(total, 'photo')} of part {shard} are scored; the same command does the "
            "others."
        ) from None
    console.inform(f"The figures of part {shard} are in {folder}; once all are there, merge joins them.")


def shared_settings(console: Console, talk: Conversation) -> tuple[Dataset, dict[str, Any]]:
    """Return all files, unchecked, and how they are scored."""
    dataset, how = begun(console, talk, (ask.COUNT, ask.NAME, ask.KERNEL_DISTANCE, ask.REFERENCE))
    return dataset, {
        "batch_size": talk.answer(ask.BATCH_SIZE),
        "adjustment": inference.Adjustment(vividness=talk.flag_or_default(ask.VIVIDNESS)),
        "reading": how,
        "hints_per_photo": talk.answer(ask.HINTS_PER_PHOTO),
        "seed": talk.answer(ask.SEED),
    }


def made_from(model: str, weights: str, settings: dict) -> str:
    """Return an id of scores by this model with these settings; how photos are read does not affect it."""
    told = {name: value for name, value in settings.items() if name not in ("reading", "batch_size")}
    return hashlib.sha256(repr((model, weights, sorted(told.items()))).encode()).hexdigest()


def tell_joined(console: Console, folder: Path) -> None:
    """Join the evaluations in a folder, and report the scores. Raises ColorizeError."""
    joined = machines.join_evaluation(folder)
    tell_ignored(console, joined.ignored)
    tell_evaluation(console, joined.evaluation)
    tell_kinds(console, joined.left_out, "that was not scored")
    console.inform(f"Every photo's scores are in {joined.scores}; beside it, a drawing of the hues.")


def tell_ignored(console: Console, count: int) -> None:
    """Warn about incomplete or damaged lines."""
    if count:
        console.warn(f"{counted(count, 'line')} could not be used, torn or damaged: what they said counts as not done.")
