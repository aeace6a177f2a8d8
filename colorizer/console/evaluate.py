"""The command `evaluate`: score a model on color photos."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from colorizer import inference, runs
from colorizer import network as networks
from colorizer.console.messages import (
    ask_for_more,
    counted,
    given_references,
    output_folder,
    reading,
    run_name,
    short,
    show_pictures,
    tell_evaluation,
)
from colorizer.console.model import load_existing, look_at, refuse_unknown_model, start_tensorflow
from colorizer.console.photos import choose_dataset
from colorizer.console.shared import evaluate_by_cluster, evaluate_shard
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation, WrongFlag, ask_count
from colorizer.errors import ColorizeError, MissingWeights
from colorizer.packages import refuse_without
from colorizer.settings import IMAGENET_WEIGHTS

if TYPE_CHECKING:
    import keras


def evaluate_command(console: Console, talk: Conversation) -> None:
    """Ask, score and report."""
    refuse_without("train", "Evaluating")
    refuse_unknown_model(talk)
    for flag, share_out in ((ask.CLUSTER, evaluate_by_cluster), (ask.SHARD, evaluate_shard)):
        if talk.has_flag(flag):
            share_out(console, talk)
            return
    if talk.has_flag(ask.TO):
        raise WrongFlag(f"{ask.TO.flag} goes with {ask.SHARD.flag} or {ask.CLUSTER.flag}; leave it out.")
    name = talk.do(partial(run_name, talk))  # once, because the run then exists under this name
    seed, how = talk.answer(ask.SEED), reading(talk)
    references = given_references(console, talk, how)
    check = choose_dataset(console, talk, for_training=True, least=1, reading=how)
    ask_for_more(talk)
    photos = ask_count(talk, check.fine, seed)
    run = talk.hold(ask.EVALUATE, partial(runs.reserved_run, output_folder(talk), ask.EVALUATE, name))
    console.inform(f"The scores will be saved in {short(run.results)}.")
    start_tensorflow(console)
    network = load_existing(console, talk)
    look_at(console, talk, network, run.drawing)
    tell_learned_from(console, network.path, photos)
    network = inference.with_references(network, references) if references else network
    adjustment = inference.Adjustment(vividness=talk.flag_or_default(ask.VIVIDNESS))
    job = runs.EvaluateJob(
        network,
        photos,
        check.root,
        run,
        talk.answer(ask.BATCH_SIZE),
        adjustment=adjustment,
        reading=how,
        hints_per_photo=talk.answer(ask.HINTS_PER_PHOTO),
        seed=seed,
        features=_features(talk),
    )
    talk.settle()
    with console.progress("Evaluating", "photos") as progress:
        evaluation = runs.score_photos(job, progress)
    tell_evaluation(console, evaluation)
    console.inform("Drawing comparison sheets, which takes a few seconds…")
    saved = runs.save_evaluation(job, evaluation)
    console.inform(
        f"Every photo's scores are in {short(saved.scores)}. Next to it are a chart of the hues and sheets of the best "
        "and the worst photos."
    )
    show_pictures(console, talk, ask.SHOW_RESULTS, saved.best[:1])


def _features(talk: Conversation) -> keras.Model | None:
    """Build the model whose features compare photos as a set, if requested."""
    if not talk.answer(ask.KERNEL_DISTANCE):
        return None
    weights = talk.flag_or_default(ask.ENCODER_WEIGHTS)
    weights = None if weights == IMAGENET_WEIGHTS else weights
    try:
        return networks.photo_features("" if weights is None else str(weights))
    except MissingWeights as error:
        flag = ask.ENCODER_WEIGHTS.flag
        raise ColorizeError(f"{error} Give a file with {flag}, or leave out {ask.KERNEL_DISTANCE.flag}.") from error


def tell_learned_from(console: Console, model: Path | None, photos: Sequence[Path]) -> None:
    """Warn if photos are among those a model was trained on, since their scores do not carry over to other photos."""
    known = runs.learned_from(model, photos) if model else 0
    if known:
        are = "is" if known == 1 else "are"
        console.warn(
            f"{known:,} of {counted(len(photos), 'photo')} {are} among those this model learned from: the figures "
            "flatter it."
        )
