"""The journeys as conversations: ask, do, tell. What does the work lives in the rooms below and is imported when its
step begins, so that the first question never waits for TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from colorizer import questions as ask
from colorizer.choosing import HOME, cache_folder, choose_count, choose_counts, choose_dataset
from colorizer.console import on_kaggle, quiet_errors
from colorizer.conversation import Conversation
from colorizer.settings import AugmentationSettings, ColorizeError, DatasetSettings, ModelSettings, TrainingSettings

if TYPE_CHECKING:
    from colorizer.colorization import Adjustment
    from colorizer.dataset import Split
    from colorizer.evaluation import Evaluation
    from colorizer.model import Network
    from colorizer.results import Run
    from colorizer.training import EpochReport, TrainingRecord


def train_journey(talk: Conversation) -> None:
    """Colour photos in, a trained model out."""
    seed = talk.answer(ask.SEED)
    least = DatasetSettings.minimum_training_photos + DatasetSettings.minimum_test_photos
    check = choose_dataset(talk, for_training=True, least=least)
    split = choose_counts(talk, check, seed)
    start_tensorflow(talk)
    epochs = choose_epochs(talk, split)
    run = start_run(talk, ask.TRAIN)
    network, is_new = create_or_load(talk)
    look_at(talk, network, run)
    settings = TrainingSettings(
        epochs=epochs,
        batch_size=talk.answer(ask.BATCH_SIZE),
        learning_rate=talk.answer(ask.LEARNING_RATE),
        loss=talk.answer(ask.LOSS),
        schedule=talk.answer(ask.SCHEDULE),
        precision=talk.answer(ask.PRECISION),
        # Freezing spares an encoder the errors of a new decoder; a loaded network's has learned.
        frozen_epochs=talk.answer(ask.FROZEN_EPOCHS) if is_new or talk.has_flag(ask.FROZEN_EPOCHS) else 0,
        average=talk.answer(ask.AVERAGE),
        monitor=talk.answer(ask.MONITOR),
        seed=seed,
    )
    record = train_network(talk, network, split, settings, run)
    save_model(talk, network, run)
    evaluation = evaluate_network(talk, network, split.test, settings)
    save_record(network, split, settings, record, evaluation, run)
    show_graphs(talk, record, run)
    save_test_results(talk, network, split, check.root, run)


def colorize_journey(talk: Conversation) -> None:
    """Black-and-white photos in, colour photos out; raises ColorizeError at the end when some photos failed."""
    seed = talk.answer(ask.SEED)
    check = choose_dataset(talk, for_training=False, least=1)
    photos = choose_count(talk, check, seed)
    run = start_run(talk, ask.COLORIZE)
    start_tensorflow(talk)
    network = load_existing(talk)
    look_at(talk, network, run)
    adjustment = choose_adjustment(talk)
    _colorize_to_files(talk, network, photos, check.root, run, adjustment=adjustment)


def evaluate_journey(talk: Conversation) -> None:
    """Colour photos in, figures of how near a model comes to them out."""
    seed = talk.answer(ask.SEED)
    check = choose_dataset(talk, for_training=True, least=1)
    photos = choose_count(talk, check, seed)
    run = start_run(talk, ask.EVALUATE)
    start_tensorflow(talk)
    from colorizer.colorization import Adjustment

    network = load_existing(talk)
    look_at(talk, network, run)
    settings = TrainingSettings(batch_size=talk.answer(ask.BATCH_SIZE), seed=seed)
    adjustment = Adjustment(vividness=talk.flag_or_default(ask.VIVIDNESS))
    evaluation = evaluate_network(talk, network, photos, settings, adjustment)
    save_evaluation(talk, network, evaluation, adjustment, check.root, run)


def start_tensorflow(talk: Conversation) -> None:
    """Import TensorFlow, which takes a few seconds, and say on which device it computes."""
    import logging

    talk.console.inform("Starting TensorFlow…")
    logging.getLogger("absl").setLevel(logging.ERROR)  # where Keras calls .h5, the format people ask for, a legacy
    with quiet_errors():
        from colorizer.training import prepare_devices

        device = prepare_devices()
    talk.console.inform(f"The network runs on: {device}.")


def choose_epochs(talk: Conversation, split: Split) -> int:
    """Ask for the number of epochs, with the time one takes on this machine, measured.

    Which network it will be is asked later, so what is measured is the one the flags say, or the default.
    """
    if not talk.has_flag(ask.EPOCHS) and not talk.accept_defaults:
        from colorizer.model import build, load

        talk.console.inform("Measuring how fast this machine trains…")
        if talk.has_flag(ask.MODEL):
            network = load(talk.answer(ask.MODEL))
        else:
            architecture = talk.flags.get(ask.ARCHITECTURE.name, ModelSettings.architecture)
            network = build(_model_settings(talk, architecture))
        settings = TrainingSettings(
            epochs=1, batch_size=talk.answer(ask.BATCH_SIZE), precision=talk.answer(ask.PRECISION)
        )
        _tell_estimate(talk, network, split, settings)
    return talk.answer(ask.EPOCHS)


def create_or_load(talk: Conversation) -> tuple[Network, bool]:
    """Create a new network, or load one to continue from; say also whether it is new."""
    from colorizer.model import build

    if talk.has_flag(ask.MODEL) or talk.answer(ask.START) == "load":
        return load_existing(talk), False
    network = build(_model_settings(talk, talk.answer(ask.ARCHITECTURE)))
    talk.console.inform(
        f"Created {network.name} for {network.size} x {network.size} pixels, "
        f"{network.model.count_params():,} parameters."
    )
    return network, True


def load_existing(talk: Conversation) -> Network:
    """Load the model to use or to continue from; the one that ships with the program by default."""
    from colorizer.colorization import PRETRAINED

    return _loaded(talk, PRETRAINED)


def look_at(talk: Conversation, network: Network, run: Run) -> None:
    """Draw the model, print its summary, or neither."""
    from colorizer.model import draw, summary

    choice = talk.answer(ask.LOOK)
    if choice == "summary":
        talk.console.show(summary(network.model))
    elif choice == "drawing":
        path = run.models / "model.png"
        try:
            draw(network.model, path)
        except ColorizeError as error:
            talk.console.warn(str(error))
        else:
            talk.console.inform(f"The drawing is in {path}.")
            talk.console.picture(path)


def train_network(
    talk: Conversation, network: Network, split: Split, settings: TrainingSettings, run: Run
) -> TrainingRecord:
    """Train, showing every epoch."""
    from colorizer.batches import PhotoBatches
    from colorizer.training import replicas, train

    how = {"least": replicas(), "workers": talk.answer(ask.WORKERS), "cache_folder": cache_folder(talk)}
    augmentation = AugmentationSettings()
    learning = PhotoBatches(split.train, network.size, settings.batch_size, settings.seed, augmentation, **how)
    validation = PhotoBatches(split.validation, network.size, settings.batch_size, **how)
    _tell_estimate(talk, network, split, settings)
    with talk.console.progress(f"Epoch 1 of {settings.epochs}", "batches") as progress:

        def report(epoch: EpochReport) -> None:
            progress(epoch.batch, epoch.batches, f"Epoch {epoch.epoch} of {epoch.epochs}")
            if epoch.finished:
                figures = ", ".join(f"{name} {value:.4g}" for name, value in sorted(epoch.figures.items()))
                talk.console.inform(f"Epoch {epoch.epoch} of {epoch.epochs}: {figures}")

        record = train(network, learning, validation, settings, run.models / "best.h5", report)
    talk.console.inform(
        f"Trained for {_duration(record.seconds)} on {record.device}; the network is that of epoch {record.kept_epoch}."
    )
    return record


def evaluate_network(
    talk: Conversation,
    network: Network,
    photos: Sequence[Path],
    settings: TrainingSettings,
    adjustment: Adjustment | None = None,
) -> Evaluation:
    """Score colour photos and print each figure beside the gray baseline."""
    from colorizer.colorization import AS_MEANT
    from colorizer.evaluation import evaluate

    with talk.console.progress("Evaluating", "photos") as progress:
        result = evaluate(network, photos, settings, adjustment or AS_MEANT, talk.answer(ask.WORKERS), progress)
    rows = (
        ("PSNR (dB, more is nearer)", "psnr", "{:.2f}", ""),
        ("SSIM (1 is equal)", "ssim", "{:.4f}", "1.0000"),
        ("CIEDE2000 (less is nearer)", "ciede2000", "{:.2f}", "0.00"),
        ("colourfulness (0 is gray)", "colourfulness", "{:.1f}", f"{result.true_colourfulness:.1f}"),
    )
    talk.console.table(
        f"{len(photos)} photos: loss {result.loss:.5f}, accuracy {result.accuracy:.3f} "
        "(share of pixels whose strongest channel is right)",
        ("", "colorized", "left gray", "truth"),
        [
            (name, form.format(getattr(result.predicted, field)), form.format(getattr(result.gray, field)), truth)
            for name, field, form, truth in rows
        ],
    )
    return result


def save_model(talk: Conversation, network: Network, run: Run) -> None:
    """Save the whole model and its weights apart, before anything else can fail, unless they are not wanted."""
    from colorizer import model

    if talk.answer(ask.SAVE_MODEL):
        model.save(network.model, run.models / "model.h5")
        model.save_weights(network.model, run.models / "model.weights.h5")
        talk.console.inform(f"Saved the model and its weights in {run.models}.")
    (run.models / "best.h5").unlink(missing_ok=True)


def save_record(
    network: Network,
    split: Split,
    settings: TrainingSettings,
    record: TrainingRecord,
    evaluation: Evaluation,
    run: Run,
) -> None:
    """Save what was done and how well it went: beside the model if it was saved, else beside the results."""
    from importlib.metadata import version

    from colorizer.results import write_record

    write_record(
        (run.models if (run.models / "model.h5").is_file() else run.results) / "model.json",
        {
            "network": {"name": network.name, "size": network.size, "parameters": network.model.count_params()},
            "colour": "luma (BT.709) in [0, 1] to RGB in [0, 1], gamma-encoded",
            "photos": {"train": len(split.train), "validation": len(split.validation), "test": len(split.test)},
            "settings": asdict(settings),
            "training": asdict(record),
            "evaluation": asdict(evaluation),
            "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy", "pillow", "scikit-image")},
        },
    )


def show_graphs(talk: Conversation, record: TrainingRecord, run: Run) -> None:
    """Save the graphs, and show them to who wants to see them."""
    from colorizer.results import save_graphs

    path = save_graphs(record.history, run.results)
    talk.console.inform(f"The graphs of losses, accuracies and learning rate are in {path}.")
    if talk.answer(ask.SHOW_GRAPHS):
        talk.console.picture(path)


def save_test_results(talk: Conversation, network: Network, split: Split, root: Path, run: Run) -> None:
    """Save the test photos as the network colours them, and sheets beside the truth."""
    if talk.answer(ask.SAVE_RESULTS):
        _colorize_to_files(talk, network, split.test, root, run, with_truth=True)


def choose_adjustment(talk: Conversation) -> Adjustment:
    """Ask for what can be changed about the colours, of who wants to change it."""
    from colorizer.colorization import Adjustment

    is_said = talk.has_flag(ask.VIVIDNESS) or talk.has_flag(ask.RESTORE_CONTRAST)
    is_wanted = talk.answer(ask.ADJUST) if talk.has_flag(ask.ADJUST) or not is_said else False
    answer = talk.answer if is_wanted else talk.flag_or_default
    return Adjustment(answer(ask.VIVIDNESS), answer(ask.RESTORE_CONTRAST))


def save_evaluation(
    talk: Conversation, network: Network, evaluation: Evaluation, adjustment: Adjustment, root: Path, run: Run
) -> None:
    """Save every photo's scores as a table, and sheets of the photos that came out best and worst."""
    from colorizer.colorization import Failure, colorize_files
    from colorizer.results import COMPARED, SheetWriter, comparison, save_hues, save_scores
    from colorizer.settings import SHEET_ROWS

    table = save_scores(evaluation.photos, root, run)
    save_hues(evaluation.hues, run.results)
    sheets: list[Path] = []
    by_gain = sorted(evaluation.photos, key=lambda photo: photo.gain, reverse=True)
    for name, photos in (("best", by_gain[:SHEET_ROWS]), ("worst", by_gain[::-1][:SHEET_ROWS])):
        sheet = SheetWriter(run.results / name, COMPARED)
        gains = {photo.path: photo.gain for photo in photos}
        workers = talk.answer(ask.WORKERS)
        for outcome in colorize_files(network, list(gains), partial(comparison, COMPARED), adjustment, workers=workers):
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


