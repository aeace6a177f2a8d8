"""Records of trainings: the specification that resumes one, and the record next to the model that proposes settings."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, get_origin, get_type_hints

from colorizer.dataset.split import Split
from colorizer.errors import ColorizeError
from colorizer.evaluation.evaluate import Evaluation
from colorizer.files import exists, is_file, is_folder, read_json, remove_unfinished, write_text
from colorizer.network.encoders import encoder_blocks
from colorizer.network.model_files import load, save
from colorizer.network.network import Network
from colorizer.runs.folders import (
    OLD_SPECIFICATION,
    RECORD,
    SPECIFICATION,
    Run,
    existing_run,
    refuse_finished,
    write_record,
)
from colorizer.settings import (
    FINE_TUNING,
    RECORD_VERSION,
    AdversarialSettings,
    AugmentationSettings,
    ModelSettings,
    TrainingSettings,
)
from colorizer.training.checkpoint import BEST, LAST, STATE, load_checkpoint
from colorizer.training.train import TrainingRecord

_RECORDED = ("train", "validation", "test")


def save_record(
    folder: Path,
    network: Network,
    specification: RunSpecification,
    training: TrainingRecord,
    evaluation: Evaluation,
    start: Evaluation | None = None,
) -> Path:
    """Write the record of a training into a folder and return its path; raise ColorizeError.

    `start`: scores of the model the training started from; None for a new network.
    """
    split = specification.split
    record = {
        "version": RECORD_VERSION,
        "network": {"name": network.name, "size": network.size, "parameters": network.model.count_params()},
        "colour": "luma (BT.709) in [0, 1] to RGB in [0, 1], gamma-encoded",
        "photos": {part: len(getattr(split, part)) for part in _RECORDED},
        "model": asdict(specification.model) if specification.model else None,
        "settings": asdict(specification.settings),
        "training": asdict(training),
        "evaluation": asdict(evaluation),
        "start_evaluation": asdict(start) if start else None,
        "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy", "pillow", "scikit-image")},
        "learned_from": sorted({_mark(photo) for photo in (*split.train, *split.validation)}),
    }
    write_record(folder / RECORD, record)
    return folder / RECORD


def learned_from(model: Path, photos: Iterable[Path]) -> int:
    """Count the photos that a model was trained on, according to its record; 0 without a record.

    Photos are identified by name and size. A copy elsewhere is recognized; a re-encoded one is not.
    """
    try:
        marks = set(read_json(model.parent / RECORD, allows_nan=True)["learned_from"])
    except (OSError, ValueError, KeyError, TypeError):  # missing, or not a valid record
        return 0
    return sum(_mark(photo) in marks for photo in photos)


def save_history(history: Mapping[str, Sequence[float | None]], path: Path) -> Path:
    """Write the figures of every epoch as CSV and return the path; raise ColorizeError."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["epoch", *history])
    for number, figures in enumerate(zip(*history.values(), strict=True), 1):
        writer.writerow([number, *("" if figure is None else f"{figure:.8g}" for figure in figures)])
    write_text(path, text.getvalue())
    return path


def _mark(photo: Path) -> str:
    try:
        size = photo.stat().st_size
    except OSError:  # deleted since
        size = 0
    return hashlib.sha256(f"{photo.name}:{size}".encode("utf-8", "surrogateescape")).hexdigest()[:12]


_OF_THE_LOSS = ("loss", "colourfulness_weight", "colour_difference_weight")
"""What a network minimizes. Another loss undoes what it learned, however small the steps are."""


def fine_tuning_settings(network: Network) -> TrainingSettings:
    """Propose how to train a loaded model further.

    Args:
        network: The loaded model. The record of its training is read from the `model.json` in its folder.

    Returns:
        `FINE_TUNING`, which is for the shipped model. A model with a record of its own training goes on with the loss
        of the record, and is not mixed with its start. The whole network learns where it has no encoder with the block
        that `FINE_TUNING` names.
    """
    settings = _with_recorded_loss(network)
    if settings.fine_tune_from not in encoder_blocks(network.model):
        settings = replace(settings, fine_tune_from="")
    return settings


def _with_recorded_loss(network: Network) -> TrainingSettings:
    if network.path is None:
        return FINE_TUNING
    try:
        recorded = read_json(network.path.parent / RECORD)["settings"]
        # Records of earlier versions have no weights.
        values = {"colourfulness_weight": 0.0, "colour_difference_weight": 0.0} | recorded
        return replace(FINE_TUNING, start_share=0.0, **{name: values[name] for name in _OF_THE_LOSS})
    except (OSError, ValueError, KeyError, TypeError, ColorizeError):  # no record, or not one of this program
        return FINE_TUNING


Settings = TypeVar("Settings", ModelSettings, TrainingSettings, AdversarialSettings, AugmentationSettings)
VERSION = 1
_START = "start.keras"
_PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class RunSpecification:
    """Everything that defines a training."""

    root: Path
    """The folder to which photo names are relative."""
    split: Split
    settings: TrainingSettings
    maximum_pixels: int
    """Maximum number of pixels of a photo."""
    model: ModelSettings | None = None
    """Settings the network was built with; None for a loaded network."""
    save_model: bool = True
    save_results: bool = True
    """Whether the test photos are colorized at the end."""
    takes_defaults: bool = False
    """Whether all questions are answered with defaults, also when the training is resumed."""

    @property
    def is_loaded(self) -> bool:
        """Whether the training started from a loaded model."""
        return self.model is None


