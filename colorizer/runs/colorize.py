"""Colorize photos into a folder.

Examples:
    >>> from pathlib import Path
    >>> from colorizer import load_model
    >>> from colorizer.dataset import find_files
    >>> from colorizer.runs import ColorizeJob, colorize_photos, reserved_run
    >>> photos = find_files(Path("old photos"))
    >>> with reserved_run(Path("OUTPUT"), "colorize") as run:
    ...     result = colorize_photos(ColorizeJob(load_model(), photos.files, photos.root, run))
    >>> result.folder, len(result.failures)
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from PIL import Image

from colorizer.dataset.check import LeftOut
from colorizer.errors import ColorizeError, Unfinished, UnfinishedInterrupted, shown
from colorizer.files import (
    PAGES,
    Move,
    exists,
    is_file,
    move_to_unused,
    numbered,
    one_at_a_time,
    open_regular,
    process_token,
    resolved,
    unfinished_prefix,
    write_text,
)
from colorizer.inference.colorize import AS_MEANT, Adjustment, Colorized, Failure, PhotoTask, colorize_files
from colorizer.inference.hints import AnyHint
from colorizer.inference.references import References
from colorizer.marks import mark_beside, mark_folder
from colorizer.network.network import Network
from colorizer.photos.photo import Photo, Picture
from colorizer.photos.reading import page_count, read_photo
from colorizer.photos.writing import write_pages, write_photo
from colorizer.pictures.page import PageEntry, save_page, save_thumbnails, save_thumbnails_of_files
from colorizer.pictures.sheets import COMPARED, LEAST_ON_SHEETS, SHEET_ROWS, SheetWriter, comparison
from colorizer.progress import Progress, no_progress
from colorizer.runs.folders import (
    LEFT_OUT,
    MADE_FROM,
    NAMES,
    PAGE,
    SHEETS,
    THUMBNAILS,
    Run,
    earlier_run,
    is_made_from,
    working_in,
    write_record,
)
from colorizer.runs.names import paths_beside, picture_paths, record_move
from colorizer.settings import DEFAULT_READING, Reading, worker_count


@dataclass(frozen=True)
class Written:
    """A written page, or a photo with a single page."""

    file: Path
    row: Sequence[Image.Image]
    """The pictures for a comparison sheet; empty for all pages but the first, and for tiny photos."""


@contextmanager
def page_folder(results: Path, pages: Mapping[Path, int]) -> Iterator[Path]:
    """Yield a hidden folder for finished pages, removed after the block; `results` if no photo has several pages.

    Raises ColorizeError.
    """
    if max(pages.values(), default=1) == 1:
        yield results
        return
    try:
        folder = tempfile.TemporaryDirectory(
            prefix=f"{PAGES}{process_token()}-", dir=results, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise ColorizeError(f"Cannot write into {results}: {error.strerror}.") from error
    with folder:
        yield Path(folder.name)


def page_file(folder: Path) -> Path:
    """Create a file for one page, named as unfinished so that it is cleaned up after a crash; raise ColorizeError."""
    try:
        with tempfile.NamedTemporaryFile(prefix=unfinished_prefix(), suffix=".tif", dir=folder, delete=False) as file:
            return Path(file.name)
    except OSError as error:
        raise ColorizeError(f"Cannot write into {folder}: {error.strerror}.") from error


def gathered(target: Path, parts: Iterator[Colorized | Failure], move: Move = Path.replace) -> Colorized | Failure:
    """Combine the outcomes of a photo's pages into one outcome.

    A photo with a failed page is a failure.

    Args:
        target: The file for the combined pages, if there are several.
        parts: The outcomes of the pages, in order.
        move: As in `files.complete_file`.
    """
    first = next(parts)
    second = next(parts, None)
    if second is None:
        return first
    try:
        write_pages(target, (_file(part) for part in chain((first, second), parts)), move)
        return first
    except ColorizeError as error:
        for part in parts:  # free the disk space
            if isinstance(part, Colorized):
                part.delivered.file.unlink()
        return Failure(first.path, str(error))


def _file(part: Colorized | Failure) -> Path:
    if isinstance(part, Failure):
        raise ColorizeError(part.reason)
    return part.delivered.file


_PHOTOS_PER_SHEET = 100


@dataclass(frozen=True)
class ColorizeJob:
    """Photos to colorize."""

    network: Network
    photos: Sequence[Path]
    root: Path
    """The folder to which the photos' names are relative."""
    run: Run
    """The run that receives the color photos."""
    adjustment: Adjustment = AS_MEANT
    hints: Mapping[Path, Sequence[AnyHint]] = field(default_factory=dict)
    """Hints for some of the photos (`inference.hints_file.find_hints`)."""
    references: Mapping[Path, References] = field(default_factory=dict)
    """References for some of the photos (`inference.references.find_references`)."""
    reading: Reading = DEFAULT_READING
    truths: Mapping[Path, Path] = field(default_factory=dict)
    """Files with the true colors of some of the photos, to show next to the result. A color photo is its own truth."""
    has_all_sheets: bool = False
    """Whether every photo appears on a comparison sheet; otherwise there is one sheet per hundred photos."""
    folder: Path | None = None
    """Output folder for the color photos, instead of the run's own results."""
    is_beside: bool = False
    """Whether to save each copy next to its photo instead, as "NAME-color.jpg"."""
    goes_on: bool = False
    """Whether to resume the newest run made from the same photos in the same way, skipping existing pictures."""
    left_out: Sequence[LeftOut] = ()
    """Files that were not chosen, and why (`DatasetCheck.left_out`)."""


