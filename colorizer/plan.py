"""What must be known to take up an interrupted training: written before its first step, gone when it is done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from colorizer.course import BEST, LAST, STATE
from colorizer.dataset import Split
from colorizer.files import remove_unfinished, write_text
from colorizer.model import Network, load, save
from colorizer.results import Run, existing_run
from colorizer.settings import AdversarialSettings, ColorizeError, TrainingSettings

_PLAN, _START = "plan.json", "start.keras"
_PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Plan:
    """A training that was decided on."""

    root: Path
    """The folder the photos' relative names start from."""
    split: Split
    settings: TrainingSettings
    maximum_pixels: int
    """What a photo of it may have."""


def write_plan(run: Run, plan: Plan, network: Network) -> None:
    """Write down a training that begins, with the network it begins with; raise ColorizeError."""
    save(network.model, run.models / _START)
    # Absolute, since it may be taken up from elsewhere.
    parts = {name: [str(path.absolute()) for path in getattr(plan.split, name)] for name in _PARTS}
    text = {
        "network": {"name": network.name, "size": network.size},
        "root": str(plan.root.absolute()),
        "settings": asdict(plan.settings),
        "maximum_pixels": plan.maximum_pixels,
        **parts,
    }
    # Names that are no UTF-8 are kept as they are by JSON's escapes.
    write_text(run.models / _PLAN, json.dumps(text, indent=1))


def read_plan(folder: Path) -> tuple[Run, Plan, Network]:
    """Read the plan of an unfinished training from its folder under OUTPUT/models; raise ColorizeError.

    What a killed process left half written there is removed.
    """
    try:
        text = json.loads((folder / _PLAN).read_text(encoding="utf-8"))
        parts = {name: tuple(Path(path) for path in text[name]) for name in _PARTS}
        game = text["settings"].pop("adversarial", None)
        settings = TrainingSettings(**text["settings"], adversarial=AdversarialSettings(**game) if game else None)
        maximum_pixels = int(text["maximum_pixels"])
        plan = Plan(Path(text["root"]), Split(**parts), settings, maximum_pixels)
        name, size = str(text["network"]["name"]), int(text["network"]["size"])
    except FileNotFoundError as error:
        raise ColorizeError(
            f"There is no unfinished training in {folder}: give the folder under OUTPUT/models that the interrupted "
            "training named."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ColorizeError(f"The plan {folder / _PLAN} cannot be read: {error}.") from error
    _refuse_missing(plan.split)
    run = existing_run(folder)
    remove_unfinished(run.models)
    remove_unfinished(run.results)
    return run, plan, Network(load(run.models / _START).model, name, size)


def forget_plan(run: Run) -> None:
    """Remove what only an unfinished training needs; raise ColorizeError."""
    try:
        for name in (BEST, LAST, STATE, _START, _PLAN):  # the plan last: as long as it is there, all of them are known
            (run.models / name).unlink(missing_ok=True)
        if run.models.is_dir() and not any(run.models.iterdir()):
            run.models.rmdir()
    except OSError as error:
        raise ColorizeError(f"Could not clear {run.models}: {error.strerror}.") from error


def _refuse_missing(split: Split) -> None:
    photos: Sequence[Path] = [*split.train, *split.validation, *split.test]
    missing = [photo for photo in photos if not photo.is_file()]
    if missing:
        raise ColorizeError(
            f"{len(missing)} of the {len(photos)} photos this training goes on with are gone, such as {missing[0]}; "
            "put them back, or train anew."
        )
