"""What commands report: numbers, folders and commands in words, skipped photos, scores, and advice on errors."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from colorizer import inference, runs
from colorizer.console.terminal import Console, in_notebook, on_kaggle
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation
from colorizer.conversation.question import FILM, Question, WrongAnswer
from colorizer.dataset import Dataset, DatasetCheck
from colorizer.errors import ColorizeError, Diverged, MissingWeights, NoRoomToUnpack, OutOfMemory, TrainingFinished
from colorizer.files import is_file
from colorizer.photos.formats import VIDEO, kind_of
from colorizer.photos.reading import is_written_whole
from colorizer.settings import DatasetSettings, PhotoLimits, Reading
from colorizer.training import outlook_of, said_of_gradients

if TYPE_CHECKING:
    from colorizer.evaluation import Evaluation, PhotoScores
    from colorizer.inference import References
    from colorizer.runs import TrainJob
    from colorizer.training import TrainingRecord


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with what it counts: "1 photo", "2,000 photos"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Return a duration in rounded seconds, minutes or hours."""
    if seconds < 90:
        return counted(max(1, round(seconds)), "second")
    if seconds < 5400:
        return counted(round(seconds / 60), "minute")
    return f"{seconds / 3600:.1f} hours"


PATHS = "paths"
"""Name of the plain arguments of a command line among its flags: photos, folders and zips."""
_CHECKOUT = Path(__file__).resolve().parents[2]


def home() -> Path:
    """Return the folder with dataset/ and OUTPUT/: that of colorize.py, or the current one if installed."""
    return _CHECKOUT if is_file(_CHECKOUT / "colorize.py") else Path.cwd()


def program() -> str:
    """Return the command that starts this program."""
    return "python colorize.py" if home() == _CHECKOUT else "colorize"


def short(path: Path) -> str:
    """Return a path as briefly as it can be typed: relative to the current folder if it is below that."""
    try:
        relative = (Path.cwd() / path).relative_to(Path.cwd())
    except (OSError, ValueError):  # the current folder was removed, or the path is elsewhere
        return str(path)
    return str(relative if relative.parts else path)


def colorizing_command(model: Path) -> str:
    """Return the command that colorizes with a model."""
    return f"{program()} colorize {ask.MODEL.flag} {shlex.quote(short(model))} {ask.DATASET.flag} PHOTOS"


def is_film(path: Path) -> bool:
    """Return whether a file is a film, which the command for films colorizes."""
    return kind_of(path) is VIDEO


def film_command(film: Path) -> str:
    """Return the command that colorizes a film."""
    return f"{program()} {FILM} {shlex.quote(str(film))}"


def default_dataset(for_training: bool) -> Path:
    """Return the folder of the default dataset."""
    return home() / "dataset" / ("color" if for_training else "bw")


def output_folder(talk: Conversation) -> Path:
    """Return the folder of all runs."""
    return talk.answer(ask.OUTPUT) or (Path("/kaggle/working") if on_kaggle() else home()) / "OUTPUT"


def ask_for_more(talk: Conversation) -> None:
    """Ask whether to ask further questions; otherwise accept their defaults."""
    if not talk.flags.get(ask.ADJUST.name) and not talk.answer(ask.MORE):
        talk.accept_defaults = True


def run_name(talk: Conversation) -> str:
    """Return the chosen name of the run, or an empty string. Raises WrongFlag if it is in use."""
    output = output_folder(talk)

    def is_free(name: str) -> None:
        if sentence := runs.taken(output, name):
            raise WrongAnswer(sentence)

    return talk.answer(ask.NAME, check=is_free) or ""


def reading(talk: Conversation) -> Reading:
    """Return how photos are read, according to the flags."""
    limits = PhotoLimits(
        maximum_pixels=round(talk.answer(ask.MAXIMUM_MEGAPIXELS) * 1e6),
        takes_cut_off=talk.flag_or_default(ask.PARTIAL),
        keeps_dates=talk.flag_or_default(ask.KEEP_DATES),
    )
    folder = talk.answer(ask.CACHE) or _cache_of_user()
    return Reading(limits, talk.answer(ask.WORKERS), None if str(folder) == "none" else folder)


