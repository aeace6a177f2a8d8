"""Models that somebody else made: each of these would run code, read another file or fill memory if Keras opened it."""

import contextlib
import json
import pickle
import random
import shutil
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from colorizer.errors import ColorizeError
from colorizer.network.architectures import build
from colorizer.network.model_files import load, save_compact
from colorizer.settings import ModelSettings


def with_config(source: Path, target: Path, change) -> Path:
    """Copy a model, with its configuration, parsed from JSON, changed."""
    if source.suffix == ".h5":
        shutil.copy(source, target)
        with h5py.File(target, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            change(config)
            file.attrs["model_config"] = json.dumps(config)
        return target
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                config = json.loads(data)
                change(config)
                data = json.dumps(config).encode()
            new.writestr(name, data)
    return target


def layer(config: dict, kind: str) -> dict:
    """The first layer of a kind in a network's configuration."""
    return next(each for each in config["config"]["layers"] if each["class_name"] == kind)


def lambda_layer(config: dict) -> None:
    layer(config, "LeakyReLU").update(
        class_name="Lambda", config={"function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}}
    )


def foreign_module(config: dict) -> None:
    layer(config, "LeakyReLU").update(module="os", class_name="function", config="system")


def foreign_initializer(config: dict) -> None:
    layer(config, "Conv2D")["config"]["kernel_initializer"] = {
        "module": "subprocess", "class_name": "Popen", "config": {"args": ["touch", "/tmp/owned"]}
    }  # fmt: skip


def known_name_from_elsewhere(config: dict) -> None:
    layer(config, "Conv2D").update(module="evil.layers", registered_name="Conv2D")


def keras_function(config: dict) -> None:
    """CVE-2025-9906: a function of Keras itself that switches the safety off."""
    layer(config, "LeakyReLU").update(
        module="keras.config", class_name="function", config="enable_unsafe_deserialization"
    )


def file_reader(config: dict) -> None:
    """CVE-2025-12058: a layer that reads a file, or an address, while it is built."""
    layer(config, "LeakyReLU").update(class_name="StringLookup", config={"vocabulary": "/etc/passwd"})


def saved_model(config: dict) -> None:
    """CVE-2026-1462: a layer that runs a TensorFlow graph from elsewhere."""
    layer(config, "LeakyReLU").update(class_name="TFSMLayer", config={"filepath": "/tmp/evil"})


@pytest.mark.parametrize(
    "change",
    [
        lambda_layer,
        foreign_module,
        foreign_initializer,
        known_name_from_elsewhere,
        keras_function,
        file_reader,
        saved_model,
    ],
)
@pytest.mark.parametrize("ending", [".h5", ".keras"])
def test_a_model_that_would_run_code_is_refused(tmp_path, harmless, ending, change):
    assert load(harmless[ending]).size == 64
    evil = with_config(harmless[ending], tmp_path / f"evil{ending}", change)
    with pytest.raises(ColorizeError, match=r"cannot be used: it (contains|needs)") as refusal:
        load(evil)
    assert str(evil) in str(refusal.value)


@pytest.mark.parametrize("change", [lambda_layer, file_reader])
def test_what_a_nested_model_would_compile_with_is_screened_too(tmp_path, change):
    """Keras leaves out only the outermost model's compile_config when it does not compile."""
    inside = keras.Input((64, 64, 1))
    inner = keras.Model(inside, keras.layers.LeakyReLU()(keras.layers.Conv2D(3, 1)(inside)), name="inner")
    outside = keras.Input((64, 64, 1))
    keras.Model(outside, inner(outside)).save(tmp_path / "nested.keras")
    assert load(tmp_path / "nested.keras").size == 64

    def hide(config: dict) -> None:
        nested = layer(config, "Functional")
        hidden = {"config": {"layers": [{"class_name": "LeakyReLU"}]}}
        change(hidden)
        nested["compile_config"] = {"optimizer": "adam", "loss": hidden["config"]["layers"][0]}

    with pytest.raises(ColorizeError, match="not one of Keras' plain layers"):
        load(with_config(tmp_path / "nested.keras", tmp_path / "evil.keras", hide))

    def outermost(config: dict) -> None:
        config["compile_config"] = {"loss": {"class_name": "of_another_program", "module": "theirs"}}

    assert load(with_config(tmp_path / "nested.keras", tmp_path / "theirs.keras", outermost)).size == 64


def test_a_lambda_layer_that_keras_itself_saved_is_refused(tmp_path):
    inner = keras.Input((64, 64, 1))
    model = keras.Model(inner, keras.layers.Lambda(lambda luma: keras.ops.repeat(luma, 3, -1))(inner))
    for ending in (".h5", ".keras"):
        model.save(tmp_path / f"lambda{ending}")
        with pytest.raises(ColorizeError, match="Lambda"):
            load(tmp_path / f"lambda{ending}")


def test_pickled_objects_are_refused(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(pickle.dumps({"weights": np.zeros(4)}))
    with pytest.raises(ColorizeError, match="pickled"):
        load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("other.pkl", pickle.dumps(print))
    with pytest.raises(ColorizeError, match=r"other\.pkl"):
        load(path)


def test_a_file_of_both_kinds_is_judged_as_the_one_that_is_loaded(tmp_path, harmless):
    evil = with_config(harmless[".h5"], tmp_path / "both.h5", lambda_layer)
    with evil.open("ab") as file, zipfile.ZipFile(harmless[".keras"]) as good, zipfile.ZipFile(file, "w") as appended:
        for name in good.namelist():
            appended.writestr(name, good.read(name))
    with pytest.raises(ColorizeError, match="Lambda"):
        load(evil)


@pytest.mark.parametrize("ending", [".h5", ".keras"])
@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.6, 0.9, 0.999])
def test_a_truncated_model_is_refused(tmp_path, harmless, ending, share):
    data = harmless[ending].read_bytes()
    cut = tmp_path / f"cut{ending}"
    cut.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ColorizeError, match=rf"{cut.name} (cannot be loaded as a Keras model|is an empty file)"):
        load(cut)


@pytest.mark.slow
def test_a_model_with_any_byte_changed_loads_or_is_refused_with_a_sentence(tmp_path, harmless):
    compact = tmp_path / "compact.keras"
    save_compact(load(harmless[".keras"]).model, compact)
    random_ = random.Random(0)
    for source in (*harmless.values(), compact):
        for number in range(25):
            data = bytearray(source.read_bytes())
            data[random_.randrange(len(data))] ^= 1 << random_.randrange(8)
            broken = tmp_path / f"{number}{source.suffix}"
            broken.write_bytes(data)
            with contextlib.suppress(ColorizeError):
                load(broken)


def test_a_description_of_odd_kind_is_refused(tmp_path, harmless):
    for number, odd in enumerate((np.zeros(4), h5py.Empty("f4"), "[]" * 3, '{"class_name": ["Dense"]}', "[" * 5000)):
        path = shutil.copy(harmless[".h5"], tmp_path / f"{number}.h5")
        with h5py.File(path, "r+") as file:
            file.attrs["model_config"] = odd
        with pytest.raises(ColorizeError):
            load(path)


def test_encoder_weights_are_copied_too(tmp_path, encoder_weights):
    evil = tmp_path / "evil.weights.h5"
    shutil.copy(encoder_weights, evil)
    with h5py.File(evil, "r+") as file:
        file["other"] = h5py.SoftLink("/weights")
    with pytest.raises(ColorizeError, match="link to elsewhere"):
        build(ModelSettings(architecture="mobilenet_unet", size=64, encoder_weights=str(evil)))
