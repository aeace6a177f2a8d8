"""Photos that several processes colorize or score together, portion by portion, and the manifest of what is done.

`manifest.jsonl` has one JSON line per photo. `path` and `result` are relative to the folders of the photos and of the
results. `sha256` is the digest of the result. `seconds` is the time since the worker's previous line, and `worker` is
its host and process. Without a result, `kind` and `why` replace it: the reason for the failure as a short category, and
as a sentence. Each shard appends to its own manifest, `manifest-I-of-N.jsonl`.

The processes do not wait for each other and need not know of each other. Names are chosen once (`names.shared_names`).
Every file is written under a temporary name next to its own and then renamed, and its outcome is an entry in a
manifest. A portion that is processed twice gives the same bytes.

`evaluation.jsonl` has one JSON line per portion: its figures, and those of each of its photos by relative name. Each
shard appends to its own evaluation, `evaluation-I-of-N.jsonl`.
"""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from colorizer.dataset.check import DatasetCheck, check_photos
from colorizer.dataset.find import Dataset
from colorizer.documents import InvalidDocument, path_below, relative_path
from colorizer.errors import ColorizeError
from colorizer.evaluation.evaluate import Evaluation, ScoredPhoto, joined_evaluations
from colorizer.evaluation.scores import HUE_BINS, PhotoScores
from colorizer.files import exists, is_file, open_regular, resolved
from colorizer.inference.colorize import AS_MEANT, Adjustment, Colorized, Failure, PhotoTask, colorize_files
from colorizer.inference.hints import AnyHint
from colorizer.inference.hints_file import hints_beside
from colorizer.inference.references import References, find_references
from colorizer.marks import mark_folder
from colorizer.network.network import Network
from colorizer.photos.formats import kind_of
from colorizer.photos.photo import Photo, Picture
from colorizer.photos.reading import page_count
from colorizer.photos.writing import write_photo
from colorizer.pictures.plots import save_hues
from colorizer.runs.colorize import Written, gathered, how_made, page_file, page_folder, photo_tasks
from colorizer.runs.evaluate import EvaluateJob, save_scores, score_photos
from colorizer.runs.folders import MADE_FROM, NAMES, Run, is_made_from, write_record
from colorizer.runs.journal import EVALUATION, MANIFEST, journal_path, parts, read_journal, write_journal
from colorizer.runs.names import read_names, shared_names
from colorizer.settings import DEFAULT_READING, Reading

FINE = "fine"
"""The kind of a photo that was only checked and can be colorized."""


@dataclass(frozen=True, slots=True)
class Line:
    """A manifest entry for one photo: `result` and `sha256` of its picture, or `kind` and `why` it has none."""

    path: str
    seconds: float
    worker: str
    result: str | None = None
    sha256: str | None = None
    kind: str | None = None
    why: str | None = None

    def record(self) -> dict[str, Any]:
        """Return the entry as an object for the manifest."""
        named = {name: getattr(self, name) for name in ("path", "result", "sha256", "kind", "why", "seconds", "worker")}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True)
class Merged:
    """Summary of the merged entries of all shards."""

    path: Path
    """The merged manifest: each photo once, sorted."""
    results: int
    kinds: Mapping[str, int]
    """Number of photos without a picture, by kind."""
    reasons: tuple[str, ...]
    """Sentences that explain failures, limited in number."""
    missing: int
    """Number of photos with a name in this folder but no entry."""
    ignored: int
    """Number of incomplete or invalid lines."""

    @property
    def total(self) -> int:
        return self.results + sum(self.kinds.values())


_MOST_REASONS = 20


def lines_of(folder: Path, kind: str, is_wanted: Callable[[str], bool] = lambda path: True) -> dict[str, Line]:
    """Read a folder's manifest and its parts, by relative photo name.

    If a photo has several entries, the last one with a picture counts, or else the last one. If two entries disagree on
    the picture's content, the file decides. Raises ColorizeError.
    """
    return _latest_lines(folder, kind, is_wanted)[0]


def _latest_lines(folder: Path, kind: str, is_wanted: Callable[[str], bool]) -> tuple[dict[str, Line], int]:
    """Return the result of `lines_of`, and the number of ignored lines."""
    lines: dict[str, Line] = {}
    ignored = 0
    for path in (journal_path(folder, kind), *parts(folder, kind)):
        for record in read_journal(path):
            line = _checked_line(record)
            if line is None:
                ignored += 1
                continue
            if not is_wanted(line.path):
                continue
            known = lines.get(line.path)
            if known is None or known.result is None or (line.result is not None and not _is_true(folder, known, line)):
                lines[line.path] = line
    return lines, ignored


def is_as_written(folder: Path, line: Line) -> bool:
    """Return whether an entry's picture exists with the recorded content."""
    if line.result is None or line.sha256 is None:
        return False
    try:
        return digest(path_below(folder, line.result)) == line.sha256
    except InvalidDocument:
        return False


