"""The journeys as conversations: ask, do, tell. What does the work lives in the rooms below and is imported when its
step begins, so that the first question never waits for TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from colorizer import questions as ask
from colorizer.console import WrongAnswer, on_kaggle, quiet_errors
from colorizer.conversation import Conversation
from colorizer.settings import AugmentationSettings, ColorizeError, DatasetSettings, ModelSettings, TrainingSettings

if TYPE_CHECKING:
    from colorizer.dataset import DatasetCheck, Split
    from colorizer.evaluation import Evaluation
    from colorizer.model import Network
    from colorizer.results import Run
    from colorizer.training import EpochReport, TrainingRecord

COMPARED = ("original colour", "predicted colour", "grayscale")
"""Columns of a comparison sheet; where there is no colour truth, the last two."""

HOME = Path(__file__).resolve().parent.parent
"""Where colorize.py, dataset/ and OUTPUT/ lie."""


def train_journey(talk: Conversation) -> None:
    """Colour photos in, a trained model out."""
    seed = talk.answer(ask.SEED)
    check = choose_dataset(talk, for_training=True)
    split = choose_counts(talk, check, seed)
    start_tensorflow(talk)
    epochs = choose_epochs(talk, split)
    run = start_run(talk, ask.TRAIN)
    network = create_or_load(talk)
    look_at(talk, network, run)
    settings = TrainingSettings(
        epochs=epochs,
        batch_size=talk.answer(ask.BATCH_SIZE),
        learning_rate=talk.answer(ask.LEARNING_RATE),
        loss=talk.answer(ask.LOSS),
        schedule=talk.answer(ask.SCHEDULE),
        precision=talk.answer(ask.PRECISION),
        monitor=talk.answer(ask.MONITOR),
        seed=seed,
    )
    record = train_network(talk, network, split, settings, run)
    evaluation = evaluate_network(talk, network, split, settings)
    save_model(talk, network, split, settings, record, evaluation, run)
    show_graphs(talk, record, run)
    save_test_results(talk, network, split, check.root, run)


def colorize_journey(talk: Conversation) -> None:
    """Black-and-white photos in, colour photos out; raises ColorizeError at the end when some photos failed."""
    seed = talk.answer(ask.SEED)
    check = choose_dataset(talk, for_training=False)
    photos = choose_count(talk, check, seed)
    run = start_run(talk, ask.COLORIZE)
    start_tensorflow(talk)
    network = load_for_colorizing(talk)
    look_at(talk, network, run)
    colorize_chosen(talk, network, photos, check.root, run)


def choose_dataset(talk: Conversation, for_training: bool) -> DatasetCheck:
    """Ask for photos until there are enough fine ones."""
    least = DatasetSettings.minimum_training_photos + DatasetSettings.minimum_test_photos if for_training else 1
    while True:
        source = _unpacked(talk, _source(talk, for_training))
        _explain_rules(talk, for_training)
        check = _checked(talk, source, for_training)
        if len(check.fine) >= least:
            return check
        sentence = f"{len(check.fine)} fine photos in {source} are too few: at least {least} are needed."
        if talk.has_flag(ask.DATASET) or talk.accept_defaults:
            raise ColorizeError(f"{sentence} Choose another dataset with {ask.DATASET.flag}.")
        talk.console.warn(f"{sentence} Choose another dataset.")


def start_tensorflow(talk: Conversation) -> None:
    """Import TensorFlow, which takes a few seconds, and say on which device it computes."""
    import logging

    talk.console.inform("Starting TensorFlow…")
    logging.getLogger("absl").setLevel(logging.ERROR)  # where Keras calls .h5, the format people ask for, a legacy
    with quiet_errors():
        from colorizer.training import prepare_devices

        device = prepare_devices()
    talk.console.inform(f"The network runs on: {device}.")


def choose_counts(talk: Conversation, check: DatasetCheck, seed: int) -> Split:
    """Ask how many photos to train with and to test on, and divide them."""
    from colorizer.dataset import split_photos

    there, limits = len(check.fine), DatasetSettings(seed=seed)
    share = max(limits.minimum_test_photos, round(there * limits.default_test_share))
    if talk.has_flag(ask.TEST_COUNT) and not talk.has_flag(ask.TRAIN_COUNT):
        default_test = talk.flags[ask.TEST_COUNT.name]
    else:
        default_test = min(limits.maximum_default_test, share)

    def leaves_a_test(count: int) -> None:
        if count > there - limits.minimum_test_photos:
            raise WrongAnswer(
                f"{count} is too large: the most is {there - limits.minimum_test_photos}, as there are {there} fine "
                f"photos and at least {limits.minimum_test_photos} is tested on."
            )

    def fits(count: int) -> None:
        if train_count + count > there:
            raise WrongAnswer(
                f"{train_count} photos to train with and {count} to test on make {train_count + count}, "
                f"but there are {there} fine photos."
            )

    least = limits.minimum_training_photos
    train_count = talk.answer(ask.TRAIN_COUNT, default=max(least, there - default_test), check=leaves_a_test)
    test_count = talk.answer(ask.TEST_COUNT, default=min(default_test, there - train_count), check=fits)
    split = split_photos(check.fine, train_count, test_count, limits)
    talk.console.inform(
        f"{len(split.train)} photos to learn from, {len(split.validation)} to validate with, "
        f"{len(split.test)} to test on."
    )
    return split


def choose_epochs(talk: Conversation, split: Split) -> int:
    """Ask for the number of epochs, with the time one takes on this machine, measured."""
    if not talk.has_flag(ask.EPOCHS) and not talk.accept_defaults:
        from colorizer.model import build

        talk.console.inform("Measuring how fast this machine trains…")
        network = build(ModelSettings(size=talk.answer(ask.SIZE)))
        _tell_estimate(talk, network, split, TrainingSettings(epochs=1, batch_size=talk.answer(ask.BATCH_SIZE)))
    return talk.answer(ask.EPOCHS)


def create_or_load(talk: Conversation) -> Network:
    """Create a new network, or load one to continue from."""
    from colorizer.model import build
    from colorizer.training import strategy

    with strategy().scope():
        if talk.has_flag(ask.MODEL) or talk.answer(ask.START) == "load":
            return _loaded(talk)
        weights = talk.answer(ask.ENCODER_WEIGHTS)
        network = build(
            ModelSettings(
                architecture=talk.answer(ask.ARCHITECTURE),
                size=talk.answer(ask.SIZE),
                filters=talk.answer(ask.FILTERS) or (),
                dropout=talk.answer(ask.DROPOUT),
                l2=talk.answer(ask.L2),
                encoder_weights=str(weights) if weights else "",
                seed=talk.answer(ask.SEED),
            )
        )
    talk.console.inform(
        f"Created {network.name} for {network.size} x {network.size} pixels, "
        f"{network.model.count_params():,} parameters."
    )
    return network


def load_for_colorizing(talk: Conversation) -> Network:
    """Load the model to colorize with; the one that ships with the program by default."""
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
    from colorizer.training import train

    how = {"workers": talk.answer(ask.WORKERS), "cache_folder": _cache_folder(talk)}
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


def evaluate_network(talk: Conversation, network: Network, split: Split, settings: TrainingSettings) -> Evaluation:
    """Score the test photos and print each figure beside the gray baseline."""
    from colorizer.evaluation import evaluate

    with talk.console.progress("Evaluating", "photos") as progress:
        result = evaluate(network, split.test, settings, progress)
    predicted, gray = result.predicted, result.gray
    talk.console.table(
        f"{result.photos} test photos: loss {result.loss:.5f}, accuracy {result.accuracy:.3f} "
        "(share of pixels whose strongest channel is right)",
        ("", "colorized", "left gray", "truth"),
        (
            ("PSNR (dB, more is nearer)", f"{predicted.psnr:.2f}", f"{gray.psnr:.2f}", ""),
            ("CIEDE2000 (less is nearer)", f"{predicted.ciede2000:.2f}", f"{gray.ciede2000:.2f}", "0.00"),
            (
                "colourfulness (0 is gray)",
                f"{predicted.colourfulness:.1f}",
                f"{gray.colourfulness:.1f}",
                f"{result.true_colourfulness:.1f}",
            ),
        ),
    )
    return result


def save_model(
    talk: Conversation,
    network: Network,
    split: Split,
    settings: TrainingSettings,
    record: TrainingRecord,
    evaluation: Evaluation,
    run: Run,
) -> None:
    """Save the whole model, its weights apart and its record."""
    from importlib.metadata import version

    from colorizer import model, results

    if not talk.answer(ask.SAVE_MODEL):
        return
    model.save(network.model, run.models / "model.h5")
    model.save_weights(network.model, run.models / "model.weights.h5")
    results.write_record(
        run.models / "model.json",
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
    (run.models / "best.h5").unlink(missing_ok=True)
    talk.console.inform(f"Saved the model, its weights and its record in {run.models}.")


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
        _colorize_to_files(talk, network, split.test, root, run, COMPARED)


def choose_count(talk: Conversation, check: DatasetCheck, seed: int) -> tuple[Path, ...]:
    """Ask how many photos to colorize and choose them."""
    from colorizer.dataset import choose_photos

    there = len(check.fine)

    def is_there(count: int) -> None:
        if count > there:
            raise WrongAnswer(f"{count} is too large: the most is {there}, the number of fine photos.")

    return choose_photos(check.fine, talk.answer(ask.COUNT, default=there, check=is_there), seed)


def colorize_chosen(talk: Conversation, network: Network, photos: Sequence[Path], root: Path, run: Run) -> None:
    """Colorize every photo under its own name and make sheets of them."""
    _colorize_to_files(talk, network, photos, root, run, COMPARED[1:])


def start_run(talk: Conversation, kind: str) -> Run:
    """Reserve this run's folders."""
    from colorizer.results import new_run

    output = talk.answer(ask.OUTPUT) or (Path("/kaggle/working") if on_kaggle() else HOME) / "OUTPUT"
    return new_run(output, kind)