def given_references(console: Console, talk: Conversation, how: Reading) -> References | None:
    """Read the references of --reference, and list the files of a folder that cannot be used; raise ColorizeError."""
    if not talk.has_flag(ask.REFERENCE):
        return None
    references = inference.prepare_references(talk.answer(ask.REFERENCE), how.limits)
    for reason in references.skipped:
        console.warn(reason)
    return references


def _cache_of_user() -> Path | None:
    try:
        return Path.home() / ".cache" / "colorizer"
    except RuntimeError:  # a user without an account or HOME, as in a container
        return None


def advised(error: ColorizeError) -> str:
    """Return an error's sentence, followed by a flag that helps if there is one."""
    advice = _advice(error)
    return f"{error} {advice}" if advice else str(error)


def _advice(error: ColorizeError) -> str:
    if isinstance(error, NoRoomToUnpack):
        return f"{ask.UNPACK_TO.flag} names one."
    if isinstance(error, MissingWeights):
        return (
            f"Give a file with {ask.ENCODER_WEIGHTS.flag}, or go on with an encoder that knows nothing with "
            f"{ask.RANDOM_ENCODER.flag}."
        )
    if isinstance(error, Diverged):
        return f"Train again with a smaller {ask.LEARNING_RATE.flag}."
    if isinstance(error, TrainingFinished):
        further = f"{program()} train {ask.MODEL.flag} {shlex.quote(str(error.model))}"
        return f"To colorize with its model: {colorizing_command(error.model)}; to train it further: {further}"
    if isinstance(error, OutOfMemory):
        smaller_batches = f"{ask.BATCH_SIZE.flag} {error.batch_size // 2}"
        return f"Try {smaller_batches if error.batch_size > 1 else f'a smaller network or {ask.SIZE.flag}'}."
    return ""


def _example(paths: Sequence[Path]) -> str:
    """Name a file, or the first of several, at the end of a sentence about them."""
    return f": {short(paths[0])}" if len(paths) == 1 else f", such as {short(paths[0])}"


def warn_of_closed(console: Console, dataset: Dataset) -> None:
    """Report folders that cannot be opened."""
    if dataset.closed:
        folders = counted(len(dataset.closed), "folder")
        console.warn(f"You have no permission to open {folders}{_example(dataset.closed)}.")


def tell_unreadable(console: Console, talk: Conversation, check: DatasetCheck, asks: bool) -> None:
    """Report films with the command for them, and other files that aren't photos by kind.

    Args:
        console: The console.
        talk: The conversation.
        check: The check.
        asks: Whether to ask if all paths should be printed; otherwise only the flag prints them.
    """
    if not check.unreadable:
        return
    kind_by_path = {path: kind_of(path) for path, _ in check.unreadable}
    films = [path for path, kind in kind_by_path.items() if kind is VIDEO]
    if films:
        are = (
            "1 film is left out; colorize it"
            if len(films) == 1
            else f"{len(films):,} films are left out; colorize each"
        )
        console.warn(f"{are} with: {film_command(films[0])}")
    others = [(path, why) for path, why in check.unreadable if kind_by_path[path] is not VIDEO]
    if not others:
        return
    kinds = Counter(kind_by_path[path] for path, _ in others)
    unknown = kinds.pop(None, 0)
    for kind, count in kinds.items():
        files = f"{kind.one[0].upper()}{kind.one[1:]} is" if count == 1 else f"{count:,} {kind.several} are"
        console.warn(f"{files} left out: {kind.way_out}.")
    if unknown:
        broken = [path for path, _ in others if kind_by_path[path] is None]
        console.warn(f"{counted(unknown, 'file is', 'files are')} unreadable{_example(broken)}.")
    if talk.flag_or_default(ask.SHOW_UNREADABLE) if asks else talk.flags.get(ask.SHOW_UNREADABLE.name):
        for _, reason in others:
            console.warn(f"  {reason}")