def digest(path: Path) -> str | None:
    """Return the SHA-256 of a file in hexadecimal; None if it cannot be read or is not a regular file."""
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def merge_manifest(folder: Path, kind: str = MANIFEST) -> Merged:
    """Merge the entries of all shards into one manifest, each photo once, sorted by name; raise ColorizeError.

    The parts are kept, so the merge can be repeated, even while shards are running.
    """
    lines, ignored = _latest_lines(folder, kind, lambda path: True)
    if not lines:
        raise ColorizeError(
            f"No entries found: {folder} contains no {kind}.jsonl, or only empty parts of one. Choose the output "
            "folder of a run."
        )
    ordered = [lines[path] for path in sorted(lines)]
    path = journal_path(folder, kind)
    write_journal(path, (line.record() for line in ordered))
    without = [line for line in ordered if line.result is None]
    named = read_names(folder / NAMES) if kind == MANIFEST else {}
    return Merged(
        path=path,
        results=len(ordered) - len(without),
        kinds=dict(Counter(line.kind or FAILED for line in without).most_common()),
        reasons=tuple(line.why for line in without if line.why)[:_MOST_REASONS],
        missing=sum(name not in lines for name in named),
        ignored=ignored,
    )


def _is_true(folder: Path, known: Line, other: Line) -> bool:
    """Return whether a known entry remains valid despite a later one with a picture."""
    return known.sha256 == other.sha256 or is_as_written(folder, known)


def _checked_line(record: Any) -> Line | None:
    """Convert an object of a journal to an entry; None if it is invalid or its paths leave the folder."""
    match record:
        case {"path": str(path), "seconds": float() | int() as seconds, "worker": str(worker)}:
            texts = {name: record.get(name) for name in ("result", "sha256", "kind", "why")}
            result = texts["result"]
            is_whole = result is not None or bool(texts["kind"])
            if not (is_whole and all(isinstance(text, str | None) for text in texts.values())):
                return None
            with suppress(InvalidDocument):
                relative_path(path)
                if result is not None:
                    relative_path(result)
                return Line(path, seconds, worker, **texts)
    return None


Named = tuple[str, str]
"""A photo and its picture, relative to the folders of the photos and of the results. These are strings, because a
million of them take less memory than paths."""
IN_COLOUR, UNREADABLE, FAILED = "already in color", "unreadable", "not colorized"
"""Kinds of photos without a picture. Files that are not photos have the kind of their file type."""


@dataclass(frozen=True)
class SharedJob:
    """What every process needs to know to colorize photos with others; it can be sent to them."""

    root: Path
    """The folder to which the photos' names are relative, under the same path for all processes."""
    folder: Path
    """The output folder, under the same path for all processes."""
    adjustment: Adjustment = AS_MEANT
    reading: Reading = DEFAULT_READING
    takes_colour: bool = False
    """Whether color photos are colorized too; otherwise they are skipped."""
    has_hints: bool = True
    """Whether hints next to photos are used."""
    origin: str = ""
    """Name of the photos' folder if `root` is only a placeholder for it."""

    @property
    def run(self) -> Run:
        return Run(self.folder.name, self.folder, self.folder)


def begin(job: SharedJob, model: str, weights: str) -> None:
    """Mark the folder of results, and record what its pictures are made from.

    Args:
        job: The shared job.
        model: The network's name.
        weights: The digest of its weights.

    Raises:
        ColorizeError: The folder's pictures were made from something else.
    """
    made_from = how_made(job.root, model, weights, job.adjustment)
    if job.origin:
        made_from["photos"] = job.origin
    if resolved(job.folder) == resolved(job.root):
        raise ColorizeError(f"{job.folder} is the folder of the photos. Choose another output folder.")
    mark_folder(job.folder)
    if not exists(job.folder / MADE_FROM):
        write_record(job.folder / MADE_FROM, made_from)
    if not is_made_from(job.run, made_from):
        raise ColorizeError(
            f"The pictures in {job.folder} were made from other photos, by another model or with other settings. "
            "Choose another folder."
        )


def named_photos(job: SharedJob, photos: Sequence[Path], part: Sequence[Path]) -> list[Named]:
    """Return the photos of `part`, each with the name of its picture; raise ColorizeError."""
    names = shared_names(job.run, job.root, photos, part, job.reading.limits)
    return [(str(photo.relative_to(job.root)), name) for photo, name in zip(part, names, strict=True)]


def remaining(job: SharedJob, photos: Sequence[Named], kind: str = MANIFEST, is_store: bool = False) -> list[Named]:
    """Return the photos that are not done yet.

    A photo is done if a manifest in the folder records a picture that still has the recorded content or, in an object
    store, that exists. Photos that were only checked are done if they were fine.

    Args:
        job: The shared job.
        photos: The photos with the names of their pictures.
        kind: The kind of journal.
        is_store: Whether the folder is in an object store.
    """
    lines = lines_of(job.folder, kind, {photo for photo, _ in photos}.__contains__)

    def is_done(photo: str, name: str) -> bool:
        line = lines.get(photo)
        if line is None:
            return False
        if line.result is None:
            return line.kind == FINE
        is_whole = is_file(job.folder / name) if is_store else is_as_written(job.folder, line)
        return line.result == name and is_whole

    return [(photo, name) for photo, name in photos if not is_done(photo, name)]


