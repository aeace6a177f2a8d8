"""Colorize, check or score photos on a cluster; names and the manifest are handled here, everything else there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from colorizer import cluster, runs
from colorizer import network as networks
from colorizer.console.merge import tell_joined
from colorizer.console.model import model_path
from colorizer.console.places import output_folder
from colorizer.console.shared import portions, shared_job, tell_done_before, tell_made
from colorizer.console.shared_evaluation import made_from, shared_settings
from colorizer.console.terminal import Console
from colorizer.console.wording import counted
from colorizer.conversation import questions as ask
from colorizer.conversation import shared_questions as ask_shared
from colorizer.conversation.conversation import Conversation
from colorizer.dataset import colour_format
from colorizer.errors import ColorizeError, Interrupted
from colorizer.files import remove_unfinished
from colorizer.marks import mark_folder

_PORTION = 32
"""Number of photos sent to a worker at a time: enough to keep the overhead small, and few enough that little work is
repeated if a worker dies.
"""
_SCORED = 256
"""Number of photos scored together; each group compiles the network again."""


def colorize_by_cluster(console: Console, talk: Conversation) -> None:
    """Colorize or only check all photos on a cluster, and report. Raises ColorizeError if some failed."""
    job, dataset, only_checks = shared_job(console, talk)
    kind, task = (runs.CHECK, "check") if only_checks else (runs.MANIFEST, "colorize")
    with cluster.connected(talk.answer(ask_shared.CLUSTER), job.reading.workers):
        sharing = cluster.Sharing(_model(talk), job.reading.cache_folder, has_network=not only_checks)
        about = sharing.about()
        if not only_checks:
            console.inform(f"Loaded {about.model} on the workers; the network runs on: {about.device}.")
        job = replace(job, folder=_folder(talk, ask.COLORIZE, job, about).absolute())
        if only_checks:
            mark_folder(job.folder)
            named = [(str(photo.relative_to(job.root)), "") for photo in dataset.files]
        else:
            runs.begin(job, about.model, about.weights)
            named = runs.named_photos(job, dataset.files, dataset.files)
        left = runs.remaining(job, named, kind)
        tell_done_before(console, len(named) - len(left), len(named), "all")
        kinds: Counter[str] = Counter()

        def count(records: Sequence[dict[str, Any]]) -> int:
            kinds.update(record.get("kind", "") for record in records)
            return len(records)

        _share_out(
            console,
            "Checking" if only_checks else "Colorizing",
            partial(sharing.work, task, job, portions(left, _PORTION)),
            runs.journal_path(job.folder, kind),
            count,
            len(left),
            lambda photo: [runs.given_up(job, photo).record()],
        )
    runs.merge_manifest(job.folder, kind)
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


def _folder(talk: Conversation, kind: str, job: runs.SharedJob, about: cluster.About) -> Path:
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
    with cluster.connected(talk.answer(ask_shared.CLUSTER), reading.workers):
        sharing = cluster.Sharing(_model(talk), reading.cache_folder)
        about = sharing.about()
        job = runs.SharedEvaluation(
            dataset.root,
            folder.absolute(),
            colour_format(dataset, reading.limits),
            settings,
            made_from(about.model, about.weights, settings),
        )
        mark_folder(job.folder)
        photos = [str(photo.relative_to(dataset.root)) for photo in dataset.files]
        left = runs.unscored(job, photos, _SCORED)
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
