"""The only chooser of paths under OUTPUT/: runs, graphs, comparison sheets, colour photos, records."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from colorizer.cache import fingerprint
from colorizer.color import CHROMA_TO_OFFSET, luma, merge
from colorizer.files import complete_file, numbered, unused_path, write_text
from colorizer.photo import DEFAULT_LIMITS, Photo, Picture
from colorizer.settings import SHEET_ROWS, ColorizeError, PhotoLimits
from colorizer.writing import write_photo, written_name

if TYPE_CHECKING:
    from colorizer.evaluation import ScoredPhoto

COMPARED = ("original colour", "predicted colour", "grayscale")
"""Columns of a comparison sheet; where there is no colour truth, the last two."""

MADE = ".made-from.json"
"""The record, in a run's results, of what it was made from and how; by it a later run finds what is done already."""
_NAMES = ".names.json"
"""The record, beside it, of which photo is written under which name."""
SHEETS = "sheets"
_RESERVED = (MADE, _NAMES, "graphs.png", "scores.csv", "hues.png", "model.json")
_CELL = 320
_GAP = 12
_CAPTION = 26
_INK, _PAPER = (40, 40, 40), (255, 255, 255)


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
    if not run.models.exists():
        with suppress(OSError):
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
        if relative.parts[0].casefold() == SHEETS:  # the sheets' own folder
            relative = Path(f"{SHEETS}-photos", *relative.parts[1:])
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


def comparison(columns: Sequence[str], photo: Path, original: Photo, picture: Picture) -> list[Image.Image]:
    """Return a row of a comparison sheet: a thumbnail of the photo for each of `columns`."""
    truth = _thumbnail(original.eight_bits())
    row = {"original colour": truth, "predicted colour": _thumbnail(picture.image), "grayscale": _gray(truth)}
    return [row[column].convert("RGB") for column in columns]


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


