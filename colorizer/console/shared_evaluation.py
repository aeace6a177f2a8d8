"""An evaluation shared by several processes: one part of the photos, or all of them on a cluster."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from colorizer import inference, runs
from colorizer.console.model import load_existing, start_tensorflow
from colorizer.console.shared import begun, tell_done_before
from colorizer.console.terminal import Console
from colorizer.console.wording import counted
from colorizer.conversation import evaluation_questions as ask_evaluation
from colorizer.conversation import questions as ask
from colorizer.conversation import shared_questions as ask_shared
from colorizer.conversation.conversation import Conversation
from colorizer.dataset import colour_format
from colorizer.errors import Interrupted
from colorizer.marks import mark_folder

if TYPE_CHECKING:
    from colorizer.dataset import Dataset

_PORTION = 256
"""Number of photos scored together; each group compiles the network again."""


def evaluate_shard(console: Console, talk: Conversation) -> None:
    """Score one part of the photos, and report."""
    dataset, settings = shared_settings(console, talk)
    shard, folder, how = talk.answer(ask_shared.SHARD), talk.answer(ask.TO), settings["reading"]
    start_tensorflow(console)
    network = load_existing(console, talk)
    job = runs.SharedEvaluation(
        root=dataset.root,
        folder=folder,
        colour_format=colour_format(dataset, how.limits),
        settings=settings,
        made_from=made_from(network.name, network.weights_digest, settings),
    )
    part = [str(photo.relative_to(dataset.root)) for photo in shard.of(dataset.files)]
    mark_folder(folder)
    left = runs.unscored(job, part, _PORTION)
    total = sum(map(len, left))
    tell_done_before(console, len(part) - total, len(part), f"part {shard}")
    done = 0
    try:
        with (
            console.progress("Evaluating", "photos") as progress,
            runs.appended(runs.journal_path(folder, runs.EVALUATION, shard)) as append,
        ):
            for portion in left:
                append(runs.evaluate_portion(job, network, portion))
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
    dataset, how = begun(console, talk, (ask.COUNT, ask.NAME, ask_evaluation.KERNEL_DISTANCE))
    return dataset, {
        "batch_size": talk.answer(ask.BATCH_SIZE),
        "adjustment": inference.Adjustment(vividness=talk.flag_or_default(ask.VIVIDNESS)),
        "reading": how,
        "hints_per_photo": talk.answer(ask_evaluation.HINTS_PER_PHOTO),
        "seed": talk.answer(ask.SEED),
    }


def made_from(model: str, weights: str, settings: dict) -> str:
    """Return an id of scores by this model with these settings; how photos are read does not affect it."""
    told = {name: value for name, value in settings.items() if name not in ("reading", "batch_size")}
    return hashlib.sha256(repr((model, weights, sorted(told.items()))).encode()).hexdigest()
