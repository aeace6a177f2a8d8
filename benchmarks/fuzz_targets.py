"""Targets for coverage-guided fuzzing with atheris in `benchmarks.fuzz`.

Each target takes the bytes of a file, processes them as the program does, and raises any error but the documented one.
atheris (https://github.com/google/atheris) is on PyPI: `pip install atheris`.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

TARGETS = ("archive", "config", "h5", "hints", "keras", "photo", "records", "settings")
Target = tuple[Callable[[bytes], None], list[bytes]]
"""A function of a file's bytes, and valid files as seeds."""
_MAXIMUM_BYTES = 20_000


def fuzz_guided(name: str, seconds: int, corpus: Path) -> None:
    """Fuzz a target for some seconds, and store each input with new coverage in `corpus`; ends the process.

    The exit code is 77 if an input caused an error other than the documented one; that input is saved in the current
    folder.
    """
    import atheris

    logging.disable()  # Pillow logs every damaged file
    with tempfile.TemporaryDirectory() as folder, atheris.instrument_imports(include=["colorizer"]):
        run, seeds = target(name, Path(folder))
        corpus.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(seeds):
            (corpus / f"seed-{number:02}").write_bytes(data)
        options = [f"-max_total_time={seconds}", f"-max_len={_MAXIMUM_BYTES}", "-timeout=60", "-rss_limit_mb=3000"]
        atheris.Setup([sys.argv[0], *options, str(corpus)], run)
        atheris.Fuzz()


def target(name: str, folder: Path) -> Target:
    """Return a target by its name; it writes files only into `folder`."""
    makers = {
        "archive": _archive, "config": _config, "h5": _model, "hints": _hints,
        "keras": _model, "photo": _photo, "records": _records, "settings": _settings,
    }  # fmt: skip
    return makers[name](folder, name)


def _archive(folder: Path, name: str) -> Target:
    from colorizer.dataset.unpacking import unpack
    from colorizer.errors import ColorizeError
    from colorizer.settings import ArchiveLimits

    limits = ArchiveLimits(bytes_never_refused=1_000_000)

    def run(data: bytes) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            archive = Path(place, "photos.zip")
            archive.write_bytes(data)
            try:
                unpack(archive, Path(place, "photos"), limits)
            except ColorizeError as error:
                _expect(str(archive) in str(error), f"the archive is not named: {error}")
            left = sorted(path.name for path in Path(place).iterdir())
            _expect(left in (["photos.zip"], ["photos", "photos.zip"]), f"there is more: {left}")

    seeds = []
    for how in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", how) as opened:
            opened.writestr("a/b.jpg", b"photo" * 5)
            opened.writestr("c.jpg", b"")
        seeds.append(buffer.getvalue())
    return run, seeds


def _config(folder: Path, name: str) -> Target:
    from colorizer.network.clean_copy import Refused
    from colorizer.network.screening import screen_config
    from colorizer.settings import ModelLimits

    limits = ModelLimits()

    def run(data: bytes) -> None:
        try:
            screen_config(data, limits)
        except Refused:
            pass
        except Exception as error:  # `load` converts it to a message, unless memory or the stack is exhausted
            _expect(not isinstance(error, MemoryError | RecursionError), repr(error))

    return run, [_small_network().to_json().encode()]


def _model(folder: Path, name: str) -> Target:
    from colorizer.errors import ColorizeError
    from colorizer.network.clean_copy import clean_copy
    from colorizer.network.model_files import save
    from colorizer.settings import ModelLimits

    seed, path = folder / f"seed.{name}", folder / f"model.{name}"
    save(_small_network(), seed)

    def run(data: bytes) -> None:
        path.write_bytes(data)
        try:
            with clean_copy(path, ModelLimits()):
                pass
        except ColorizeError as error:
            _expect(str(path) in str(error), f"the model is not named: {error}")

    return run, [seed.read_bytes()]


def _small_network():
    import keras

    luma = keras.Input((8, 8, 1))
    return keras.Model(luma, keras.layers.Conv2D(3, 1)(luma))