def with_cut_off(
    console: Console, talk: Conversation, check: DatasetCheck, check_again: Callable[[Sequence[Path]], DatasetCheck]
) -> DatasetCheck:
    """Report truncated photos, and add them to the others if the user wants them.

    Args:
        console: The console.
        talk: The conversation.
        check: Result of the check.
        check_again: Checks photos again, accepting truncated ones.
    """
    if not check.cut_off:
        return check
    cut_off = [path for path, _ in check.cut_off]
    console.warn(f"{counted(len(cut_off), 'photo is', 'photos are')} cut off{_example(cut_off)}.")
    if talk.has_flag(ask.PARTIAL) and talk.answer(ask.PARTIAL):
        return check  # they are already among the others
    if not talk.answer(ask.PARTIAL):
        they = "It is skipped" if len(check.cut_off) == 1 else "They are skipped"
        console.warn(f"{they}. Use {ask.PARTIAL.flag} to colorize the part that can be decoded.")
        return check
    taken = check_again([path for path, _ in check.cut_off])
    return replace(
        check,
        fine=tuple(sorted((*check.fine, *taken.fine))),
        in_colour=tuple(sorted((*check.in_colour, *taken.in_colour))),
        unreadable=(*check.unreadable, *taken.unreadable),
    )


def tell_pages(console: Console, check: DatasetCheck, has_all_pages: bool) -> None:
    """Report files of which only the first page is read and, with `has_all_pages`, files with all pages colorized."""
    whole = [path for path in check.several_pages if has_all_pages and is_written_whole(path)]
    if whole:
        console.inform(f"{counted(len(whole), 'file has', 'files have')} several pages; each page is colorized.")
    taken_whole = set(whole)
    others = [path for path in check.several_pages if path not in taken_whole]
    if others:
        why = ", since their names are not those of TIFFs" if has_all_pages else ""
        many = counted(len(others), "file has", "files have")
        console.warn(f"{many} several pages, of which the first is read{why}:")
        for path in others:
            console.warn(f"  {path}")


def without_color_photos(console: Console, talk: Conversation, check: DatasetCheck) -> DatasetCheck:
    """Skip photos that are already in color, and report how many.

    They are colorized only if `--recolor` was given, or if every photo is in color and the user agrees.
    """
    if not check.in_colour:
        return check
    everything = replace(check, fine=tuple(sorted((*check.fine, *check.in_colour))))
    are = counted(len(check.in_colour), "photo is", "photos are")
    if talk.flag_or_default(ask.RECOLOR):
        console.inform(f"{are} already in color and will be colorized again, from brightness alone.")
        return everything
    if not check.fine:
        console.warn(f"{'The photo is' if len(check.in_colour) == 1 else f'All {are}'} already in color.")
        return everything if talk.answer(ask.RECOLOR) else check
    console.warn(
        f"{are} already in color and will be skipped ({ask.RECOLOR.flag} colorizes them too)"
        f"{_example(check.in_colour)}."
    )
    return check


_NEAR_GRAY = 0.1
"""Gain below which a difference is invisible, in decibels of PSNR and units of CIEDE2000."""
_KEPT_COLORFULNESS = 0.9
"""Share of its colorfulness that a model must keep: with less, PSNR improves because the colors fade."""


def verdict(evaluation: Evaluation) -> str:
    """Describe whether the colors are closer to the truth than gray photos, and how colorful they are."""
    gain = evaluation.predicted.psnr - evaluation.gray.psnr
    nearer = evaluation.gray.ciede2000 - evaluation.predicted.ciede2000
    share = evaluation.predicted.colourfulness / max(evaluation.true_colourfulness, 1e-9)
    if gain > _NEAR_GRAY and nearer > _NEAR_GRAY:
        said = f"Better than gray: closer to the true colors by {gain:.2f} dB and {nearer:.2f} units of CIEDE2000"
    elif gain > _NEAR_GRAY:
        by_eye = "no nearer" if nearer > -_NEAR_GRAY else f"farther by {-nearer:.2f} units"
        said = f"Hardly better than gray: nearer by {gain:.2f} dB, but {by_eye} by CIEDE2000, which sees as people do"
    elif gain > -_NEAR_GRAY:
        said = f"No better than gray: {gain:+.2f} dB"
    else:
        said = f"Worse than leaving the photos gray, by {-gain:.2f} dB"
    return f"{said}; as colourful as {share:.0%} of the truth."


