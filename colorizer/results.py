"""The only chooser of paths under OUTPUT/: runs, colour photos, tables of scores, records."""

from __future__ import annotations

import csv
import io
import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from colorizer.cache import fingerprint
from colorizer.files import numbered, unused_path, write_text
from colorizer.photo import DEFAULT_LIMITS, Photo, Picture
from colorizer.settings import ColorizeError, PhotoLimits
from colorizer.sheets import comparison
from colorizer.writing import write_photo, written_name

if TYPE_CHECKING:
    from colorizer.evaluation import ScoredPhoto

MADE = ".made-from.json"
"""The record, in a run's results, of what it was made from and how; by it a later run finds what is done already."""
_NAMES = ".names.json"
"""The record, beside it, of which photo is written under which name."""
SHEETS, SAMPLES = "sheets", "samples"
_RESERVED = (MADE, _NAMES, "graphs.png", "scores.csv", "hues.png", "model.json", f"{SAMPLES}.jpg")


@dataclass(frozen=True)
class Run:
    """The two folders of one run; both are new and belong to it alone."""

    name: str
    models: Path
    results: Path


def new_run(output: Path, kind: str) -> Run:
    """Reserve folders of one unused name, such as "train-20261231-235959", under `output`; raise ColorizeError.

    Folders appear when something is written into them, except the results folder, which reserves the name.
    """
    stem = f"{kind}-{time.strftime('%Y%m%d-%H%M%S')}"
    try:
        (output / "results").mkdir(parents=True, exist_ok=True)
        (output / "models").mkdir(parents=True, exist_ok=True)
        for number in range(1, 10_000):
            name = stem if number == 1 else f"{stem}-{number}"
            run = Run(name, output / "models" / name, output / "results" / name)
            if run.models.exists():
                continue
            try:
                run.results.mkdir()
            except FileExistsError:
                continue
            return run
    except OSError as error:
        raise ColorizeError(f"Cannot make folders for results under {output}: {error.strerror}.") from error
    raise ColorizeError(f"Every name for a run is taken under {output / 'results'}.")


def existing_run(models: Path) -> Run:
    """Return the run whose models folder is `models`; raise ColorizeError when its results cannot be written."""
    models = models.resolve()
    run = Run(models.name, models, models.parent.parent / "results" / models.name)
    try:
        run.results.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ColorizeError(f"Cannot make the folder {run.results}: {error.strerror}.") from error
    return run


def earlier_run(output: Path, kind: str, made: dict) -> Run | None:
    """Return the newest run of a kind whose record says that it was made just so; None when there is none."""
    for folder in sorted((output / "results").glob(f"{kind}-*"), reverse=True):
        try:
            if json.loads((folder / MADE).read_text(encoding="utf-8")) == made:
                return Run(folder.name, output / "models" / folder.name, folder)
        except (OSError, ValueError):  # a run that got no further, or no run
            continue
    return None


def release_run(run: Run) -> None:
    """Give back a run's name if nothing was written under it."""
    with suppress(OSError):  # what holds a file stays
        if run.models.exists():
            run.models.rmdir()
        run.results.rmdir()


def picture_paths(
    run: Run, root: Path, photos: Sequence[Path], limits: PhotoLimits = DEFAULT_LIMITS
) -> dict[Path, Path]:
    """Return where the colour copy of every photo goes: under its own name, in its own subfolder of the run's results.

    A name that is taken, by another of the photos or by a file that is there, is numbered. Which photo got which name
    is written down: in a run that is gone on with, an unchanged photo gets its own name again. Raises ColorizeError.
    """
    record = run.results / _NAMES
    known = _read_names(record)
    names = dict(known)
    taken = {str(run.results / name).casefold() for name in (*_RESERVED, *(name for name, _ in known.values()))}
    for photo in photos:
        relative = photo.relative_to(root)
        print_ = fingerprint(photo)
        if print_ and known.get(str(relative), ("", None))[1] == list(print_):
            continue
        if relative.parts[0].casefold() in (SHEETS, SAMPLES):  # folders of the run's own
            relative = Path(f"{relative.parts[0]}-photos", *relative.parts[1:])
        wanted = run.results / relative.with_name(written_name(photo, limits))
        path = next(
            path for path in numbered(wanted) if str(path).casefold() not in taken and not os.path.lexists(path)
        )
        taken.add(str(path).casefold())
        names[str(photo.relative_to(root))] = (str(path.relative_to(run.results)), print_ and list(print_))
    write_record(record, names)
    return {photo: run.results / names[str(photo.relative_to(root))][0] for photo in photos}


def _read_names(record: Path) -> dict[str, tuple[str, list[int] | None]]:
    """Return the written name and the fingerprint of every photo a run has colorized, by the photo's own name."""
    try:
        return {photo: (name, print_) for photo, (name, print_) in json.loads(record.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):  # none yet, or no longer: all names are chosen anew
        return {}


def save_picture(
    paths: dict[Path, Path], columns: Sequence[str], photo: Path, original: Photo, picture: Picture
) -> list[Image.Image]:
    """Write a colorized photo where `paths` says and return its row of a comparison sheet. Raises ColorizeError."""
    write_photo(paths[photo], picture, original)
    return comparison(columns, photo, original, picture)


def save_scores(photos: Sequence[ScoredPhoto], root: Path, run: Run) -> Path:
    """Write one line of scores for every photo, as CSV in UTF-8, and return its path; raise ColorizeError."""
    scores = [field.name for field in fields(photos[0].predicted)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["photo", *scores, *(f"gray_{name}" for name in scores), "true_colourfulness"])
    for photo in photos:
        figures = (*astuple(photo.predicted), *astuple(photo.gray), photo.true_colourfulness)
        writer.writerow([photo.path.relative_to(root), *(f"{figure:.4f}" for figure in figures)])
    path = unused_path(run.results / "scores.csv")
    write_text(path, text.getvalue())
    return path


def write_record(path: Path, record: dict) -> None:
    """Write a record as JSON, complete or not at all. Values that are no JSON, such as paths, become text."""
    write_text(path, json.dumps(record, indent=2, default=str) + "\n")
