"""Color photos that several processes score together, portion by portion, and the joined scores.

`evaluation.jsonl` has one JSON line per portion: its figures, and those of each of its photos by relative name. Each
shard appends to its own evaluation, `evaluation-I-of-N.jsonl`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from colorizer.dataset.check import check_photos
from colorizer.dataset.find import Dataset
from colorizer.documents import relative_path
from colorizer.errors import ColorizeError
from colorizer.evaluation.evaluate import Evaluation, ScoredPhoto, joined_evaluations
from colorizer.evaluation.scores import HUE_BINS, PhotoScores
from colorizer.network.network import Network
from colorizer.photos.formats import kind_of
from colorizer.pictures.plots import save_hues
from colorizer.runs.evaluate import EvaluateJob, save_scores, score_photos
from colorizer.runs.folders import Run
from colorizer.runs.journal import EVALUATION, journal_path, parts, read_journal
from colorizer.runs.shared import UNREADABLE

WRONG_FORMAT = "in another color format"


@dataclass(frozen=True)
class SharedEvaluation:
    """What every process needs to know to score photos with others; it can be sent to them."""

    root: Path
    folder: Path
    colour_format: str
    """Color format of the photos to score: `dataset.check.colour_format` of all of them."""
    settings: dict[str, Any]
    """Fields of `EvaluateJob` other than network, photos and folders."""
    made_from: str
    """Identifies the model and settings, to separate these figures from others."""


@dataclass(frozen=True)
class JoinedEvaluation:
    """The figures of all photos, and what is missing from them."""

    evaluation: Evaluation
    left_out: dict[str, int]
    """Number of files that were not scored, by kind."""
    scores: Path
    """Scores of every photo, as CSV."""
    hues: Path
    """A plot of true and predicted hues."""
    ignored: int
    """Number of incomplete or invalid lines."""


def evaluate_portion(job: SharedEvaluation, network: Network, photos: Sequence[str]) -> dict[str, Any]:
    """Score a portion of photos, given by relative name, and return its journal line; raise ColorizeError."""
    fields = job.settings
    reading = replace(fields["reading"], cache_folder=None)
    dataset = Dataset(job.root, tuple(job.root / photo for photo in photos), 0)
    check = check_photos(dataset, True, reading, wanted=job.colour_format)
    line: dict[str, Any] = {"made_from": job.made_from, "photos": list(photos), "left_out": [], "evaluation": None}
    for path, why in check.unreadable:
        kind = kind_of(path)
        line["left_out"].append([_name(job, path), kind.one if kind else UNREADABLE, why])
    for path, found in check.wrong_format:
        line["left_out"].append([_name(job, path), WRONG_FORMAT, f"{path} is {found}, not {job.colour_format}."])
    if check.fine:
        run = Run(job.folder.name, job.folder, job.folder)
        evaluation = score_photos(EvaluateJob(network, check.fine, job.root, run, **fields))
        named = [replace(photo, path=photo.path.relative_to(job.root)) for photo in evaluation.photos]
        line["evaluation"] = _as_json(replace(evaluation, photos=tuple(named)))
    return line


def unscored(job: SharedEvaluation, photos: Sequence[str], portion: int) -> list[list[str]]:
    """Return the photos without scores in the folder, in portions of at most `portion` photos; raise ColorizeError."""
    ours = (line for line in _lines(job.folder) if line and line["made_from"] == job.made_from)
    known = {name for line in ours for name in line["photos"]}
    left = [photo for photo in photos if photo not in known]
    return [left[first : first + portion] for first in range(0, len(left), portion)]


def join_evaluation(folder: Path) -> JoinedEvaluation:
    """Join the figures of all parts, and save the scores and the hue plot next to them; raise ColorizeError."""
    read = list(_lines(folder))
    lines = [line for line in read if line]
    if len({line["made_from"] for line in lines}) > 1:
        raise ColorizeError(
            f"The evaluations in {folder} come from several models or settings. Use a separate folder for each."
        )
    seen: set[str] = set()
    evaluations, kinds = [], {}
    for line in lines:
        if seen.issuperset(line["photos"]):  # a portion that was scored twice
            continue
        if not seen.isdisjoint(line["photos"]):
            raise ColorizeError(
                f"Some photos in {folder} were scored twice, in different portions. Score them again in another folder."
            )
        seen.update(line["photos"])
        for _, kind, _ in line["left_out"]:
            kinds[kind] = kinds.get(kind, 0) + 1
        if line["evaluation"]:
            evaluations.append(_from_json(line["evaluation"]))
    if not evaluations:
        raise ColorizeError(f"{folder} contains no scores to merge. Choose the output folder of an evaluation.")
    evaluation = joined_evaluations(evaluations)
    run = Run(folder.name, folder, folder)
    scores, hues = save_scores(evaluation.photos, Path(), run), save_hues(evaluation.hues, folder)
    return JoinedEvaluation(evaluation, kinds, scores, hues, ignored=len(read) - len(lines))


def _lines(folder: Path) -> Iterator[dict[str, Any] | None]:
    """Yield the lines of the evaluations in a folder, and None for each invalid one."""
    for path in (journal_path(folder, EVALUATION), *parts(folder, EVALUATION)):
        for line in read_journal(path):
            yield line if _is_line(line) else None


def _is_line(line: dict[str, Any] | None) -> bool:
    match line:
        case {"made_from": str(), "photos": [_, *_] as photos, "left_out": list(left_out), "evaluation": evaluation}:
            try:
                for name in (*photos, *(name for name, _, _ in left_out)):
                    relative_path(name)
                has_kinds = all(isinstance(kind, str) for _, kind, _ in left_out)
                return has_kinds and (evaluation is None or bool(_from_json(evaluation).photos))
            except (KeyError, TypeError, ValueError, AttributeError):
                return False
    return False


def _name(job: SharedEvaluation, path: Path) -> str:
    return str(path.relative_to(job.root))


def _as_json(evaluation: Evaluation) -> dict[str, Any]:
    figures = asdict(evaluation)
    del figures["kernel_distances"]
    for photo in figures["photos"]:
        photo["path"] = str(photo["path"])
    return figures


def _from_json(figures: dict[str, Any]) -> Evaluation:
    photos = tuple(
        ScoredPhoto(
            Path(relative_path(photo["path"])),
            _scores(photo["predicted"]),
            _scores(photo["gray"]),
            float(photo["true_colourfulness"]),
        )
        for photo in figures["photos"]
    )
    scores = {name: _scores(figures[name]) for name in ("predicted", "gray")}
    numbers = {name: float(figures[name]) for name in ("loss", "accuracy", "true_colourfulness", "true_chroma")}
    hues = np.array(figures["hues"], float)
    if hues.shape != (HUE_BINS + 1, HUE_BINS + 1):
        raise ValueError("it contains no valid hues of an evaluation")
    return Evaluation(**numbers, **scores, hues=tuple(map(tuple, hues.tolist())), photos=photos)


def _scores(figures: dict[str, Any]) -> PhotoScores:
    return PhotoScores(**{name: float(figure) for name, figure in figures.items()})
