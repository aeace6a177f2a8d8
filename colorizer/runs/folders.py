"""Folders of a run under OUTPUT/, the names of the files in them, and what killed runs left behind."""

from __future__ import annotations

import difflib
import json
import re
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from colorizer.errors import ColorizeError, TrainingFinished
from colorizer.files import (
    PAGES,
    UNFINISHED,
    exists,
    is_abandoned,
    is_file,
    is_folder,
    is_link,
    matching,
    owned,
    process_token,
    read_json,
    remove_unfinished,
    resolved,
    write_text,
)
from colorizer.marks import mark_folder
from colorizer.settings import RUN_NAME

TRAIN, COLORIZE, EVALUATE, INSPECT = "train", "colorize", "evaluate", "inspect"
"""Kinds of runs, which are the prefixes of their names."""
MADE_FROM, NAMES = ".made-from.json", ".names.json"
"""Records in a run's results: what it was made from and how, and the written name of each photo."""
SHEETS, SNAPSHOTS, THUMBNAILS = "sheets", "samples", "sheets/thumbnails"
PAGE, REPORT, LEFT_OUT = "index.html", "report.html", "left-out.txt"
CURVES, HISTORY, HUES, SCORES, RECORD = "graphs.png", "history.csv", "hues.png", "scores.csv", "model.json"
MODEL, WEIGHTS = "model.h5", "model.weights.h5"
SPECIFICATION, OLD_SPECIFICATION = "specification.json", "plan.json"
"""What an unfinished training is resumed by; before files had versions it had another name."""
RESERVED = (MADE_FROM, NAMES, PAGE, LEFT_OUT, CURVES, HISTORY, SCORES, HUES, RECORD, f"{SNAPSHOTS}.jpg")
"""Names in a run's results that photos cannot have."""


def refuse_finished(folder: Path) -> None:
    """Raise TrainingFinished if a folder holds the model of a training and nothing to resume it by."""
    names = (SPECIFICATION, OLD_SPECIFICATION)
    if is_file(folder / MODEL) and not any(exists(folder / name) for name in names):
        raise TrainingFinished(folder, folder / MODEL)


@dataclass(frozen=True)
class Run:
    """The two folders of one run, both new and used by this run only."""

    name: str
    """A user-defined name, or the kind and start time, such as "train-20261231-235959"."""
    models: Path
    results: Path

    @property
    def kind(self) -> str:
        return self.name.partition("-")[0]

    @property
    def drawing(self) -> Path:
        """Path for a drawing of the network."""
        return self.models / "model.png"

    @property
    def output(self) -> Path:
        """The folder that holds all runs."""
        return self.results.parent.parent


def new_run(output: Path, kind: str, name: str = "") -> Run:
    """Reserve folders with an unused name under `output`.

    Of the run's two folders, only the results folder is created, which reserves the name. The models folder is created
    when something is written into it.

    Args:
        output: The folder that holds all runs.
        kind: The kind of run.
        name: The name. By default, the kind and the current time, such as "train-20261231-235959".

    Raises:
        ColorizeError: The folders cannot be created, or a run with this name exists.
    """
    if name and not re.fullmatch(RUN_NAME, name):
        raise ColorizeError(
            f"{name!r} is not a valid name for a run. Use up to 80 letters, digits, spaces, dots, plus signs, "
            "hyphens and underscores."
        )
    stem = name or f"{kind}-{time.strftime('%Y%m%d-%H%M%S')}"
    try:
        (output / "results").mkdir(parents=True, exist_ok=True)
        (output / "models").mkdir(parents=True, exist_ok=True)
        mark_folder(output)
        for number in range(1, 2 if name else 10_000):
            run = _run(output, stem if number == 1 else f"{stem}-{number}")
            if exists(run.models):
                continue
            try:
                run.results.mkdir()
            except FileExistsError:
                continue
            return run
    except OSError as error:
        raise ColorizeError(f"Cannot create folders for results in {output}: {error.strerror}.") from error
    raise ColorizeError(taken(output, stem))


def run_in(folder: Path) -> Run:
    """Return a run whose folders are both `folder`, chosen by the user; nothing is reserved."""
    return Run(folder.name, folder, folder)


def taken(output: Path, name: str) -> str:
    """Return an error sentence if a run with this name exists, otherwise an empty string."""
    run = _run(output, name)
    there = [folder for folder in (run.results, run.models) if exists(folder)]
    return f"A run named {name} already exists in {there[0]}. Choose another name." if there else ""


def _run(output: Path, name: str) -> Run:
    return Run(name, output / "models" / name, output / "results" / name)


@contextmanager
def reserved_run(output: Path, kind: str, name: str = "") -> Iterator[Run]:
    """Reserve a run's folders as `new_run` does, and remove them after the block if they are empty.

    First removes half-written files of killed runs under `output`.
    """
    sweep(output)
    run = new_run(output, kind, name)
    try:
        with _running(run):
            yield run
    finally:
        with suppress(OSError):  # folders with files stay
            if exists(run.models):
                run.models.rmdir()
            run.results.rmdir()


@contextmanager
def _running(run: Run) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(marked_as_running(run.results))
        except OSError as error:
            raise ColorizeError(f"Cannot write into {run.results.parent}: {error.strerror}.") from error
        yield


def existing_run(models: Path) -> Run:
    """Return the run with this models folder; raise ColorizeError if its results cannot be written."""
    models = resolved(models)
    run = Run(models.name, models, models.parent.parent / "results" / models.name)
    try:
        run.results.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ColorizeError(f"Cannot create the folder {run.results}: {error.strerror}.") from error
    forget_mark(run.results)
    return run


