"""Kinds of model files: those that this program loads, and advice for all others."""

from __future__ import annotations

from pathlib import Path

from colorizer.errors import ColorizeError
from colorizer.files import is_file, is_folder

_LOADED = (b"\x89HDF\r\n\x1a\n", b"PK\x03\x04")
"""Signatures of HDF5 files and zips; `.keras` files are zips."""
_NEEDED = "choose a model that Keras saved as .keras or .h5"
_KINDS = {
    "tflite": (
        f"a TensorFlow Lite model, which contains no Keras network; {_NEEDED}, such as the one it was converted from"
    ),
    "onnx": f"an ONNX model; {_NEEDED}, such as the one it was exported from",
    "pytorch": f"a PyTorch model, whose weights do not fit Keras networks; {_NEEDED}",
    "safetensors": f"a safetensors file, which contains only weights; {_NEEDED}",
    "saved model": "a TensorFlow SavedModel; load it with Keras 2 (the package tf_keras), save it by "
    "model.save('model.h5'), and choose that file",
    "checkpoint": f"a TensorFlow checkpoint, which contains only weights; {_NEEDED}",
    "caffe": f"a Caffe model; {_NEEDED}",
    "numpy": f"a NumPy file, which contains only arrays; {_NEEDED}",
    "pickle": f"a pickled Python object, which could run any code when loaded; {_NEEDED}",
    "page": "a web page, not a model; download the model file itself",
    "pointer": "a Git LFS pointer, not the model itself; fetch it with: git lfs pull",
    "packed": f"an archive; unpack it and {_NEEDED.replace('a model', 'the model')}",
    "empty": "an empty file; copy or download the model again",
    "description": f"a description of a network without its weights; {_NEEDED}",
}
_BEGINNINGS = (
    (4, b"TFL3", "tflite"),
    (0, b"version https://git-lfs", "pointer"),
    (0, b"\x93NUMPY", "numpy"),
    (0, b"\x1f\x8b", "packed"),
    (0, b"7z\xbc\xaf\x27\x1c", "packed"),
    (0, b"Rar!", "packed"),
    (0, b"\x80\x02\x8a\x0a", "pytorch"),  # the magic number that PyTorch before 1.6 pickled first
    *((0, bytes((0x80, version)), "pickle") for version in range(2, 6)),
    *((0, start, "page") for start in (b"<!doctype html", b"<!DOCTYPE html", b"<html", b"<HTML")),
)
"""Signatures as (position, bytes, kind)."""
_ENDINGS = {
    ".tflite": "tflite", ".lite": "tflite", ".onnx": "onnx", ".pth": "pytorch", ".pt": "pytorch", ".ckpt": "pytorch",
    ".safetensors": "safetensors", ".pb": "saved model", ".index": "checkpoint", ".meta": "checkpoint",
    ".caffemodel": "caffe", ".prototxt": "caffe", ".npy": "numpy", ".npz": "numpy", ".pkl": "pickle",
    ".pickle": "pickle", ".json": "description", ".yaml": "description", ".tar": "packed",
}  # fmt: skip


def refuse_other_kinds(path: Path) -> None:
    """Raise ColorizeError unless a path leads to an HDF5 file or a zip, which may be a model saved by Keras.

    The message names the kind, determined by the content or else by the ending of the name, and what to do.
    """
    try:
        if is_folder(path):
            raise ColorizeError(f"{path} is {_kind_of_folder(path)}.")
        with path.open("rb") as file:
            beginning = file.read(512)
    except FileNotFoundError as error:
        raise ColorizeError(f"The model file {path} does not exist.") from error
    except OSError as error:
        raise ColorizeError(f"{path} cannot be read: {error.strerror or error}.") from error
    kind = _kind(path, beginning)
    if kind:
        raise ColorizeError(f"{path} is {_KINDS[kind]}.")
    if not beginning.startswith(_LOADED):
        raise ColorizeError(
            f"{path} cannot be loaded as a Keras model: it is damaged or another kind of file; {_NEEDED}."
        )


def _kind(path: Path, beginning: bytes) -> str:
    """Return a key of `_KINDS`, or "" for a file that may be a model or is unknown."""
    ending = path.suffix.lower()
    if beginning.startswith(_LOADED):
        return _ENDINGS[ending] if beginning.startswith(b"PK") and ending in (".pth", ".pt", ".ckpt", ".npz") else ""
    if not beginning:
        return "empty"
    known = next((kind for place, start, kind in _BEGINNINGS if beginning.startswith(start, place)), "")
    if known:
        return known
    # The length of a header in JSON, then the header.
    if beginning[8:9] == b"{" and int.from_bytes(beginning[:8], "little") < 100_000_000:
        return "safetensors"
    # The version of the format, then the name of the program that wrote it.
    if beginning[0] == 8 and beginning[2:3] == b"\x12" and beginning[4 : 4 + beginning[3]].isascii():
        return "onnx"
    return _ENDINGS.get(ending, "checkpoint" if ".data-0" in path.name else "")


def _kind_of_folder(path: Path) -> str:
    if is_file(path / "saved_model.pb"):
        return _KINDS["saved model"]
    if is_file(path / "checkpoint"):
        return _KINDS["checkpoint"]
    if is_file(path / "config.json") and is_file(path / "model.weights.h5"):
        return "an unpacked .keras file; zip the files in it into one file whose name ends in .keras"
    inside = sorted(each.name for each in path.iterdir() if each.suffix.lower() in (".keras", ".h5", ".hdf5"))
    return f"a folder; choose a file in it{f', such as {inside[0]}' if inside else ': ' + _NEEDED}"