@dataclass(frozen=True)
class ColorizeResult:
    """The result of a job. Each of its photos is in `pictures` or in `failures`."""

    folder: Path
    """The results folder of the job's own run, or of the resumed run."""
    pictures: dict[Path, Path]
    """The color copy of each photo, including existing ones."""
    made_before: int
    """How many of them existed before."""
    failures: tuple[Failure, ...]
    sheets: tuple[Path, ...]
    """Comparison sheets of the photos colorized now."""
    page: Path
    """An HTML page that shows every photo of the run before and after, and lists failures and files left out."""
    left_out: Path | None = None
    """A text file that lists the files left out by reason; None if there are none."""
    unmatched: tuple[Path, ...] = ()
    """The photos with references none of which matches; they have the predicted colors."""


Deliver = Callable[[Path, "Path | Failure"], None]
"""Called as ``deliver(photo, outcome)`` when a photo is done; the outcome is its color copy or a failure."""


def not_delivered(photo: Path, outcome: Path | Failure) -> None:
    """Ignore a finished photo; the default callback."""


def colorize_photos(
    job: ColorizeJob, progress: Progress = no_progress, deliver: Deliver = not_delivered
) -> ColorizeResult:
    """Colorize photos into the job's run. Photos that cannot be colorized are listed in the result's failures.

    All pages of a TIFF are colorized into one TIFF; each page counts in `progress`. Every file appears complete or not
    at all.

    Args:
        job: The photos, and how they are colorized.
        progress: Called after each page.
        deliver: Called after each photo, in the calling thread.

    Raises:
        Unfinished: The whole job stopped; the message says how many photos are complete.
        UnfinishedInterrupted: Likewise, for a KeyboardInterrupt.
    """
    own = job.run
    job, names = _begun(job)
    # A new run under OUTPUT was already marked when it was reserved.
    with nullcontext() if job.run == own and job.folder is None else working_in(job.run.results, names):
        return _colorized(job, names, progress, deliver)


