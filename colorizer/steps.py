"""Steps that several journeys share: ask, do, tell.

What does the work lives in the rooms below and is imported when its step begins: the first question never waits for
TensorFlow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from colorizer import questions as ask
from colorizer.choosing import HOME, photo_limits
from colorizer.console import on_kaggle, quiet_errors
from colorizer.conversation import Conversation
from colorizer.settings import ColorizeError, Interrupted, TrainingSettings

if TYPE_CHECKING:
    from colorizer.colorization import Adjustment
    from colorizer.evaluation import Evaluation
    from colorizer.model import Network
    from colorizer.results import Run


def start_tensorflow(talk: Conversation) -> None:
    """Import TensorFlow, which takes a few seconds, and say on which device it computes."""
    import logging

    talk.console.inform("Starting TensorFlow…")
    logging.getLogger("absl").setLevel(logging.ERROR)  # where Keras calls .h5, the format people ask for, a legacy
    with quiet_errors():
        from colorizer.devices import prepare_devices

        device = prepare_devices()
    talk.console.inform(f"The network runs on: {device}.")


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
        how = (talk.answer(ask.WORKERS), progress, photo_limits(talk))
        result = evaluate(network, photos, settings, adjustment or AS_MEANT, *how)
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


@contextmanager
def start_run(talk: Conversation, kind: str) -> Iterator[Run]:
    """Reserve this run's folders, and give them back if nothing is written into them inside the block."""
    from colorizer.results import new_run, release_run

    run = new_run(output_folder(talk), kind)
    try:
        yield run
    finally:
        release_run(run)


def output_folder(talk: Conversation) -> Path:
    """Return the folder that holds every run."""
    return talk.answer(ask.OUTPUT) or (Path("/kaggle/working") if on_kaggle() else HOME) / "OUTPUT"


def colorize_to_files(
    talk: Conversation,
    network: Network,
    photos: Sequence[Path],
    root: Path,
    run: Run,
    with_truth: bool = False,
    adjustment: Adjustment | None = None,
) -> None:
    """Colorize photos into the run's results, with sheets; raise ColorizeError at the end when some photos failed.

    Photos that are in colour there already, because the run is gone on with, are left out.
    """
    from colorizer.colorization import AS_MEANT, Failure, colorize_files
    from colorizer.results import SHEETS, picture_paths, save_picture
    from colorizer.sheets import COMPARED, SheetWriter

    columns = COMPARED if with_truth else COMPARED[1:]
    paths = picture_paths(run, root, photos, photo_limits(talk))
    photos = [photo for photo in photos if not paths[photo].exists()]
    if len(photos) < len(paths):
        talk.console.inform(f"{len(paths) - len(photos)} of {len(paths)} photos are in {run.results} already.")
    again = f"the same command with {ask.SKIP_EXISTING.flag} makes"
    if with_truth:
        again = "taking the training up again makes"
    sheets, failures, done = SheetWriter(run.results / SHEETS, columns), [], 0
    save = partial(save_picture, paths, columns)
    try:
        how = (adjustment or AS_MEANT, photo_limits(talk), talk.answer(ask.WORKERS))
        with (
            talk.console.progress("Colorizing", "photos") as progress,
            closing(colorize_files(network, photos, save, *how)) as outcomes,
        ):
            for outcome in outcomes:
                if isinstance(outcome, Failure):
                    failures.append(outcome)
                else:
                    sheets.add(str(outcome.path.relative_to(root)), outcome.delivered)
                done += 1
                progress(done, len(photos))
        sheet_paths = sheets.finish()
    except (KeyboardInterrupt, ColorizeError) as stopped:
        complete = sum(path.exists() for path in paths.values())
        so_far = f"{complete} of {len(paths)} colour photos are complete in {run.results}; {again} the others."
        if isinstance(stopped, KeyboardInterrupt):
            raise Interrupted(f"Interrupted. {so_far}") from None
        raise ColorizeError(f"{stopped} {so_far}") from stopped
    talk.console.inform(
        f"{len(photos) - len(failures)} colour photos are in {run.results}, comparison sheets in {sheets.folder}."
    )
    if sheet_paths and talk.answer(ask.SHOW_RESULTS):
        talk.console.picture(sheet_paths[0])
    if failures:
        for failure in failures:
            talk.console.warn(failure.reason)
        raise ColorizeError(
            f"{len(failures)} of {len(photos)} photos could not be colorized; the others are done. Once the cause is "
            f"mended, {again} these."
        )


def duration(seconds: float) -> str:
    """Return a duration in words a person would use."""
    if seconds < 90:
        return f"{max(1, seconds):.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


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