def _hints(folder: Path, name: str) -> Target:
    from colorizer.errors import ColorizeError
    from colorizer.inference.hints_file import read_hints

    photo, path = folder / "a.jpg", folder / "hints.json"
    photo.write_bytes(b"never opened")

    def run(data: bytes) -> None:
        path.write_bytes(data)
        try:
            read_hints(path, folder, (photo,))
        except ColorizeError as error:
            _expect(str(path) in str(error), f"the file is not named: {error}")

    hints = [
        {"x": 1, "y": 2, "colour": "palette:dress", "radius": 4},
        {"points": [[1, 2], [3, 4]], "colour": "teal", "radius": 2},
        {"rectangle": [0, 1, 5, 6], "colour": "#fff"},
    ]
    return run, [json.dumps({"palette": {"dress": "#b03030"}, "a.jpg": hints}).encode(), b"{}"]


def _settings(folder: Path, name: str) -> Target:
    from colorizer.conversation.conversation import WrongFlag
    from colorizer.conversation.settings_file import read_settings

    def run(data: bytes) -> None:
        path = folder / ("settings.toml" if data[:1] == b"[" else "settings.json")
        path.write_bytes(data)
        try:
            read_settings(path)
        except WrongFlag as error:
            _expect(str(path) in str(error), f"the file is not named: {error}")

    table = {"model": {"filters": [8, 16]}, "settings": {"epochs": 2, "adversarial": {"l1_weight": 3}}}
    return run, [json.dumps(table).encode(), b'[model]\nfilters = [8, 16]\n[settings]\nschedule = "cosine"\n']


def _records(folder: Path, name: str) -> Target:
    from colorizer.dataset.check import Findings
    from colorizer.dataset.unpacking import came_from
    from colorizer.errors import ColorizeError
    from colorizer.marks import made_beside
    from colorizer.runs.folders import MADE_FROM, NAMES, Run, is_made_from
    from colorizer.runs.names import picture_paths
    from colorizer.runs.specification import read_specification

    photo, run_ = folder / "a.png", Run("colorize-1", folder / "models", folder / "results")
    photo.write_bytes(b"never opened")
    for place in (run_.models, run_.results):
        place.mkdir()
    Findings(folder, folder).remember("a.png", (1, 1), [])
    cached = Findings(folder, folder)
    cached.remember("a.png", (1, 1), ["RGB", 1])
    cached.save()
    (cache,) = folder.rglob("checks-*/*.json")
    files = [
        cache, run_.models / "specification.json",
        *(run_.results / each for each in (NAMES, MADE_FROM, ".unpacked-from.json", ".colorizer-beside.json")),
    ]  # fmt: skip

    def run(data: bytes) -> None:
        for file in files:
            file.write_bytes(data)
        Findings(folder, folder).recall("a.png", (1, 1))
        is_made_from(run_, {}), came_from(run_.results, photo), made_beside(run_.results)
        (path,) = picture_paths(run_, folder, [photo]).values()
        _expect(path.resolve().is_relative_to(run_.results.resolve()), f"{path} lies outside")
        with suppress(ColorizeError):
            read_specification(run_.models)

    specification = {"network": {"name": "n", "size": 8}, "root": "/", "maximum_pixels": 1, "settings": {}}
    seeds = [
        {"a.png": ["a.png", [1, 2]]}, {"a.png": [1, 1, ["RGB", 1]]}, ["a.png"],
        specification | {"train": ["a"], "validation": [], "test": [], "model": None},
    ]  # fmt: skip
    return run, [json.dumps(seed).encode() for seed in seeds]


def _photo(folder: Path, name: str) -> Target:
    from benchmarks.fuzz import read, seeds

    path = folder / "photo"

    def run(data: bytes) -> None:
        path.write_bytes(data)
        read(path)

    return run, [file for files in seeds().values() for file in files]


def _expect(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise AssertionError(otherwise)