def check_portion(job: SharedJob, photos: Sequence[Named]) -> Iterator[Line]:
    """Check photos by decoding them completely, and yield an entry for each."""
    timed = _timed()
    check = _check(job, [photo for photo, _ in photos])
    yield from (timed(line) for line in _left_out(job, check))
    yield from (timed(_outcome(job, photo, kind=FINE)) for photo in check.fine)


def colorize_portion(job: SharedJob, network: Network, photos: Sequence[Named]) -> Iterator[Line]:
    """Check photos, colorize those that are fine, and yield an entry for each as soon as it is done, in any order.

    To stop early, close the iterator. Raises ColorizeError for problems that affect all photos.
    """
    names, timed = dict(photos), _timed()
    check = _check(job, list(names))
    yield from (timed(line) for line in _left_out(job, check))
    paths = {photo: job.folder / names[str(photo.relative_to(job.root))] for photo in check.fine}
    hints: dict[Path, Sequence[AnyHint]] = {}
    references: dict[Path, References] = {}
    for photo in [*paths]:
        try:
            hints |= hints_beside([photo]) if job.has_hints else {}
            references |= find_references([photo], None, job.reading.limits)
        except ColorizeError as error:
            del paths[photo]
            yield timed(_outcome(job, photo, kind=FAILED, why=str(error)))
    pages = {photo: page_count(photo) for photo in paths}
    with (
        page_folder(job.folder, pages) as folder,
        closing(
            _outcomes(job, network, photo_tasks(pages, paths, hints, references), paths, pages, folder)
        ) as outcomes,
    ):
        for photo, count in pages.items():
            outcome = gathered(paths[photo], islice(outcomes, count))
            if isinstance(outcome, Failure):
                yield timed(_outcome(job, photo, kind=FAILED, why=outcome.reason))
            else:
                result = paths[photo]
                name = str(result.relative_to(job.folder))
                yield timed(_outcome(job, photo, result=name, sha256=digest(result)))


def given_up(job: SharedJob, photo: Named) -> Line:
    """Return the entry of a photo that crashed every process that tried to colorize it."""
    path = job.root / photo[0]
    return _outcome(job, path, kind=FAILED, why=f"Cannot colorize {path}: every worker that tried to crashed.")


def _outcomes(
    job: SharedJob,
    network: Network,
    tasks: Iterator[PhotoTask],
    targets: Mapping[Path, Path],
    pages: Mapping[Path, int],
    folder: Path,
) -> Generator[Colorized | Failure]:
    def write(task: PhotoTask, original: Photo, picture: Picture) -> Written:
        file = targets[task.path] if pages[task.path] == 1 else page_file(folder)
        write_photo(file, picture, original, job.reading.limits)
        return Written(file, ())

    return colorize_files(network, tasks, write, job.adjustment, job.reading)


def _check(job: SharedJob, photos: Sequence[str]) -> DatasetCheck:
    # The cache is one file per folder, so processes that each know a part would overwrite each other's entries.
    reading = replace(job.reading, cache_folder=None)
    check = check_photos(Dataset(job.root, tuple(job.root / photo for photo in photos), 0), False, reading)
    return replace(check, fine=(*check.fine, *check.in_colour), in_colour=()) if job.takes_colour else check


def _left_out(job: SharedJob, check: DatasetCheck) -> Iterator[Line]:
    for photo, why in check.unreadable:
        kind = kind_of(photo)
        yield _outcome(job, photo, kind=kind.one if kind else UNREADABLE, why=why)
    for photo, why in () if job.reading.limits.takes_cut_off else check.cut_off:
        yield _outcome(job, photo, kind=UNREADABLE, why=why)
    for photo in check.in_colour:
        yield _outcome(job, photo, kind=IN_COLOUR, why=f"{photo} is already in color.")


def _outcome(job: SharedJob, photo: Path, **facts: str | None) -> Line:
    return Line(str(photo.relative_to(job.root)), 0.0, f"{socket.gethostname()}:{os.getpid()}", **facts)


def _timed() -> Callable[[Line], Line]:
    """Return a function that sets an entry's duration to the time since the previous entry, or since now."""
    last = time.monotonic()

    def timed(line: Line) -> Line:
        nonlocal last
        now = time.monotonic()
        seconds, last = now - last, now
        return replace(line, seconds=round(seconds, 4))

    return timed


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
    scores: dict[str, Any] = {name: _scores(figures[name]) for name in ("predicted", "gray")}
    names = ("loss", "accuracy", "true_colourfulness", "true_chroma")
    numbers: dict[str, Any] = {name: float(figures[name]) for name in names}
    hues = np.array(figures["hues"], float)
    if hues.shape != (HUE_BINS + 1, HUE_BINS + 1):
        raise ValueError("it contains no valid hues of an evaluation")
    return Evaluation(**numbers, **scores, hues=tuple(map(tuple, hues.tolist())), photos=photos)


def _scores(figures: dict[str, Any]) -> PhotoScores:
    return PhotoScores(**{name: float(figure) for name, figure in figures.items()})
