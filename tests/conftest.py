"""Real photographs (those inside scikit-image), a small saved model, and the program itself run as a person does."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pexpect
import pytest
from hypothesis import settings
from PIL import Image

from colorizer.console import command_line, messages
from colorizer.photos.photo import Photo

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# A shell starts jobs in the background with Ctrl-C ignored, which their children would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("repeatable", derandomize=True, print_blob=True)
settings.register_profile("random", print_blob=True)
settings.load_profile("repeatable")  # `--hypothesis-profile random`, which is read later, searches differently each run

PROJECT = Path(__file__).resolve().parent.parent
SHIPPED = Path(find_spec("skimage").origin).parent / "data"


@pytest.fixture
def astronaut() -> np.ndarray:
    """A colour photograph: uint8, (512, 512, 3)."""
    return np.asarray(Image.open(SHIPPED / "astronaut.png"))


@pytest.fixture
def camera() -> np.ndarray:
    """A grayscale photograph: uint8, (512, 512)."""
    return np.asarray(Image.open(SHIPPED / "camera.png"))


def gray_photo(pixels: np.ndarray) -> Photo:
    """Make a decoded photo of levels of shape (h, w)."""
    return Photo(Image.fromarray(pixels), None, "PNG", None, None, None)


def zipped(folder: Path, archive: Path) -> Path:
    """Zip a folder, each file named from there."""
    with zipfile.ZipFile(archive, "w") as opened:
        for path in sorted(folder.rglob("*")):
            opened.write(path, path.relative_to(folder))
    return archive


def pictures(folder: Path) -> dict[str, tuple[int, int]]:
    """The colorized photos under a results folder, and their sizes; all else that lies there is left out."""
    sizes = {}
    for path in folder.rglob("*"):
        is_ours = (
            path.name in ("graphs.png", "index.html", "left-out.txt", "history.csv", "samples.jpg")
            or path.suffix == ".json"
        )
        if path.is_file() and path.parent.name not in ("sheets", "samples", "thumbnails") and not is_ours:
            with Image.open(path) as image:
                sizes[path.name] = image.size
    return sizes


def only(folder: Path, pattern: str) -> Path:
    """The one path in a folder that fits a pattern."""
    (found,) = folder.glob(pattern)
    return found


SCRATCH = ("--architecture", "chroma_unet")
"""Flags of a training of a small network that loads nothing."""


def settings_file(folder: Path, **tables: dict) -> Path:
    """Write a settings file of these tables, such as ``model={"filters": [8, 16]}``, and return its path."""
    path = folder / "settings.json"
    path.write_text(json.dumps(tables))
    return path


@pytest.fixture
def small_training(tmp_path: Path) -> tuple[str, ...]:
    """Flags of a training of some seconds, on photos of 64 pixels."""
    small = settings_file(tmp_path, model={"architecture": "chroma_unet", "filters": [8, 16, 16], "dropout": 0.1})
    return ("--size", "64", "--batch-size", "1", "--seed", "3", "--settings", str(small))


@pytest.fixture
def colour_folder(tmp_path: Path) -> Path:
    """Eight colour photographs of different sizes, as JPEG, in nested folders with difficult names."""
    folder = tmp_path / "colour photos"
    names = {
        "astronaut.png": ("a b.jpg", "שלום.jpg", "😀.jpg"),
        "chelsea.png": ("cats/cat.jpg", "cats/deep/er/cat.jpg"),
        "coffee.png": ("coffee.jpg", "cats/coffee (1).jpg"),
        "rocket.jpg": ("rocket.jpg",),
    }
    for source, copies in names.items():
        with Image.open(SHIPPED / source) as image:
            for number, name in enumerate(copies):
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                image.crop((0, 0, image.width - 40 * number, image.height - 20 * number)).save(path, quality=90)
    return folder


@pytest.fixture(scope="session")
def encoder_weights(tmp_path_factory) -> Path:
    """Weights of a MobileNetV2 that has learned nothing, as a file: pretrained ones would have to be downloaded."""
    import keras

    path = tmp_path_factory.mktemp("encoder") / "encoder.weights.h5"
    keras.applications.MobileNetV2(input_shape=(64, 64, 3), include_top=False, weights=None).save_weights(path)
    return path


@pytest.fixture(scope="session")
def small_model(tmp_path_factory) -> Path:
    """A saved `.h5` model whose chroma is not zero, working on 64 x 64 pixels."""
    from colorizer.network.architectures import build
    from colorizer.network.model_files import save
    from colorizer.settings import ModelSettings

    network = build(ModelSettings(size=64, filters=(8, 8, 16)))
    chroma = network.model.get_layer("chroma")
    chroma.set_weights([chroma.get_weights()[0] * 100, np.array([-0.2, 0.2])])
    path = tmp_path_factory.mktemp("model") / "small.h5"
    save(network.model, path)
    return path


def linked_or_copied(source: str, target: str) -> None:
    """Give a file a second name, or where a disk ends, a second copy: the model need not be copied for every test."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)


@pytest.fixture
def closed():
    """Make a folder that this process may not enter."""
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("the superuser may enter every folder")
    folders = []

    def close(folder: Path) -> Path:
        folder.mkdir(mode=0)
        folders.append(folder)
        return folder

    yield close
    for folder in folders:
        folder.chmod(0o700)


@pytest.fixture
def program(tmp_path: Path, monkeypatch):
    """A copy of the program in an empty folder, as fresh from its checkout; call it with flags and typed answers."""
    home = tmp_path / "program"
    home.mkdir()
    shutil.copy(PROJECT / "colorize.py", home)
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "colorizer", home / "colorizer", ignore=unwanted, copy_function=linked_or_copied)
    (home / "dataset").mkdir()

    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # the cache of checks is a person's own

    def run(*flags: str | Path, typed: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(home / "colorize.py"), *map(str, flags)],
            input=typed,
            stdin=subprocess.DEVNULL if typed is None else None,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "120", "PYTHONIOENCODING": "utf-8", **environment},
            check=False,
            timeout=300,
        )

    run.home = home
    return run


@pytest.fixture
def command(tmp_path: Path, monkeypatch, capsys):
    """The command line in this process, as fresh from its checkout; call it as `program`."""
    monkeypatch.setattr(messages, "_CHECKOUT", tmp_path)
    (tmp_path / "colorize.py").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)

    def run(*flags: str | Path, typed: str = "") -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["colorize.py", *map(str, flags)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = command_line.main()
        said = capsys.readouterr()
        return subprocess.CompletedProcess(sys.argv, code, said.out, said.err)

    return run


def in_terminal(program, *flags) -> pexpect.spawn:
    return pexpect.spawn(
        sys.executable,
        [str(program.home / "colorize.py"), *map(str, flags)],
        encoding="utf-8",
        timeout=120,
        dimensions=(40, 400),
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


@pytest.fixture(scope="session")
def gray_photos(tmp_path_factory) -> Path:
    """The photographs of `gray_folder`, made once."""
    folder = tmp_path_factory.mktemp("gray")
    with Image.open(SHIPPED / "camera.png") as image:
        for number in range(200):
            image.crop((0, 0, 300 + number, 300)).save(folder / f"{number:03}.png", compress_level=1)
    return folder


@pytest.fixture
def gray_folder(tmp_path: Path, gray_photos: Path) -> Path:
    """Two hundred grayscale photographs."""
    return shutil.copytree(gray_photos, tmp_path / "gray photos")
