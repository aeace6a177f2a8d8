"""Colorize photos into a folder: one job in, one result out, whoever drives it.

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
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

from PIL import Image

from colorizer.errors import ColorizeError, Unfinished, UnfinishedInterrupted
from colorizer.inference.colorize import AS_MEANT, Adjustment, Failure, colorize_files
from colorizer.network.network import Network
from colorizer.photos.photo import Photo, Picture
from colorizer.photos.reading import read_photo
from colorizer.photos.writing import write_photo
from colorizer.pictures.sheets import COMPARED, SheetWriter, comparison
from colorizer.progress import Progress, no_progress
from colorizer.runs.folders import MADE_FROM, SHEETS, Run, earlier_run, write_record
from colorizer.runs.names import picture_paths
from colorizer.settings import DEFAULT_READING, Reading


@dataclass(frozen=True)
class ColorizeJob:
    """Photos that are to be in colour."""

    network: Network
    photos: Sequence[Path]
    root: Path
    """The folder the photos' relative names start from."""
    run: Run
    """Where the colour photos go."""
    adjustment: Adjustment = AS_MEANT
    reading: Reading = DEFAULT_READING
    truths: Mapping[Path, Path] = field(default_factory=dict)
    """Where the true colours of some of the photos are, to be shown beside the result; a colour photo is its own."""
    goes_on: bool = False
    """Whether to go on in the newest run made from the same photos in the same way, leaving out what is there."""


@dataclass(frozen=True)
class ColorizeResult:
    """What became of a job; each of its photos is in `pictures` or in `failures`."""

    folder: Path
    """The run's results: the job's own, or those of the run that was gone on with."""
    pictures: dict[Path, Path]
    """Where the colour copy of each photo is, those of before included."""
    made_before: int
    """How many of them were there already."""
    failures: tuple[Failure, ...]
    sheets: tuple[Path, ...]
    """Comparison sheets of the photos made now."""


def colorize_photos(job: ColorizeJob, progress: Progress = no_progress) -> ColorizeResult:
    """Colorize photos into the job's run; photos that cannot be colorized are among the result's failures.

    Every file appears complete or not at all. Raises Unfinished, saying how many photos are complete, when something
    stops the whole: UnfinishedInterrupted for a KeyboardInterrupt.
    """
    job = _begun(job)
    columns = COMPARED if job.truths else COMPARED[:-1]
    paths = picture_paths(job.run, job.root, job.photos, job.reading.limits)
    photos = [photo for photo in job.photos if not paths[photo].exists()]
    sheets, failures = SheetWriter(job.run.results / SHEETS, columns), []
    deliver = partial(_write, paths, job.truths)
    try:
        with closing(colorize_files(job.network, photos, deliver, job.adjustment, job.reading)) as outcomes:
            for done, outcome in enumerate(outcomes, 1):
                if isinstance(outcome, Failure):
                    failures.append(outcome)
                else:
                    sheets.add(str(outcome.path.relative_to(job.root)), outcome.delivered)
                progress(done, len(photos))
        written_sheets = sheets.finish()
    except (KeyboardInterrupt, ColorizeError) as stopped:
        complete = sum(path.exists() for path in paths.values())
        so_far = f"{complete} of {len(paths)} colour photos are complete in {job.run.results}."
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
    )


def _begun(job: ColorizeJob) -> ColorizeJob:
    """Return the job in the run it is done in; a run of its own is written down as made so."""
    weights = hashlib.sha256(b"".join(weight.tobytes() for weight in job.network.model.get_weights())).hexdigest()
    made_from = {
        "photos": str(job.root.resolve()),
        "model": job.network.name,
        "weights": weights,
        **asdict(job.adjustment),
    }
    earlier = earlier_run(job.run, made_from) if job.goes_on else None
    if earlier:
        return replace(job, run=earlier)
    write_record(job.run.results / MADE_FROM, made_from)
    return job


def _write(
    paths: dict[Path, Path], truths: Mapping[Path, Path], photo: Path, original: Photo, picture: Picture
) -> list[Image.Image]:
    """Write a colorized photo where `paths` says and return its row of a comparison sheet. Raises ColorizeError."""
    write_photo(paths[photo], picture, original)
    truth = truths.get(photo)
    if truth is None:
        return comparison(original, picture)
    return comparison(original, picture, original if truth == photo else read_photo(truth))
