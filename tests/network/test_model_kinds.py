"""Files and folders of other programs, made by hand: each is named for what it is, with what to do."""

import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from colorizer.errors import ColorizeError
from colorizer.network.model_files import load

ONNX = b"\x08\x08\x12\x07pytorch\x1a\x052.1.0:" + bytes(50)
SAFETENSORS = struct.pack("<Q", 60) + json.dumps({"conv.weight": {"dtype": "F32", "shape": [1]}}).encode().ljust(60)
TORCH_BEFORE_1_6 = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."


def zipped(*names: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, b"content")

    return write


def bytes_of(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def folder_with(*names: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        for name in names:
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(b"content")

    return write


def quantized(path: Path) -> None:
    picture = keras.Input((32, 32, 1))
    model = keras.Model(picture, keras.layers.Dense(3)(picture))
    model.quantize("int8")
    model.save(path)


def channels_first(path: Path) -> None:
    picture = keras.Input((32, 32, 1))
    turned = keras.layers.UpSampling2D(1, data_format="channels_first")(keras.layers.Permute((3, 1, 2))(picture))
    keras.Model(picture, keras.layers.Conv2D(3, 1)(keras.layers.Permute((2, 3, 1))(turned))).save(path)


@pytest.mark.parametrize(
    ("write", "names", "kind", "advice"),
    [
        (bytes_of(struct.pack("<I", 28) + b"TFL3" + bytes(64)), ("a.tflite", "a.keras"), "TensorFlow Lite", "choose"),
        (bytes_of(ONNX), ("a.onnx", "a.h5"), "ONNX", "exported from"),
        (bytes_of(TORCH_BEFORE_1_6), ("a.pth", "a.h5"), "PyTorch", "choose"),
        (zipped("archive/data.pkl", "archive/data/0"), ("a.pt", "a.pth", "a.keras"), "PyTorch", "choose"),
        (bytes_of(SAFETENSORS), ("a.safetensors", "a.keras"), "safetensors", "choose"),
        (folder_with("saved_model.pb", "variables/variables.index"), ("saved",), "SavedModel", "Keras 2"),
        (zipped("saved/saved_model.pb", "saved/variables/variables.index"), ("a.keras",), "SavedModel", "Keras 2"),
        (bytes_of(b"\x0a\x10graph"), ("saved_model.pb",), "SavedModel", "Keras 2"),
        (folder_with("checkpoint", "a.index"), ("saved",), "checkpoint", "choose"),
        (bytes_of(b"\0\1\2"), ("model.ckpt.index", "model.data-00000-of-00001"), "checkpoint", "choose"),
        (folder_with("config.json", "model.weights.h5"), ("a.keras",), r"unpacked \.keras file", "zip the files"),
        (folder_with("my.keras"), ("saved",), "a folder", r"such as my\.keras"),
        (folder_with("notes.txt"), ("saved",), "a folder", "choose"),
        (zipped("models/my.keras"), ("a.zip", "a.keras"), "a zip that contains 'models/my.keras'", "unpack it"),
        (bytes_of(b"\x1f\x8b\x08" + bytes(50)), ("a.keras", "a.h5.gz"), "an archive", "unpack it"),
        (bytes_of(b"<!DOCTYPE html><html>Sign in</html>"), ("a.keras",), "a web page", "download"),
        (bytes_of(b"version https://git-lfs.github.com/spec/v1\noid"), ("a.h5",), "Git LFS pointer", "git lfs pull"),
        (bytes_of(b""), ("a.keras", "a.h5", "a.pth"), "an empty file", "again"),
        (bytes_of(b"\x93NUMPY\1\0" + bytes(50)), ("a.npy", "a.h5"), "a NumPy file", "choose"),
        (zipped("kernel.npy"), ("a.npz",), "a NumPy file", "choose"),
        (bytes_of(pickle.dumps({"weights": np.zeros(4)})), ("a.pkl", "a.keras"), "pickled", "choose"),
        (bytes_of(b'{"class_name": "Functional"}'), ("a.json",), "description of a network", "choose"),
        (bytes_of(b"layer { }"), ("a.caffemodel",), "Caffe", "choose"),
        (quantized, ("a.keras",), "quantized", "choose the model from before"),
        (channels_first, ("a.keras", "a.h5"), "channels first", "[Ss]ave it with data_format='channels_last'"),
    ],
)  # fmt: skip
def test_a_model_of_another_kind_is_named_with_what_to_do(tmp_path, write, names, kind, advice):
    for name in names:
        write(tmp_path / name)
        with pytest.raises(
            ColorizeError, match=rf"{name} (is|expects|contains|cannot be used:) .*{kind}.*{advice}.*\.$"
        ):
            load(tmp_path / name)