def write_specification(run: Run, specification: RunSpecification, network: Network) -> None:
    """Write the specification and the starting network of a new training. Raises ColorizeError."""
    save(network.model, run.models / _START)
    # Absolute, because the training may be resumed from another folder.
    parts = {name: [str(path.absolute()) for path in getattr(specification.split, name)] for name in _PARTS}
    text = {
        "version": VERSION,
        "network": {"name": network.name, "size": network.size},
        "root": str(specification.root.absolute()),
        "settings": asdict(specification.settings),
        "model": asdict(specification.model) if specification.model else None,
        "maximum_pixels": specification.maximum_pixels,
        "save_model": specification.save_model,
        "save_results": specification.save_results,
        "takes_defaults": specification.takes_defaults,
        **parts,
    }
    # JSON escapes preserve names that are not valid UTF-8.
    write_text(run.models / SPECIFICATION, json.dumps(text, indent=1))


def read_specification(folder: Path) -> tuple[Run, RunSpecification, Network]:
    """Read an unfinished training from its folder under OUTPUT/models.

    Deletes files that a killed process left half-written. Raises TrainingFinished or ColorizeError.
    """
    refuse_finished(folder)
    path = folder / SPECIFICATION
    if not exists(path):
        path = folder / OLD_SPECIFICATION
    try:
        text = read_json(path)
        if text.get("version", VERSION) > VERSION:
            raise ColorizeError(f"{path} was written by a newer version of this program. Resume it with that version.")
        specification = _parsed(text)
        name, size = str(text["network"]["name"]), int(text["network"]["size"])
    except FileNotFoundError as error:
        raise ColorizeError(
            f"No unfinished training found in {folder}. Choose the folder in OUTPUT/models that the interrupted "
            "training reported."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ColorizeError(f"The run's specification {path} cannot be read: {why}.") from error
    _refuse_missing(specification.split)
    run = existing_run(folder)
    remove_unfinished(run.models)
    remove_unfinished(run.results)
    return run, specification, Network(load(run.models / _START).engine, name, size)


def finished_epochs(run: Run) -> int:
    """Return the number of finished epochs of an unfinished training. Raises ColorizeError."""
    checkpoint = load_checkpoint(run.models / STATE)
    return checkpoint.epochs if checkpoint else 0


def read_start(run: Run) -> Network:
    """Load the starting network of an unfinished training. Raises ColorizeError."""
    return load(run.models / _START)


def forget_specification(run: Run) -> None:
    """Delete the files that only an unfinished training needs. Raises ColorizeError."""
    try:
        # The specification goes last: while it exists, the other files can still be identified.
        for name in (BEST, LAST, STATE, _START, OLD_SPECIFICATION, SPECIFICATION):
            (run.models / name).unlink(missing_ok=True)
        if is_folder(run.models) and not any(run.models.iterdir()):
            run.models.rmdir()
    except OSError as error:
        raise ColorizeError(f"Could not clear {run.models}: {error.strerror}.") from error


def _parsed(text: dict) -> RunSpecification:
    values, model = dict(text["settings"]), text.get("model")
    adversarial, augmentation = values.pop("adversarial", None), values.pop("augmentation", {})
    settings = _settings(TrainingSettings, values)
    settings = replace(settings, augmentation=_settings(AugmentationSettings, augmentation))
    if adversarial:
        settings = replace(settings, adversarial=_settings(AdversarialSettings, adversarial))
    return RunSpecification(
        root=Path(text["root"]),
        split=Split(**{name: _paths(text[name]) for name in _PARTS}),
        settings=settings,
        maximum_pixels=int(text["maximum_pixels"]),
        model=_settings(ModelSettings, model) if model else None,
        save_model=bool(text.get("save_model", True)),
        save_results=bool(text.get("save_results", True)),
        takes_defaults=bool(text.get("takes_defaults", False)),
    )


def _settings(kind: type[Settings], values: dict) -> Settings:
    """Build settings from parsed JSON.

    Raises ValueError for a value of the wrong type, and TypeError for an unknown name.
    """
    types = get_type_hints(kind)
    for name, value in values.items():
        if name in types and not _fits(value, types[name]):
            raise ValueError(f"its {name} is invalid: {value!r}")
    given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return kind(**given)


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(value, list):
        return get_origin(wanted) is tuple and all(type(item) is int for item in value)
    return type(value) is wanted or (wanted is float and type(value) is int)


def _paths(names: list[str]) -> tuple[Path, ...]:
    if not isinstance(names, list):
        raise ValueError("its photos are not a list")
    return tuple(Path(name) for name in names)


def _refuse_missing(split: Split) -> None:
    photos: Sequence[Path] = [*split.train, *split.validation, *split.test]
    missing = [photo for photo in photos if not is_file(photo)]
    if missing:
        raise ColorizeError(
            f"{len(missing)} of the {len(photos)} photos of this training no longer exist, such as {missing[0]}. Put "
            "them back, or start a new training."
        )