def _colorized(job: ColorizeJob, names: Path, progress: Progress, deliver: Deliver) -> ColorizeResult:
    """Colorize the photos of a prepared job; `names` is the record of picture names."""
    columns = COMPARED if job.truths else COMPARED[:-1]
    paths = _paths(job, names)
    photos = [photo for photo in job.photos if not is_file(paths[photo])]
    sheets, failures, unmatched = SheetWriter(job.run.results / SHEETS, columns), [], []
    on_sheets = _on_sheets(photos, job.has_all_sheets)
    pages = {photo: page_count(photo) for photo in photos}
    unseen = [photo for photo in paths if photo not in pages and not exists(_thumbnails(job, paths[photo])[1])]
    total = sum(pages.values()) + len(unseen)
    for photo in paths:
        if photo not in pages:
            deliver(photo, paths[photo])
    try:
        with (
            page_folder(job.run.results, pages) as folder,
            closing(_outcomes(job, names, paths, pages, folder, on_sheets)) as outcomes,
        ):
            reported = _reported(outcomes, total, progress)
            for photo, count in pages.items():
                outcome = gathered(paths[photo], islice(reported, count), _move(job, names, paths, photo))
                if isinstance(outcome, Failure):
                    failures.append(outcome)
                    deliver(photo, outcome)
                    continue
                if not outcome.is_matched:
                    unmatched.append(photo)
                deliver(photo, paths[photo])
                if outcome.delivered.row:
                    sheets.add(_title(job, photo, count), outcome.delivered.row)
        for done, _ in enumerate(_thumbnails_made(job, paths, unseen), total - len(unseen) + 1):
            progress(done, total)
        written_sheets = sheets.finish()
        left_out = _save_left_out(job, names)
        page = _save_page(job, _numbered_like(names, PAGE), paths, failures)
    except (KeyboardInterrupt, ColorizeError) as stopped:
        complete = sum(map(exists, paths.values()))
        place = "next to the originals" if job.is_beside else f"in {job.run.results}"
        so_far = f"{complete} of {len(paths)} color photos are complete {place}."
        if isinstance(stopped, KeyboardInterrupt):
            raise UnfinishedInterrupted(f"Interrupted. {so_far}") from None
        raise Unfinished(f"{stopped} {so_far}") from stopped
    failed = {failure.path for failure in failures}
    return ColorizeResult(
        folder=job.run.results,
        pictures={photo: path for photo, path in paths.items() if photo not in failed},
        made_before=len(paths) - len(photos),
        failures=tuple(failures),
        sheets=written_sheets,
        page=page,
        left_out=left_out,
        unmatched=tuple(unmatched),
    )


def _thumbnails(job: ColorizeJob, picture: Path) -> tuple[Path, Path]:
    """Return the paths of a picture's thumbnails: of the original, and in color."""
    below = job.root if job.is_beside else job.run.results
    folder = (job.run.results / THUMBNAILS / picture.relative_to(below)).parent
    return folder / f"{picture.name}.before.jpg", folder / f"{picture.name}.after.jpg"


def _thumbnails_made(job: ColorizeJob, paths: Mapping[Path, Path], photos: Sequence[Path]) -> Iterator[None]:
    """Write the thumbnails of pictures that existed before. A photo that cannot be read has none."""

    def make(photo: Path) -> None:
        with suppress(ColorizeError, MemoryError):
            save_thumbnails_of_files(_thumbnails(job, paths[photo]), photo, paths[photo], job.reading.limits)

    with ThreadPoolExecutor(worker_count(job.reading.workers)) as pool:
        yield from pool.map(make, photos)


def _move(job: ColorizeJob, names: Path, paths: dict[Path, Path], photo: Path) -> Move:
    """Return a function that moves a picture to its reserved name, or to another one if that is taken by now."""

    def move(temporary: Path, wanted: Path) -> Path:
        path = move_to_unused(temporary, wanted)
        if path != wanted:
            paths[photo] = path
            if job.is_beside:
                mark_beside(path.parent, [path.name])
            else:
                record_move(names, job.root, photo, path)
        return path

    return move


def _numbered_like(names: Path, name: str) -> str:
    """Return the name of a run's page or list; pictures made in another way in the same folder have their own."""
    return Path(name).stem + names.stem.removeprefix(Path(NAMES).stem) + Path(name).suffix