def verdict_on_training(record: TrainingRecord, evaluation: Evaluation, start: Evaluation) -> str:
    """Describe whether a training improved the model it started from; both were scored on the same test photos."""
    if record.kept_epoch == 0:
        return (
            "Training did not help: on the validation photos no epoch was better than the model it started from, so "
            "that model is kept."
        )
    gain = evaluation.predicted.psnr - start.predicted.psnr
    nearer = start.predicted.ciede2000 - evaluation.predicted.ciede2000
    figures = (
        f"PSNR {gain:+.2f} dB, CIEDE2000 {-nearer:+.2f}, "
        f"colorfulness {start.predicted.colourfulness:.1f} before and {evaluation.predicted.colourfulness:.1f} after"
    )
    is_grayer = evaluation.predicted.colourfulness < _KEPT_COLORFULNESS * start.predicted.colourfulness
    if is_grayer and gain > 0:
        return f"Training made the model grayer: {figures}. Compare both on the sheets before you choose."
    if gain > 0 and nearer > 0:
        return f"Training helped, on photos it did not learn from: {figures}."
    if gain > 0 or nearer > 0:
        return f"Training changed little, on photos it did not learn from: {figures}."
    return f"Training did not help, on photos it did not learn from: {figures}. Keep using the model it started from."


def next_steps(job: TrainJob, record: TrainingRecord, evaluation: Evaluation) -> list[str]:
    """Describe how to improve a trained model, and how to use it."""
    said, seen = list(said_of_gradients(record.history)), outlook_of(record.history)
    learned = len(job.specification.split.train)
    if seen and seen.is_overfitting:
        said.append(
            f"After epoch {seen.best_epoch} validation got no better while the training loss went on falling: the "
            "network learns its photos by heart. More photos help; more epochs do not."
        )
    elif seen and seen.is_improving:
        said.append(f"Validation was still improving at the end: more {ask.EPOCHS.flag} would help.")
    if job.specification.model is not None and learned < DatasetSettings.few_photos:
        said.append(
            f"{counted(learned, 'photo is', 'photos are')} few for a new network: training the shipped model further "
            f"({ask.START.flag} load) gives more, sooner."
        )
    elif evaluation.predicted.psnr - evaluation.gray.psnr < _NEAR_GRAY:
        said.append("More photos, and more epochs, are what helps most.")
    if job.specification.save_model:
        said.append(f"To colorize with it: {colorizing_command(job.run.models / 'model.h5')}")
    return said


def tell_evaluation(console: Console, evaluation: Evaluation, start: Evaluation | None = None) -> None:
    """Print each score next to the gray baseline, and a verdict.

    Args:
        console: The console.
        evaluation: The scores.
        start: Scores of a training's starting model on the same photos, for an additional column.
    """
    predicted, gray, distances = evaluation.predicted, evaluation.gray, evaluation.kernel_distances
    colorfulness = evaluation.true_colourfulness
    columns = {
        "": (
            "PSNR (dB, more is nearer)",
            "SSIM (1 is equal)",
            "CIEDE2000 (less is nearer)",
            "colorfulness (0 is gray)",
            "  its difference to the truth",
        ),
        "colorized": _figures(predicted, colorfulness),
        "before training": _figures(start.predicted, colorfulness) if start else (),
        "left gray": _figures(gray, colorfulness),
        "truth": ("", "1.0000", "0.00", f"{colorfulness:.1f}", "0.0"),
    }
    columns = {name: figures for name, figures in columns.items() if figures}
    rows = list(zip(*columns.values(), strict=True))
    if distances:
        rows.append(("KID x 1000 (less is likelier)", f"{distances.predicted:.1f}", f"{distances.gray:.1f}", "0.0"))
    console.table(
        f"{counted(len(evaluation.photos), 'photo')}: loss {evaluation.loss:.5f}, accuracy {evaluation.accuracy:.3f} "
        "(share of pixels whose strongest channel is right)",
        tuple(columns),
        rows,
    )
    console.inform(verdict(evaluation))


def _figures(scores: PhotoScores, true_colorfulness: float) -> tuple[str, ...]:
    return (
        f"{scores.psnr:.2f}",
        f"{scores.ssim:.4f}",
        f"{scores.ciede2000:.2f}",
        f"{scores.colourfulness:.1f}",
        f"{scores.colourfulness - true_colorfulness:+.1f}",
    )


def show_pictures(console: Console, talk: Conversation, question: Question, pictures: Iterable[Path]) -> None:
    """Show pictures, unless their question is answered with no; in a notebook only its flag can prevent it."""
    is_wanted = talk.flags.get(question.name, True) if in_notebook() else talk.answer(question)
    if is_wanted:
        for picture in pictures:
            console.picture(picture)