def start_run(talk: Conversation, kind: str) -> Run:
    """Reserve this run's folders."""
    from colorizer.results import new_run

    output = talk.answer(ask.OUTPUT) or (Path("/kaggle/working") if on_kaggle() else HOME) / "OUTPUT"
    return new_run(output, kind)


def _model_settings(talk: Conversation, architecture: str) -> ModelSettings:
    weights = talk.answer(ask.ENCODER_WEIGHTS)
    return ModelSettings(
        architecture=architecture,
        size=talk.answer(ask.SIZE),
        filters=talk.answer(ask.FILTERS) or (),
        dropout=talk.answer(ask.DROPOUT),
        l2=talk.answer(ask.L2),
        head=talk.answer(ask.HEAD),
        temperature=talk.answer(ask.TEMPERATURE),
        encoder_weights=str(weights) if weights else "",
        seed=talk.answer(ask.SEED),
    )


def _tell_estimate(talk: Conversation, network: Network, split: Split, settings: TrainingSettings) -> None:
    from colorizer.training import seconds_per_photo

    # Validation is a forward pass only, about a third of a training step.
    photos = (len(split.train) + len(split.validation) / 3) * settings.epochs
    many = f"{settings.epochs} epochs take" if settings.epochs > 1 else "one epoch takes"
    duration = _duration(seconds_per_photo(network, settings) * photos)
    talk.console.inform(f"With {network.name} {many} about {duration} on this machine.")


