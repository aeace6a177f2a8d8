"""Jobs of small films."""

from __future__ import annotations

from pathlib import Path

from colorizer.network.model_files import load_model
from colorizer.runs.film import FilmJob
from colorizer.runs.folders import new_run


def job_of(tmp_path: Path, model: Path, film: Path, **changes) -> FilmJob:
    return FilmJob(load_model(model), film, new_run(tmp_path / "out", "film"), **changes)
