"""Load and save model files, including the one that ships with the program."""

from __future__ import annotations

import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from colorizer.errors import ColorizeError, reason
from colorizer.files import complete_file, is_file
from colorizer.libraries import suppressed_logger
from colorizer.network import converted
from colorizer.network.clean_copy import Refused, clean_copy
from colorizer.network.engines import KerasEngine, LiteRTEngine, is_litert_of_use
from colorizer.network.model_kinds import refuse_other_kinds
from colorizer.network.network import Network
from colorizer.packages import refuse_without
from colorizer.settings import ModelLimits, ModelSettings

if TYPE_CHECKING:
    import keras

PRETRAINED = Path(__file__).parents[1] / "pretrained" / "colorizer.keras"
"""The model that ships with the program."""


def load_model(path: str | Path | None = None, cache_folder: Path | None = None, threads: int | None = None) -> Network:
    """Load a model file, or the one that ships with the program.

    TensorFlow is avoided where possible: see `load_converted`.

    Args:
        path: The model file; None loads the shipped one.
        cache_folder: Folder of converted networks.
        threads: Threads that LiteRT computes with; by default one for each core.

    Raises:
        ColorizeError: The model cannot be loaded, as in `load`.
    """
    path = Path(path) if path else PRETRAINED
    return load_converted(path, cache_folder, threads) or load(path)


def load_converted(path: Path, cache_folder: Path | None = None, threads: int | None = None) -> Network | None:
    """Load the LiteRT version of a model file, which starts without TensorFlow.

    It exists for the shipped model, and in `cache_folder` for models that `conversion.keep_converted` has converted. On
    a GPU, or if LiteRT is not installed or does not work, Keras computes instead.

    Args:
        path: The model file.
        cache_folder: Folder of converted networks.
        threads: Threads that LiteRT computes with; by default one for each core.

    Returns:
        The network, or None if Keras must load the model.
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
    """Load the original Keras model of a converted file; raise ColorizeError if the file has been replaced."""
    network = load(path)
    if network.weights_digest != weights:
        raise ColorizeError(f"{path} has changed since it was loaded. Load it again.")
    return network.model


def load(path: Path, default_size: int = ModelSettings.size) -> Network:
    """Load a whole model from a `.h5` or `.keras` file of Keras 2 or 3, to be computed by Keras.

    No code in the file is run: see `clean_copy` and `screening`. Only the shipped model is loaded without these checks.

    Args:
        path: The model file; its content decides its kind, not its name.
        default_size: Side of a photo in pixels, for a model that takes photos of any size.

    Raises:
        ColorizeError: The file is of another kind, damaged or unsafe to load, or its network does not colorize.
    """
    is_shipped = _is_shipped(path)
    if not is_shipped:
        refuse_other_kinds(path)
    refuse_without("train", f"The model {path.name}")
    model = _load_shipped() if is_shipped else _load_checked(path, default_size)
    return Network(KerasEngine(model), path.name, _input_size(model, path, default_size), path)


def _is_shipped(path: Path) -> bool:
    try:
        return path.stat().st_size == PRETRAINED.stat().st_size and (
            converted.digest_of_file(path) == converted.digest_of_file(PRETRAINED)
        )
    except OSError:
        return False


def _load_shipped() -> keras.Model:
    import keras

    try:
        return keras.models.load_model(PRETRAINED, compile=False)
    except Exception as error:  # another version of Keras saved it
        raise ColorizeError(f"{PRETRAINED} cannot be loaded as a Keras model: {reason(error)}") from error


def _load_checked(path: Path, default_size: int) -> keras.Model:
    import keras

    from colorizer.network.screening import load_screened

    limits = ModelLimits()
    with clean_copy(path, limits) as copy:
        if copy.config is None:
            raise ColorizeError(
                f"{path} contains only weights, not the network they belong to. Choose the complete model that was "
                "saved with them."
            )
        try:
            model = load_screened(copy, limits, default_size)
        except Refused as refusal:
            raise ColorizeError(f"{path} cannot be used: {refusal}.") from refusal
        except Exception as error:  # Keras raises almost any exception for a broken file
            raise ColorizeError(f"{path} cannot be loaded as a Keras model: {reason(error)}") from error
    if not all(map(_is_finite, model.get_weights())):
        raise ColorizeError(
            f"{path} cannot be used: some of its weights are not numbers, as after a training that diverged. Choose "
            "another model."
        )
    if isinstance(model, keras.Sequential) or len(model.outputs) != 1 or len(model.inputs) != 1:
        return model
    # The model may take or return a list or a dictionary with a single photo.
    return keras.Model(model.inputs[0], model.outputs[0], name=model.name)


def save(model: keras.Model, path: Path) -> None:
    """Save a whole model as `.h5` or `.keras`, complete or not at all; raise ColorizeError."""
    # Keras warns that .h5, a format users ask for, is a legacy format.
    with complete_file(path, _bytes(model)) as temporary, suppressed_logger("absl"):
        model.save(temporary)


def save_weights(model: keras.Model, path: Path) -> None:
    """Save only the weights (the name ends in `.weights.h5`), complete or not at all; raise ColorizeError."""
    with complete_file(path, _bytes(model)) as temporary:
        model.save_weights(temporary)


def save_compact(model: keras.Model, path: Path, vividness: float = 1.0) -> None:
    """Save a `.keras` model for shipping, at about half its size.

    Weights are rounded to half precision (11 significant bits, IEEE 754), and the zero bits then compress away. They
    remain float32 in the file, so that any Keras opens it.

    Args:
        model: The model.
        path: The `.keras` file to write.
        vividness: Factor of the chroma, built into the layer that joins it with luma.

    Raises:
        ColorizeError: The file cannot be written.
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
    """Return an upper bound of the model's file size: HDF5 crashes if the disk fills up while it writes."""
    weights = sum(weight.nbytes for weight in model.get_weights())
    return weights + weights // 10 + 4 * len(model.weights) * 1024 + 1_000_000


def _is_finite(weight: np.ndarray) -> bool:
    """Return whether all numbers of an array are finite; their sum usually shows it, in a third of the time."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(weight.sum()) or np.isfinite(weight).all())


def _input_size(model: keras.Model, path: Path, default_size: int) -> int:
    inputs, outputs = model.inputs, model.outputs
    if len(inputs) != 1 or len(outputs) != 1 or len(inputs[0].shape) != 4 or len(outputs[0].shape) != 4:
        raise ColorizeError(
            f"{path} is another kind of model: its input or output is not a single photo. Choose a model that "
            "colorizes photos."
        )
    taken, given = inputs[0].shape, outputs[0].shape
    if 1 == taken[1] != taken[-1]:
        raise ColorizeError(
            f"{path} expects channels first ({_shape(taken)}), which CPUs do not support. Save it with "
            "data_format='channels_last'."
        )
    if taken[-1] != 1:
        raise ColorizeError(
            f"{path} expects {taken[-1]} input channels instead of one (luma): {_shape(taken)}. Choose a model that "
            "colorizes photos."
        )
    if given[-1] != 3:
        raise ColorizeError(
            f"{path} outputs {given[-1]} channels instead of three (RGB): {_shape(given)}. Choose a model that "
            "colorizes photos."
        )
    if taken[1:3] != given[1:3] or taken[1] != taken[2]:
        raise ColorizeError(
            f"{path} maps {_shape(taken)} to {_shape(given)}, but its input and output must be squares of the same "
            "size."
        )
    return taken[1] or default_size


def _shape(shape: tuple) -> str:
    return " x ".join("any" if side is None else str(side) for side in shape[1:])
