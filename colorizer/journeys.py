"""The journeys as conversations, each told from its first question to its last picture."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from colorizer import questions as ask
from colorizer import training_questions as ask_training
from colorizer.choosing import choose_count, choose_dataset, photo_limits
from colorizer.conversation import Conversation
from colorizer.deciding import decide, take_up
from colorizer.settings import ColorizeError, TrainingSettings
from colorizer.steps import (
    colorize_to_files,
    evaluate_network,
    load_existing,
    look_at,
    output_folder,
    start_run,
    start_tensorflow,
)
from colorizer.training_steps import (
    finish,
    save_model,
    save_record,
    save_test_results,
    show_graphs,
    told_how_to_go_on,
    train_network,
)

if TYPE_CHECKING:
    from colorizer.colorization import Adjustment
    from colorizer.evaluation import Evaluation
    from colorizer.model import Network
    from colorizer.results import Run


def train_journey(talk: Conversation) -> None:
    """Colour photos in, a trained model out; or an interrupted training taken up and brought to its end."""
    run, plan, network = take_up(talk) if talk.has_flag(ask_training.RESUME) else decide(talk)
    with told_how_to_go_on(run):
        record = train_network(talk, network, plan, run)
        save_model(talk, network, run)
        evaluation = evaluate_network(talk, network, plan.split.test, plan.settings)
        save_record(network, plan, record, evaluation, run)
        show_graphs(talk, plan, record, run)
        save_test_results(talk, network, plan, run)
        finish(run)


def colorize_journey(talk: Conversation) -> None:
    """Black-and-white photos in, colour photos out; raises ColorizeError at the end when some photos failed."""
    seed = talk.answer(ask.SEED)
    check = choose_dataset(talk, for_training=False, least=1)
    photos = choose_count(talk, check, seed)
    with start_run(talk, ask.COLORIZE) as run:
        start_tensorflow(talk)
        network = load_existing(talk)
        look_at(talk, network, run)
        adjustment = choose_adjustment(talk)
        target = choose_results(talk, run, network, check.root, adjustment)
        colorize_to_files(talk, network, photos, check.root, target, adjustment=adjustment)


def evaluate_journey(talk: Conversation) -> None:
    """Colour photos in, figures of how near a model comes to them out."""
    seed = talk.answer(ask.SEED)
    check = choose_dataset(talk, for_training=True, least=1)
    photos = choose_count(talk, check, seed)
    with start_run(talk, ask.EVALUATE) as run:
        start_tensorflow(talk)
        from colorizer.colorization import Adjustment

        network = load_existing(talk)
        look_at(talk, network, run)
        settings = TrainingSettings(batch_size=talk.answer(ask.BATCH_SIZE), seed=seed)
        adjustment = Adjustment(vividness=talk.flag_or_default(ask.VIVIDNESS))
        evaluation = evaluate_network(talk, network, photos, settings, adjustment)
        save_evaluation(talk, network, evaluation, adjustment, check.root, run)


def choose_adjustment(talk: Conversation) -> Adjustment:
    """Ask for what can be changed about the colours, of who wants to change it."""
    from colorizer.colorization import Adjustment

    is_said = talk.has_flag(ask.VIVIDNESS) or talk.has_flag(ask.RESTORE_CONTRAST)
    is_wanted = talk.answer(ask.ADJUST) if talk.has_flag(ask.ADJUST) or not is_said else False
    answer = talk.answer if is_wanted else talk.flag_or_default
    return Adjustment(answer(ask.VIVIDNESS), answer(ask.RESTORE_CONTRAST))


def choose_results(talk: Conversation, run: Run, network: Network, root: Path, adjustment: Adjustment) -> Run:
    """Return the run to write into: the new one, or with --skip-existing an earlier one made in the same way."""
    from colorizer.results import MADE, earlier_run, write_record

    weights = hashlib.sha256(b"".join(weight.tobytes() for weight in network.model.get_weights())).hexdigest()
    made = {"photos": str(root.resolve()), "model": network.name, "weights": weights, **asdict(adjustment)}
    earlier = earlier_run(output_folder(talk), ask.COLORIZE, made) if talk.answer(ask.SKIP_EXISTING) else None
    if earlier:
        return earlier
    write_record(run.results / MADE, made)
    return run


def save_evaluation(
    talk: Conversation, network: Network, evaluation: Evaluation, adjustment: Adjustment, root: Path, run: Run
) -> None:
    """Save every photo's scores as a table, and sheets of the photos that came out best and worst."""
    from colorizer.colorization import Failure, colorize_files
    from colorizer.graphs import save_hues
    from colorizer.results import save_scores
    from colorizer.settings import SHEET_ROWS
    from colorizer.sheets import COMPARED, SheetWriter, comparison

    table = save_scores(evaluation.photos, root, run)
    save_hues(evaluation.hues, run.results)
    sheets: list[Path] = []
    by_gain = sorted(evaluation.photos, key=lambda photo: photo.gain, reverse=True)
    for name, photos in (("best", by_gain[:SHEET_ROWS]), ("worst", by_gain[::-1][:SHEET_ROWS])):
        sheet = SheetWriter(run.results / name, COMPARED)
        gains = {photo.path: photo.gain for photo in photos}
        how = (adjustment, photo_limits(talk), talk.answer(ask.WORKERS))
        for outcome in colorize_files(network, list(gains), partial(comparison, COMPARED), *how):
            if isinstance(outcome, Failure):
                raise ColorizeError(outcome.reason)
            title = f"{outcome.path.relative_to(root)}: {gains[outcome.path]:+.2f} dB over gray"
            sheet.add(title, outcome.delivered)
        sheets += sheet.finish()
    talk.console.inform(
        f"Every photo's scores are in {table}; beside it, a drawing of the hues and sheets of the best and the worst."
    )
    if talk.answer(ask.SHOW_RESULTS):
        talk.console.picture(sheets[0])
