"""Real photographs (those inside scikit-image), a small saved model, and the program itself run as a person does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorizer.photo import Photo

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

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
    from colorizer.model import build, save
    from colorizer.settings import ModelSettings

    network = build(ModelSettings(size=64, filters=(8, 8, 16)))
    chroma = network.model.get_layer("chroma")
    chroma.set_weights([chroma.get_weights()[0] * 100, np.array([-0.2, 0.2])])
    path = tmp_path_factory.mktemp("model") / "small.h5"
    save(network.model, path)
    return path


@pytest.fixture
def program(tmp_path: Path, monkeypatch):
    """A copy of the program in an empty folder, as fresh from its checkout; call it with flags and typed answers."""
    home = tmp_path / "program"
    home.mkdir()
    shutil.copy(PROJECT / "colorize.py", home)
    shutil.copytree(PROJECT / "colorizer", home / "colorizer", ignore=shutil.ignore_patterns("__pycache__"))
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
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "120", "PYTHONIOENCODING": "utf-8", **environment},
            check=False,
            timeout=300,
        )

    run.home = home
    return run