def save_graphs(history: dict[str, Sequence[float]], folder: Path) -> Path:
    """Draw loss, accuracy and learning rate per epoch into one PNG and return its path; raise ColorizeError."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(15, 4.2), layout="constrained")
    panels = (
        ("Loss", {"training": "loss", "validation": "val_loss"}),
        ("Accuracy (strongest channel right)", {"training": "accuracy", "validation": "val_accuracy"}),
        ("Learning rate", {"": "learning_rate"}),
    )
    for axes, (title, curves) in zip(figure.subplots(1, 3), panels, strict=True):
        for (label, name), colour in zip(curves.items(), ("tab:purple", "tab:cyan"), strict=False):
            values = history.get(name, ())
            axes.plot(range(1, len(values) + 1), values, "o-", markersize=3, color=colour, label=label)
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        if len(curves) > 1:
            axes.legend()
        if title == "Learning rate" and min(history.get("learning_rate", (1,))) > 0:
            axes.set_yscale("log")
    path = unused_path(folder / "graphs.png")
    with complete_file(path) as temporary:
        figure.savefig(temporary, dpi=110)
    return path


def save_hues(hues: Sequence[Sequence[float]], folder: Path) -> Path:
    """Draw `evaluation.Evaluation.hues` into one PNG and return its path; raise ColorizeError.

    On the left how much chroma there is of each hue, true and predicted; on the right which hue became which, with a
    last row and column for chroma that is on one side only.
    """
    from matplotlib.figure import Figure

    table = np.asarray(hues)
    count = len(table) - 1
    angles = (np.arange(count) + 0.5) * 2 * np.pi / count
    chroma = 0.25 * np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype(np.float32)
    colours = merge(np.full((1, count), 0.5, np.float32), (chroma @ CHROMA_TO_OFFSET).T[:, None])[:, 0].T
    figure = Figure(figsize=(15, 6.5), layout="constrained")
    bars, field = figure.subplots(1, 2)
    places = np.arange(count)
    bars.bar(places - 0.2, table.sum(axis=1)[:-1], 0.4, color=colours, edgecolor="black", label="true (outlined)")
    bars.bar(places + 0.2, table.sum(axis=0)[:-1], 0.4, color=colours, label="predicted")
    bars.set(title="Chroma of each hue, as share of all true chroma", xticks=[], xlabel="hue")
    bars.legend()
    # The root, or the few large shares would leave the others invisible.
    field.imshow(np.sqrt(table), cmap="magma", origin="lower")
    shown = np.vstack([colours, [(0.5, 0.5, 0.5)]])
    places = np.arange(count + 1)
    field.scatter(places, np.full(count + 1, -1.2), c=shown, marker="s", s=110, clip_on=False)
    field.scatter(np.full(count + 1, -1.2), places, c=shown, marker="s", s=110, clip_on=False)
    field.set(title="Which hue became which", xlabel="predicted", ylabel="true", xticks=[], yticks=[])
    field.set(xlim=(-1.8, count + 0.5), ylim=(-1.8, count + 0.5))
    path = unused_path(folder / "hues.png")
    with complete_file(path) as temporary:
        figure.savefig(temporary, dpi=100)
    return path


class SheetWriter:
    """Collects rows of pictures and writes a comparison sheet each time enough have come; memory stays small."""

    def __init__(self, folder: Path, columns: Sequence[str]):
        self.folder, self.columns = folder, tuple(columns)
        self.paths: list[Path] = []
        self._rows: list[tuple[str, Sequence[Image.Image]]] = []

    def add(self, name: str, thumbnails: Sequence[Image.Image]) -> None:
        """Add one photo: its name and one thumbnail for each column."""
        self._rows.append((name, thumbnails))
        if len(self._rows) == SHEET_ROWS:
            self.finish()

    def finish(self) -> tuple[Path, ...]:
        """Write the rows that are left and return the paths of all sheets; raise ColorizeError."""
        if self._rows:
            path = unused_path(self.folder / f"sheet-{len(self.paths) + 1:03}.jpg")
            with complete_file(path) as temporary:
                _sheet(self.columns, self._rows).save(temporary, format="JPEG", quality=92, subsampling=0)
            self.paths.append(path)
            self._rows = []
        return tuple(self.paths)


def _thumbnail(image: Image.Image) -> Image.Image:
    scale = min(_CELL / image.width, _CELL / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    # Hamming's window makes small pictures as sharp as Lanczos' in less than half the time, but no enlarged ones.
    window = Image.Resampling.HAMMING if scale < 1 else Image.Resampling.BICUBIC
    return image.resize(size, window, reducing_gap=2.0)


def _gray(picture: Image.Image) -> Image.Image:
    if picture.mode == "L":
        return picture
    return Image.fromarray(np.rint(luma(np.asarray(picture))).astype(np.uint8))


def _sheet(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Image.Image]]]) -> Image.Image:
    width = _GAP + len(columns) * (_CELL + _GAP)
    heights = [_CAPTION + max(picture.height for picture in pictures) + _GAP for _, pictures in rows]
    sheet = Image.new("RGB", (width, _GAP + _CAPTION + sum(heights)), _PAPER)
    pen, font = ImageDraw.Draw(sheet), _font(16)
    for number, title in enumerate(columns):
        pen.text((_GAP + number * (_CELL + _GAP), _GAP), title, fill=_INK, font=_font(18))
    top = _GAP + _CAPTION
    for (name, pictures), height in zip(rows, heights, strict=True):
        pen.text((_GAP, top + 2), _fitting(name, pen, font, width - 2 * _GAP), fill=_INK, font=font)
        for number, picture in enumerate(pictures):
            left = _GAP + number * (_CELL + _GAP) + (_CELL - picture.width) // 2
            sheet.paste(picture, (left, top + _CAPTION))
        top += height
    return sheet


def _fitting(name: str, pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, width: int) -> str:
    """Shorten a name in its middle until it fits; undecodable bytes of a file name are shown as question marks."""
    name = name.encode("utf-8", "replace").decode("utf-8")
    shown, kept = name, len(name)
    while pen.textlength(shown, font=font) > width and kept > 2:
        kept = math.floor(kept * 0.95)
        shown = f"{name[: kept // 2]}…{name[-(kept // 2) :]}"
    return shown


def _font(size: int) -> ImageFont.FreeTypeFont:
    # Matplotlib ships DejaVu Sans, whose letters reach from Latin to Hebrew; Pillow's own font knows Latin only.
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")), size)