def _loaded(talk: Conversation, default: Path) -> Network:
    """Load the model of the flag or the answer, asking again until one loads."""
    from colorizer.model import load

    while True:
        path = talk.answer(ask.MODEL, default=default)
        try:
            network = load(path)
        except ColorizeError as error:
            if talk.has_flag(ask.MODEL) or talk.accept_defaults:
                raise
            talk.console.warn(str(error))
            continue
        talk.console.inform(f"Loaded {path}, which works on {network.size} x {network.size} pixels.")
        return network


def _colorize_to_files(
    talk: Conversation,
    network: Network,
    photos: Sequence[Path],
    root: Path,
    run: Run,
    with_truth: bool = False,
    adjustment: Adjustment | None = None,
) -> None:
    from colorizer.colorization import AS_MEANT, Failure, colorize_files
    from colorizer.results import COMPARED, SheetWriter, save_picture

    columns = COMPARED if with_truth else COMPARED[1:]
    sheets, failures = SheetWriter(run.results / "sheets", columns), []
    save = partial(save_picture, run, root, columns)
    with talk.console.progress("Colorizing", "photos") as progress:
        outcomes = colorize_files(network, photos, save, adjustment or AS_MEANT, workers=talk.answer(ask.WORKERS))
        for done, outcome in enumerate(outcomes, 1):
            if isinstance(outcome, Failure):
                failures.append(outcome)
            else:
                sheets.add(str(outcome.path.relative_to(root)), outcome.delivered)
            progress(done, len(photos))
    paths = sheets.finish()
    talk.console.inform(
        f"{len(photos) - len(failures)} colour photos are in {run.results}, comparison sheets in {sheets.folder}."
    )
    if paths and talk.answer(ask.SHOW_RESULTS):
        talk.console.picture(paths[0])
    if failures:
        for failure in failures:
            talk.console.warn(failure.reason)
        raise ColorizeError(f"{len(failures)} of {len(photos)} photos could not be colorized; the others are done.")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, seconds):.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
