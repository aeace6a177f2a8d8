"""The available models, with a one-line description of each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colorizer.errors import shown
from colorizer.files import matching, read_json, resolved
from colorizer.network.model_files import PRETRAINED
from colorizer.runs.folders import MODEL, RECORD


@dataclass(frozen=True)
class ModelChoice:
    """A model that can be chosen."""

    id: str
    path: Path
    name: str
    line: str
    """One-line description."""


def model_choices(output: Path, given: Path) -> tuple[ModelChoice, ...]:
    """Return the shipped model, models trained under `output`, newest first, and the `given` one if it is another."""
    trained = reversed(matching(output / "models", f"*/{MODEL}"))
    choices = [_choice(PRETRAINED, "Shipped", "the model that comes with the program")]
    choices += [_choice(path, path.parent.name, _line(path)) for path in trained]
    if resolved(given) not in [resolved(choice.path) for choice in choices]:
        choices.append(_choice(given, given.name, "the one the studio was started with"))
    return tuple(choices)


def identifier(path: Path) -> str:
    """Return the id of a model file: a digest of its path, so that no path is exchanged with the page."""
    return hashlib.sha256(str(resolved(path)).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _choice(path: Path, name: str, line: str) -> ModelChoice:
    return ModelChoice(identifier(path), path, shown(name), shown(line))


def _line(path: Path) -> str:
    """Describe a trained model from its record, which may be of another version, or missing."""
    try:
        record = read_json(path.parent / RECORD, allows_nan=True)
    except (OSError, ValueError):
        return "trained here, without a record of how"
    record = record if isinstance(record, dict) else {}
    network, photos = _table(record, "network"), _table(record, "photos")
    parts = [str(network["name"])] if "name" in network else []
    parts += [f"{network['size']} pixels"] if "size" in network else []
    parts += [f"learned from {photos['train']} photos"] if "train" in photos else []
    return ", ".join(parts)[:200] or "trained here"


def _table(record: dict, name: str) -> dict[str, Any]:
    return record[name] if isinstance(record.get(name), dict) else {}