def _source(talk: Conversation, for_training: bool) -> Path:
    from colorizer.dataset import fill_default_dataset

    if talk.has_flag(ask.DATASET):
        return talk.answer(ask.DATASET)
    folder = HOME / "dataset" / ("color" if for_training else "bw")
    if talk.answer(ask.USE_DEFAULT_DATASET, folder=folder):
        try:
            return fill_default_dataset(folder, for_training)
        except ColorizeError as error:
            if talk.accept_defaults:
                raise
            talk.console.warn(str(error))
    return talk.answer(ask.DATASET)


def _unpacked(talk: Conversation, source: Path) -> Path:
    from colorizer.dataset import is_archive, unpack

    if not is_archive(source):
        return source
    target = talk.answer(ask.UNPACK_TO, default=source.with_suffix(""), archive=source)
    with talk.console.progress("Unpacking", "files") as progress:
        folder = unpack(source, target, progress)
    talk.console.inform(f"Unpacked into {folder}.")
    return folder


def _explain_rules(talk: Conversation, for_training: bool) -> None:
    if for_training:
        talk.console.inform(
            "The photos are checked now. Left out are: files that are no photo or cannot be decoded to the last pixel; "
            "photos without colour, since there is nothing to learn from them; and photos of another colour format "
            "than the first usable one (RGB or RGBA)."
        )
    else:
        talk.console.inform(
            "The photos are checked now. Every photographic format is welcome; left out are only files that are no "
            "photo or cannot be decoded to the last pixel."
        )