def earlier_run(run: Run, made_from: dict) -> Run | None:
    """Return the newest other run of this kind with an equal record, or None."""
    for folder in reversed(matching(run.output / "results", f"{run.kind}-*")):
        earlier = Run(folder.name, run.output / "models" / folder.name, folder)
        if is_made_from(earlier, made_from):
            return earlier
    return None


def is_made_from(run: Run, made_from: dict) -> bool:
    """Return whether a run's record equals `made_from`; False without a record."""
    try:
        return read_json(run.results / MADE_FROM) == made_from
    except (OSError, ValueError):  # an incomplete run, or not a run
        return False


def write_record(path: Path, record: dict) -> None:
    """Write a record as JSON, completely or not at all.

    Values that JSON does not support, such as paths, become strings.
    """
    write_text(path, json.dumps(record, indent=2, default=str) + "\n")


def latest_model(output: Path) -> Path:
    """Return the newest trained model file under `output`; raise ColorizeError if there is none."""
    found = sorted(matching(output / "models", f"*/{MODEL}"), key=lambda path: path.stat().st_mtime_ns)
    if not found:
        raise ColorizeError(f"No trained model found in {output / 'models'}. Train one first.")
    return found[-1]


def model_of_run(output: Path, name: str) -> Path:
    """Return the model file of a run by name; raise ColorizeError if there is none."""
    path = output / "models" / name / MODEL
    if not is_file(path):
        near = difflib.get_close_matches(
            name, [found.parent.name for found in matching(path.parent.parent, f"*/{MODEL}")], 1
        )
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ColorizeError(f"No model file or trained model named {name} found in {output / 'models'}.{hint}")
    return path


_RUNNING, _WORKING = ".running-", ".working-"
"""Prefixes of marker files: for a run under OUTPUT, and for a process that writes into a folder shared with others."""
_WORKING_MARK = re.compile(rf"{re.escape(_WORKING)}([0-9a-f]{{16}})-[0-9a-f]{{8}}")
"""Name of the second kind of marker, which contains the token of its process."""


@contextmanager
def marked_as_running(results: Path) -> Iterator[None]:
    """Mark a run, identified by its results folder, as in progress during the block."""
    with _marked(results.parent / f"{_RUNNING}{results.name}"):
        yield


@contextmanager
def working_in(folder: Path, names: Path) -> Iterator[None]:
    """Clean up a folder, then mark it as one that this process writes into during the block.

    Other processes may write into the folder at the same time. Raises ColorizeError.

    Args:
        folder: The folder.
        names: The record of the names that this process reserves.
    """
    _sweep_folder(folder)
    with ExitStack() as stack:
        try:
            stack.enter_context(
                _marked(folder / f"{_WORKING}{process_token()}-{secrets.token_hex(4)}", json.dumps(names.name))
            )
        except OSError as error:
            raise ColorizeError(f"Cannot write into {folder}: {error.strerror}.") from error
        yield


def is_in_use(names: Path) -> bool:
    """Return whether a running process may still write to the names in a record."""
    for mark in matching(names.parent, f"{_WORKING}*"):
        if not is_abandoned(mark):
            with suppress(OSError, ValueError):
                if read_json(mark) == names.name:
                    return True
    return False


def _sweep_folder(folder: Path) -> None:
    """Remove partial files of killed processes from a folder; files of running processes stay."""
    for mark in matching(folder, f"{_WORKING}*"):
        named = _WORKING_MARK.fullmatch(mark.name)
        if not named or not is_abandoned(mark):
            continue
        for path in matching(folder, f"**/{UNFINISHED}{named[1]}-*"):
            with suppress(OSError):
                path.unlink()
        for path in matching(folder, f"{PAGES}{named[1]}-*"):
            with suppress(OSError):
                path.rmdir()
        with suppress(OSError):
            mark.unlink()


@contextmanager
def _marked(mark: Path, text: str = "") -> Iterator[None]:
    with tempfile.NamedTemporaryFile("w", prefix=".starting-", dir=mark.parent, delete=False) as file:
        file.write(text)
        starting = Path(file.name)
    try:
        with owned(starting):
            starting.rename(mark)  # the mark never appears without its owner
            yield
    finally:
        for path in (starting, mark):
            with suppress(OSError):
                path.unlink()


def forget_mark(results: Path) -> None:
    """Remove the mark of a killed run that is being resumed."""
    mark = results.parent / f"{_RUNNING}{results.name}"
    if is_abandoned(mark):
        with suppress(OSError):
            mark.unlink()


def sweep(output: Path) -> None:
    """Remove half-written files of killed runs under `output`, and their folders if these are then empty.

    Files that cannot be removed stay: a run must not fail because of an earlier one.
    """
    for mark in matching(output / "results", f"{_RUNNING}*"):
        name = mark.name.removeprefix(_RUNNING)  # marks with any other name are ignored
        if not re.fullmatch(RUN_NAME, name) or not is_abandoned(mark):
            continue
        for folder in (output / "results" / name, output / "models" / name):
            if is_folder(folder) and not is_link(folder):
                with suppress(ColorizeError):
                    remove_unfinished(folder)
                _remove_empty(folder)
        with suppress(OSError):
            mark.unlink()


def _remove_empty(folder: Path) -> None:
    """Remove a folder and its subfolders, as far as they are empty."""
    inside = [path for path in reversed(matching(folder, "**/*")) if is_folder(path) and not is_link(path)]
    for path in (*inside, folder):
        with suppress(OSError):  # folders that are not empty
            path.rmdir()