def _outcomes(
    job: ColorizeJob,
    names: Path,
    paths: dict[Path, Path],
    pages: Mapping[Path, int],
    folder: Path,
    on_sheets: set[Path],
) -> Generator[Colorized | Failure]:
    """Colorize every page of the photos in `pages`, into `paths`, or into `folder` for multi-page files."""

    def write(task: PhotoTask, original: Photo, picture: Picture) -> Written:
        photo = task.path
        if pages[photo] == 1:
            write_photo(paths[photo], picture, original, job.reading.limits, _move(job, names, paths, photo))
            file = paths[photo]
        else:
            file = page_file(folder)
            write_photo(file, picture, original, job.reading.limits)
        if task.page > 0:
            return Written(file, ())
        with suppress(ColorizeError):  # the photo itself is complete
            save_thumbnails(_thumbnails(job, paths[photo]), original, picture)
        if photo not in on_sheets or max(picture.size) < LEAST_ON_SHEETS:
            return Written(file, ())
        truth = job.truths.get(photo)
        if truth is None:
            return Written(file, comparison(original, picture, None))
        true = original if truth == photo else read_photo(truth, job.reading.limits)
        return Written(file, comparison(original, picture, true))

    tasks = photo_tasks(pages, paths, job.hints, job.references)
    return colorize_files(job.network, tasks, write, job.adjustment, job.reading)


def photo_tasks(
    pages: Mapping[Path, int],
    targets: Mapping[Path, Path],
    hints: Mapping[Path, Sequence[AnyHint]],
    references: Mapping[Path, References],
) -> Iterator[PhotoTask]:
    """Yield a task for every page of the photos; hints apply to the first page, references to all."""
    for photo, count in pages.items():
        for page in range(count):
            known = () if page else hints.get(photo, ())
            yield PhotoTask(photo, page, known, targets[photo], references.get(photo))


def _reported(outcomes: Iterator[Colorized | Failure], total: int, progress: Progress) -> Iterator[Colorized | Failure]:
    """Yield outcomes and report progress for each."""
    for done, outcome in enumerate(outcomes, 1):
        progress(done, total)
        yield outcome


def _title(job: ColorizeJob, photo: Path, pages: int) -> str:
    name = str(photo.relative_to(job.root))
    return name if pages == 1 else f"{name} ({pages:,} pages)"


