"""Model files: loaded, saved, and the one that ships with the program."""

from __future__ import annotations

import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from colorizer.errors import ColorizeError, reason
from colorizer.files import complete_file, is_file
from colorizer.network import converted
from colorizer.network.engines import KerasEngine, LiteRTEngine, is_litert_of_use
from colorizer.network.network import Network
from colorizer.quiet import quiet_logger
from colorizer.settings import ModelSettings

if TYPE_CHECKING:
    import keras

PRETRAINED = Path(__file__).parents[1] / "pretrained" / "colorizer.keras"
"""The model that ships with the program."""


def load_model(path: str | Path | None = None, cache_folder: Path | None = None, threads: int | None = None) -> Network:
    """Load a model file, or the one that ships with the program; raise ColorizeError.

    Without TensorFlow where it can be had so: see `load_converted`, also for `threads`.
    """
    path = Path(path) if path else PRETRAINED
    return load_converted(path, cache_folder, threads) or load(path)


def load_converted(path: Path, cache_folder: Path | None = None, threads: int | None = None) -> Network | None:
    """Load what was made of a model file for LiteRT, which starts without TensorFlow; None where Keras has to do it.

    That is there for the model that ships, and in `cache_folder` for those that `conversion.keep_converted` was given.
    Where there is a GPU, Keras computes on it; where LiteRT is not installed or does not run, Keras takes its place.
    `threads`: how many LiteRT computes with; by default one for each core.
    """
    if not is_file(path) or not is_litert_of_use():
        return None
    try:
        found = converted.find(path, cache_folder)
        if found is None:
            return None
        record = found.record
        engine = LiteRTEngine(found.flatbuffer, partial(_load_unchanged, path, record.weights), record.weights, threads)
    except (ImportError, OSError, RuntimeError, ValueError):
        return None
    return Network(engine, path.name, record.size, path)


def _load_unchanged(path: Path, weights: str) -> keras.Model:
    """Load the Keras model of a file that was converted; raise ColorizeError where another has taken its place."""
    network = load(path)
    if network.weights_digest != weights:
        raise ColorizeError(f"{path} has changed since it was loaded; load it again.")
    return network.model


