"""`python -m benchmarks.faults [every] [command ...]`: make each file operation fail, and check the results.

The commands run on scikit-image's photographs, with a small network, in this process. Each operation that opens a file
for writing, or creates, renames or removes something, fails in turn in four ways (`failing`); with `every`, only every
n-th of these cases runs. A line is printed for each case in which

- the program ended with a traceback, or without a message although something is missing,
- a file with a final name does not open, or is reported but does not exist,
- or the next run leaves unfinished files behind.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import shutil
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from benchmarks.failing import FAULTS, Operations, failing
from benchmarks.kill import unreadable

COMMANDS = ("colorize", "train", "evaluate")
_UNFINISHED = (".writing-", ".unpacking-", ".starting-", ".running-", ".working-")
_PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png")
_SIDE = 64


@dataclass(frozen=True)
class Ending:
    """How one run of the program ended."""

    code: int | None
    """Its exit code; None for a traceback."""
    text: str
    """Its complete output."""
    operations: Operations


def prepare(folder: Path) -> None:
    """Write the input of every run: zips of four photographs, in gray and in color, and a small model."""
    import tensorflow as tf

    from colorizer.network.architectures import build
    from colorizer.network.model_files import save
    from colorizer.settings import ModelSettings

    tf.config.run_functions_eagerly(True)  # compiling for every run would take most of the time
    save(build(ModelSettings(size=_SIDE, filters=(4, 8))).model, folder / "model.h5")
    (folder / "settings.json").write_text(json.dumps({"model": {"filters": [4, 8]}}))
    shipped = Path(find_spec("skimage").origin).parent / "data"
    with zipfile.ZipFile(folder / "gray.zip", "w") as gray, zipfile.ZipFile(folder / "colour.zip", "w") as colour:
        for name in _PHOTOS:
            for mode, archive in (("L", gray), ("RGB", colour)):
                with Image.open(shipped / name) as image, archive.open(f"photos/{name}", "w") as member:
                    image.convert(mode).resize((_SIDE, _SIDE)).save(member, image.format)


def run(command: str, given: Path, place: Path, number: int = -1, fault: str = FAULTS[0]) -> Ending:
    """Run a command in the new folder `place` with the input in `given`; one file operation there fails."""
    from colorizer.console.command_line import main

    place.mkdir()
    archive = shutil.copy(given / ("gray.zip" if command == "colorize" else "colour.zip"), place / "photos.zip")
    flags = ["--dataset", archive, "--cache", place / "cache", "--output", place / "OUTPUT", "--workers", "1", "--yes"]
    if command == "train":
        flags += ["--size", _SIDE, "--epochs", 2, "--batch-size", 1, "--start", "create"]
        flags += ["--architecture", "chroma_unet"]
        flags += ["--settings", given / "settings.json"]
    else:
        flags += ["--model", given / "model.h5"]
    said, typed = io.StringIO(), sys.argv
    sys.argv = ["colorize.py", command, *map(str, flags)]
    try:
        with redirect_stdout(said), redirect_stderr(said), failing(place, number, fault) as operations:
            code = main()
    except BaseException as error:
        code = None
        said.write(f"\nTraceback: {error!r}")
    finally:
        sys.argv = typed
    return Ending(code, said.getvalue(), operations)


def faults(ending: Ending, place: Path) -> Iterator[str]:
    """Yield the errors in how a run ended and in what it left behind."""
    from colorizer.runs.folders import reserved_run

    if ending.code is None or "Traceback" in ending.text:
        yield f"a traceback: {ending.text.strip().splitlines()[-1]}"
    elif ending.code and not re.search(r"[.!](\s|$)", ending.text.strip().splitlines()[-1]):
        yield f"no sentence at the end: {ending.text.strip().splitlines()[-1]!r}"
    broken = [path for path in unreadable(place / "OUTPUT") if not _is_hidden(path)]
    yield from (f"{path.relative_to(place)} does not open" for path in broken)
    yield from _untrue(ending, place)
    left = [path for path in place.rglob("*") if path.name.startswith(_UNFINISHED)]
    if left and "remove" not in (ending.operations.met or "") and ending.operations.fault != "interrupted":
        yield f"{left[0].relative_to(place)} is left"
    with reserved_run(place / "OUTPUT", "colorize"):  # as at the start of the next run
        pass
    left = [path for path in (place / "OUTPUT").rglob("*") if path.name.startswith(_UNFINISHED)]
    yield from (f"{path.relative_to(place)} is left after the next run" for path in left)


def _untrue(ending: Ending, place: Path) -> Iterator[str]:
    """Yield untrue statements in the output."""
    said = " ".join(ending.text.split())
    for count, folder in re.findall(r"(\d+) color photos are in (\S+?)[,.]? ", f"{said} "):
        if int(count) != len(pictures(Path(folder))):
            yield f"{count} color photos are said to be there, and {len(pictures(Path(folder)))} are"
    for count, folder in re.findall(r"(\d+) of \d+ color photos are complete in (\S+)\. ", f"{said} "):
        if int(count) != len(pictures(Path(folder))):
            yield f"{count} color photos are said to be complete, and {len(pictures(Path(folder)))} are"
    promised = re.findall(r"(?<!will be saved )(?:in|at|page:|is in|are in) (/\S+?)[.;,]? ", f"{said} ")
    yield from (f"{path} is said to be there, and is not" for path in promised if not Path(path).exists())
    for folder in re.findall(r"Saved the model and its weights in (\S+)\. ", f"{said} "):
        if not all((Path(folder) / name).is_file() for name in ("model.h5", "model.weights.h5")):
            yield "the model is said to be saved, and is not"
    if ending.code == 0 and "Before and after" in said and len(list(place.glob("OUTPUT/results/*/index.html"))) != 1:
        yield "the page is said to be there, and is not"


def pictures(results: Path) -> list[Path]:
    """Return the color photos in a run's results."""
    return [path for path in results.rglob("*") if path.name in _PHOTOS and not _is_hidden(path)]


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(_UNFINISHED)


def sweep(command: str, every: int = 1) -> Iterator[tuple[str, Ending, list[str]]]:
    """Run every n-th case of a command, and yield the failed operation, the ending and the errors found."""
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder, "given")
        given.mkdir()
        prepare(given)
        whole = run(command, given, Path(folder, "whole"))
        if whole.code:
            raise RuntimeError(f"the run without a fault failed: {whole.text}")
        yield "nothing", whole, list(faults(whole, Path(folder, "whole")))
        cases = [(number, fault) for number in range(len(whole.operations.seen)) for fault in FAULTS]
        for number, fault in cases[::every]:
            place = Path(folder, "run")
            ending = run(command, given, place, number, fault)
            yield f"{fault} at {number}, {ending.operations.met}", ending, list(faults(ending, place))
            shutil.rmtree(place)


def main(arguments: list[str]) -> int:
    """Run all cases of every command, or of those named; return 1 if there are errors."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("absl").setLevel(logging.ERROR)
    every = int(arguments[0]) if arguments else 1
    failed = 0
    for command in arguments[1:] or COMMANDS:
        started, codes = time.monotonic(), Counter()
        for case, ending, wrong in sweep(command, every):
            codes[ending.code] += 1
            failed += bool(wrong)
            for line in wrong:
                print(f"  {command}, {case}: {line}", flush=True)
        ended = ", ".join(f"{count} with {code}" for code, count in sorted(codes.items(), key=str))
        print(f"{command}: {codes.total()} runs in {time.monotonic() - started:.0f} s, ended {ended}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