def _on_sheets(photos: Sequence[Path], has_all: bool) -> set[Path]:
    """Choose the photos for the sheets: all, or as many per hundred photos as fit on one sheet."""
    room = SHEET_ROWS * math.ceil(len(photos) / _PHOTOS_PER_SHEET)
    if has_all or len(photos) <= room:
        return set(photos)
    return {photos[number * len(photos) // room] for number in range(room)}


def _save_page(
    job: ColorizeJob,
    name: str,
    paths: dict[Path, Path],
    failures: Sequence[Failure],
) -> Path:
    failed = {failure.path for failure in failures}
    entries = [
        PageEntry(_title(job, photo, page_count(path)), photo, path, _thumbnails(job, path))
        for photo, path in paths.items()
        if photo not in failed
    ]
    return save_page(
        job.run.results / name,
        _heading(job),
        entries,
        [failure.reason for failure in failures],
        {kind: [_below(job.root, path) for path in group] for kind, group in _left_out_by_kind(job).items()},
    )


def _heading(job: ColorizeJob) -> str:
    """Return the name of the photos' folder and the date: "shoebox, December 1, 2026"."""
    today = time.localtime()
    return f"{resolved(job.root).name or 'Photos'}, {time.strftime('%B', today)} {today.tm_mday}, {today.tm_year}"


def _save_left_out(job: ColorizeJob, names: Path) -> Path | None:
    """Write the list of files that were left out, by reason; replace only a list of this program."""
    if not job.left_out:
        return None
    lines = [_LEFT_OUT_TITLE.format(_heading(job))]
    for kind, group in _left_out_by_kind(job).items():
        lines += ["", f"{kind} ({len(group):,})", *(f"  {shown(str(path))}" for path in group)]
    wanted = job.run.results / _numbered_like(names, LEFT_OUT)
    path = next(each for each in numbered(wanted) if not os.path.lexists(each) or _is_list(each))
    write_text(path, "\n".join(lines) + "\n")
    return path


_LEFT_OUT_TITLE = "Files that Colorizer left out: {}"


def _is_list(path: Path) -> bool:
    start = _LEFT_OUT_TITLE.format("").encode()
    try:
        with open_regular(path) as file:
            return file.read(len(start)) == start
    except OSError:
        return False


def _left_out_by_kind(job: ColorizeJob) -> dict[str, list[Path]]:
    kinds: dict[str, list[Path]] = {}
    for each in job.left_out:
        kinds.setdefault(each.reason, []).append(each.path)
    return kinds


def _below(root: Path, path: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _paths(job: ColorizeJob, names: Path) -> dict[Path, Path]:
    if not job.is_beside:
        return picture_paths(job.run, job.root, job.photos, job.reading.limits, names)
    paths = paths_beside(job.photos, job.goes_on, job.reading.limits)
    folders: dict[Path, list[str]] = {}
    for path in paths.values():
        folders.setdefault(path.parent, []).append(path.name)
    for folder, written in folders.items():  # before the first file is written, so that partial files are marked too
        mark_beside(folder, written)
    return paths


def _begun(job: ColorizeJob) -> tuple[ColorizeJob, Path]:
    """Return the job with the run to work in, and the path of the record of picture names.

    For a new run, also record what its pictures are made from.
    """
    made_from = how_made(job.root, job.network.name, job.network.weights_digest, job.adjustment)
    if job.hints:
        hints = sorted((str(path.relative_to(job.root)), sorted(map(repr, those))) for path, those in job.hints.items())
        made_from["hints"] = hashlib.sha256(repr(hints).encode()).hexdigest()
    if job.references:
        digests = {id(each): each.digest for each in job.references.values()}
        those = sorted((str(path.relative_to(job.root)), digests[id(each)]) for path, each in job.references.items())
        made_from["references"] = hashlib.sha256(repr(those).encode()).hexdigest()
    if job.folder is not None:
        return _begun_in_folder(job, job.folder, made_from)
    earlier = earlier_run(job.run, made_from) if job.goes_on and not job.is_beside else None
    if earlier:
        return replace(job, run=earlier), earlier.results / NAMES
    write_record(job.run.results / MADE_FROM, made_from)
    return job, job.run.results / NAMES


def how_made(root: Path, model: str, weights: str, adjustment: Adjustment) -> dict[str, Any]:
    """Describe what pictures are made from and how, as recorded in their results folder.

    Args:
        root: The folder of the photos.
        model: The network's name.
        weights: The digest of its weights.
        adjustment: Options for the colorized pictures.
    """
    how = {"photos": str(resolved(root)), "model": model, "weights": weights, **asdict(adjustment)}
    if not adjustment.repair:  # keeps matching records written before this option existed
        del how["repair"]
    return how


def _begun_in_folder(job: ColorizeJob, folder: Path, made_from: dict) -> tuple[ColorizeJob, Path]:
    """Return the job in a folder chosen by the user, and the path of the record of picture names.

    The folder may hold pictures of other photos, or in other colors. Each such set has its own record.
    """
    own = {resolved(folder) for folder in {photo.parent for photo in job.photos}}
    if resolved(folder) in own:
        raise ColorizeError(f"{folder} is the folder of the photos. Choose another output folder.")
    mark_folder(folder)
    run = replace(job.run, results=folder)
    names = folder / NAMES
    with one_at_a_time(folder):
        if not exists(folder / MADE_FROM):
            write_record(names, {})
            write_record(folder / MADE_FROM, made_from)
    if not is_made_from(run, made_from):
        text = json.dumps(made_from, sort_keys=True, default=str)
        names = names.with_stem(f"{names.stem}-{hashlib.sha256(text.encode()).hexdigest()[:12]}")
    return replace(job, run=run), names