def load(path: Path, default_size: int = ModelSettings.size) -> Network:
    """Load a whole model from a `.h5` or `.keras` file of Keras 2 or 3, for Keras to compute.

    Raises ColorizeError when it does not serve. Nothing in the file is run: see `screening`. The model's own input size
    rules; `default_size` is taken where it accepts any.
    """
    if path.suffix.lower() not in (".h5", ".keras"):
        raise ColorizeError(f"{path} is no model: its name ends neither in .h5 nor in .keras.")
    if not is_file(path):
        raise ColorizeError(f"There is no model file at {path}.")
    import keras

    from colorizer.network.screening import screen

    screen(path)
    if _weights_only(path):
        raise ColorizeError(
            f"{path} holds only weights, without the network they belong to; choose the whole model saved beside it."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Keras 2's LeakyReLU(alpha=...), which Keras 3 understands
            # Losses and metrics of other programs may not exist here; the network is all that is needed.
            with _named_for_keras(path) as named:
                model = keras.models.load_model(named, custom_objects=_keras_2_layers(), compile=False, safe_mode=True)
    except Exception as error:  # Keras raises nearly every kind for a broken file
        raise ColorizeError(f"{path} cannot be loaded as a Keras model: {reason(error)}") from error
    if not all(map(_is_finite, model.get_weights())):
        raise ColorizeError(
            f"{path} is no use: some of its weights are no numbers, as after a training that diverged; choose another."
        )
    return Network(KerasEngine(model), path.name, _input_size(model, path, default_size), path)


def save(model: keras.Model, path: Path) -> None:
    """Save a whole model as `.h5` or `.keras`, complete or not at all; raise ColorizeError."""
    # Keras calls .h5, the format people ask for, a legacy.
    with complete_file(path, _bytes(model)) as temporary, quiet_logger("absl"):
        model.save(temporary)


def save_weights(model: keras.Model, path: Path) -> None:
    """Save the weights alone (the name ends in `.weights.h5`), complete or not at all; raise ColorizeError."""
    with complete_file(path, _bytes(model)) as temporary:
        model.save_weights(temporary)


def save_compact(model: keras.Model, path: Path, vividness: float = 1.0) -> None:
    """Save a `.keras` model for shipping, at about half its size; raise ColorizeError.

    Weights are rounded to half precision (11 significant bits, IEEE 754), whose empty bits then compress away; they
    remain float32 in the file, so that any Keras opens it. `vividness` becomes the model's own: it multiplies the
    chroma in the layer that joins it with luma.
    """
    import keras

    compact = keras.models.clone_model(model)
    compact.set_weights([weight.astype(np.float16).astype(np.float32) for weight in model.get_weights()])
    join = compact.get_layer("to_rgb")
    scale = np.array([1, vividness, vividness], np.float32)[:, None]
    join.set_weights([model.get_layer("to_rgb").get_weights()[0] * scale])
    with complete_file(path) as temporary:
        compact.save(temporary)
        with zipfile.ZipFile(temporary) as stored:
            members = {member.filename: stored.read(member) for member in stored.infolist()}
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as deflated:
            for name, data in members.items():
                deflated.writestr(name, data)


def _bytes(model: keras.Model) -> int:
    """Return more than a file of this model takes: HDF5 crashes where a disk fills up under it."""
    weights = sum(weight.nbytes for weight in model.get_weights())
    return weights + weights // 10 + 4 * len(model.weights) * 1024 + 1_000_000


def _is_finite(weight: np.ndarray) -> bool:
    """Say whether all numbers of an array are finite; most often their sum tells, in a third of the time."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(weight.sum()) or np.isfinite(weight).all())


@contextmanager
def _named_for_keras(path: Path) -> Iterator[Path]:
    """Yield a path to a model whose name ends as Keras wants it: in lower case."""
    if path.suffix == path.suffix.lower():
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        named = Path(folder) / f"model{path.suffix.lower()}"
        try:
            named.symlink_to(path.absolute())
        except OSError:  # Windows, where not everyone may make links
            shutil.copy(path, named)
        yield named


def _weights_only(path: Path) -> bool:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return "model_config" not in file.attrs
    except OSError:  # no HDF5 file: a .keras archive, or nothing at all
        return False


def _input_size(model: keras.Model, path: Path, default_size: int) -> int:
    inputs, outputs = model.inputs, model.outputs
    if len(inputs) != 1 or len(outputs) != 1 or len(inputs[0].shape) != 4 or len(outputs[0].shape) != 4:
        raise ColorizeError(f"{path} is another kind of model: it takes or gives something else than one photo.")
    taken, given = inputs[0].shape, outputs[0].shape
    if taken[-1] != 1:
        raise ColorizeError(f"{path} takes {taken[-1]} channels, not one of luma: {_shape(taken)}.")
    if given[-1] != 3:
        raise ColorizeError(f"{path} gives {given[-1]} channels, not three of RGB: {_shape(given)}.")
    if taken[1:3] != given[1:3] or taken[1] != taken[2]:
        raise ColorizeError(f"{path} works on {_shape(taken)} to {_shape(given)}, not on squares of one size.")
    return taken[1] or default_size


def _shape(shape: tuple) -> str:
    return " x ".join("any" if side is None else str(side) for side in shape[1:])


def _keras_2_layers() -> dict[str, type]:
    """Return readers of the layers whose Keras 2 configuration names an argument Keras 3 refuses: one group of filters,
    which is what these layers always have.
    """
    from keras import layers

    def reader(layer: type[keras.layers.Layer]) -> type:
        def from_config(config: dict) -> keras.layers.Layer:
            return layer.from_config({name: value for name, value in config.items() if name != "groups"})

        return type(layer.__name__, (), {"from_config": staticmethod(from_config)})

    return {layer.__name__: reader(layer) for layer in (layers.Conv2DTranspose, layers.DepthwiseConv2D)}