def _checked(talk: Conversation, source: Path, for_training: bool) -> DatasetCheck:
    from colorizer.dataset import check_photos, find_files

    dataset = find_files(source)
    hidden = f" ({dataset.hidden} hidden ones left out)" if dataset.hidden else ""
    talk.console.inform(f"Found {len(dataset.files)} files in {source}{hidden}.")
    with talk.console.progress("Checking", "files") as progress:
        check = check_photos(
            dataset,
            for_training,
            workers=talk.answer(ask.WORKERS),
            cache_folder=_cache_folder(talk),
            progress=progress,
        )
    if check.unreadable:
        talk.console.warn(f"{len(check.unreadable)} files are unreadable.")
        if talk.answer(ask.SHOW_UNREADABLE):
            for _, reason in check.unreadable:
                talk.console.warn(f"  {reason}")
    if check.wrong_format:
        talk.console.warn(f"{len(check.wrong_format)} photos are of a wrong colour format: not {check.colour_format}.")
        if talk.answer(ask.SHOW_WRONG_FORMAT):
            for path, found in check.wrong_format:
                talk.console.warn(f"  {path}: {found}")
    form = f", all {check.colour_format}" if check.colour_format and check.fine else ""
    talk.console.inform(f"{len(check.fine)} photos are fine{form}.")
    return check


def _cache_folder(talk: Conversation) -> Path | None:
    """Where to keep what need not be done twice; None where nothing shall be kept."""
    folder = talk.answer(ask.CACHE) or Path.home() / ".cache" / "colorizer"
    return None if str(folder) == "none" else folder


def _tell_estimate(talk: Conversation, network: Network, split: Split, settings: TrainingSettings) -> None:
    from colorizer.training import seconds_per_photo

    # Validation is a forward pass only, about a third of a training step.
    photos = (len(split.train) + len(split.validation) / 3) * settings.epochs
    many = f"{settings.epochs} epochs take" if settings.epochs > 1 else "one epoch takes"
    duration = _duration(seconds_per_photo(network, settings) * photos)
    talk.console.inform(f"With {network.name} {many} about {duration} on this machine.")


def _loaded(talk: Conversation, default: Path | None = None) -> Network:
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
    talk: Conversation, network: Network, photos: Sequence[Path], root: Path, run: Run, columns: tuple[str, ...]
) -> None:
    from colorizer.colorization import Failure, colorize_files
    from colorizer.results import SheetWriter, save_picture

    sheets, failures = SheetWriter(run.results / "sheets", columns), []
    with talk.console.progress("Colorizing", "photos") as progress:
        outcomes = colorize_files(
            network, photos, partial(save_picture, run, root, columns), workers=talk.answer(ask.WORKERS)
        )
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
