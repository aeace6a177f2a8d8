import json
import shutil

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from colorizer.errors import ColorizeError
from colorizer.network.architectures import build
from colorizer.network.model_files import PRETRAINED, load, save, save_compact, save_weights
from colorizer.settings import ModelSettings

SMALL = {
    "rgb_unet": ModelSettings("rgb_unet", size=32, filters=(4, 6, 8)),
    "book_unet": ModelSettings("book_unet", size=32, filters=(4, 6, 8, 8)),
    "chroma_unet": ModelSettings("chroma_unet", size=32, filters=(4, 6, 8)),
}


def photos(size: int = 32, count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).random((count, size, size, 1), np.float32)


@pytest.mark.parametrize("ending", [".h5", ".keras"])
@pytest.mark.parametrize("settings", SMALL.values(), ids=SMALL)
def test_a_saved_model_predicts_the_same_after_loading(tmp_path, settings, ending):
    network = build(settings)
    path = tmp_path / f"model{ending}"
    save(network.model, path)
    loaded = load(path)
    assert loaded.size == 32
    assert np.array_equal(loaded.model.predict(photos(), verbose=0), network.model.predict(photos(), verbose=0))


def test_a_saved_model_opens_in_plain_keras_without_this_package(tmp_path):
    save(build(SMALL["chroma_unet"]).model, tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras")
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}


def test_a_compact_model_is_smaller_and_proposes_as_much_chroma_as_asked(tmp_path, small_model):
    model = load(small_model).model
    save(model, tmp_path / "whole.keras")
    save_compact(model, tmp_path / "compact.keras", vividness=0.5)
    assert (tmp_path / "compact.keras").stat().st_size < (tmp_path / "whole.keras").stat().st_size * 0.75
    gray = photos(64) * 0.2 + 0.4
    proposed = model.predict(gray, verbose=0) - gray
    dull = load(tmp_path / "compact.keras").model.predict(gray, verbose=0) - gray
    assert np.abs(dull - proposed * 0.5).max() < 0.01


def test_a_model_of_keras_2_loads(tmp_path):
    path = tmp_path / "keras2.h5"
    write_like_keras_2(path)
    network = load(path)
    assert network.size == 32
    gray = photos()
    activation = network.model.get_layer("leaky_re_lu")
    assert activation.negative_slope == pytest.approx(0.3)
    kernel, bias = network.model.get_layer("conv2d").get_weights()
    expected = gray @ kernel[0] + bias
    expected = np.where(expected > 0, expected, 0.3 * expected)
    expected = expected @ network.model.get_layer("conv2d_transpose").get_weights()[0][0, 0].T
    assert np.allclose(network.model.predict(gray, verbose=0), expected, atol=1e-6)


@pytest.mark.parametrize("name", ["upper.H5", "Upper.Keras"])
def test_an_ending_in_capitals_is_as_good(tmp_path, name):
    save(build(SMALL["chroma_unet"]).model, tmp_path / name.lower())
    (tmp_path / name.lower()).rename(tmp_path / name)
    network = load(tmp_path / name)
    assert (network.name, network.size) == (name, 32)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("ending", [".h5", ".keras"])
def test_a_model_whose_weights_are_no_numbers_is_refused(tmp_path, ending, value):
    model = build(SMALL["chroma_unet"]).model
    weights = model.get_weights()
    weights[0][..., 0] = value
    model.set_weights(weights)
    save(model, tmp_path / f"diverged{ending}")
    with pytest.raises(ColorizeError, match="some of its weights are not numbers"):
        load(tmp_path / f"diverged{ending}")


def test_a_sentence_ends_once(tmp_path):
    picture = layers.Input((32, 32, 1))
    named = layers.Conv2D(3, 1, name="a_layer_of_a_name_" + "as_long_as_that_" * 20)(picture)
    keras.Model(picture, named).save(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        del file["model_weights"].attrs["layer_names"]
    with pytest.raises(ColorizeError) as refusal:
        load(tmp_path / "model.h5")
    assert not str(refusal.value).endswith(("….", ".."))


def test_weights_alone_are_recognized(tmp_path):
    network = build(SMALL["chroma_unet"])
    save_weights(network.model, tmp_path / "model.weights.h5")
    with pytest.raises(ColorizeError, match="only weights"):
        load(tmp_path / "model.weights.h5")


def test_files_that_are_not_models_are_refused(tmp_path, small_model):
    (tmp_path / "notes.h5").write_text("not a model")
    (tmp_path / "notes.keras").write_text("not a model")
    (tmp_path / "cut.h5").write_bytes(small_model.read_bytes()[:5000])
    for path in (*sorted(tmp_path.iterdir()), tmp_path / "nowhere.keras"):
        with pytest.raises(ColorizeError, match=path.name):
            load(path)


@pytest.mark.parametrize("endings", [(".h5", ".keras"), (".keras", ".h5"), (".h5", ".hdf5"), (".keras", "")])
def test_a_model_whose_name_ends_otherwise_is_loaded_by_its_content(tmp_path, harmless, endings):
    saved, named = endings
    shutil.copy(harmless[saved], tmp_path / f"model{named}")
    assert load(tmp_path / f"model{named}").size == 64


def test_the_model_that_ships_is_loaded_without_a_child_wherever_it_lies(tmp_path, monkeypatch):
    shutil.copy(PRETRAINED, tmp_path / "copy.keras")
    monkeypatch.setattr("subprocess.run", None)
    assert load(PRETRAINED).size == load(tmp_path / "copy.keras").size == 128
    (tmp_path / "copy.keras").write_bytes(PRETRAINED.read_bytes()[:-1] + b"x")
    with pytest.raises(TypeError):
        load(tmp_path / "copy.keras")


def dictionary_of_one(picture, rgb) -> keras.Model:
    return keras.Model(picture, {"rgb": rgb})


def lists_of_one(picture, rgb) -> keras.Model:
    return keras.Model([picture], [rgb])


def dictionaries_of_one(picture, rgb) -> keras.Model:
    return keras.Model({"luma": picture}, {"rgb": rgb})


@pytest.mark.parametrize("ending", [".h5", ".keras"])
@pytest.mark.parametrize("wrap", [dictionary_of_one, lists_of_one, dictionaries_of_one])
def test_a_model_that_takes_or_gives_one_photo_in_a_list_or_dictionary_works(tmp_path, wrap, ending):
    picture = layers.Input((32, 32, 1), name="luma")
    rgb = layers.Conv2D(3, 1, name="rgb")(picture)
    wrap(picture, rgb).save(tmp_path / f"model{ending}")
    expected = keras.Model(picture, rgb).predict_on_batch(photos())
    network = load(tmp_path / f"model{ending}")
    assert np.array_equal(network.predict(photos()), expected)
    save(network.model, tmp_path / "again.keras")
    assert np.array_equal(load(tmp_path / "again.keras").predict(photos()), expected)


@pytest.mark.parametrize(
    ("taken", "given", "sentence"),
    [
        ((32, 32, 3), 3, "expects 3 input channels instead of one"),
        ((32, 32, 1), 1, "outputs 1 channels instead of three"),
        ((32, 64, 1), 3, "must be squares"),
        ((1, 32, 32), 32, "expects channels first .* Save it with data_format='channels_last'"),
    ],
)
def test_models_of_other_shapes_are_refused_with_what_they_take(tmp_path, taken, given, sentence):
    picture = layers.Input(taken)
    save(keras.Model(picture, layers.Conv2D(given, 1)(picture)), tmp_path / "other.keras")
    with pytest.raises(ColorizeError, match=sentence):
        load(tmp_path / "other.keras")


def test_a_classifier_is_refused(tmp_path):
    numbers = layers.Input((4,))
    save(keras.Model(numbers, layers.Dense(2)(numbers)), tmp_path / "classifier.keras")
    with pytest.raises(ColorizeError, match="another kind of model"):
        load(tmp_path / "classifier.keras")


def write_like_keras_2(path) -> None:
    """Write what Keras 2 wrote for Conv2D, LeakyReLU(0.3) and Conv2DTranspose, compiled with "acc": its keys, its
    arguments and its way to refer to layers."""
    random = np.random.default_rng(1)
    bias = np.zeros(3, np.float32)
    weights = {
        "conv2d": (random.normal(size=(1, 1, 1, 3)).astype(np.float32), bias),
        "conv2d_transpose": (random.normal(size=(1, 1, 3, 3)).astype(np.float32), bias),
    }
    conv = {
        "name": "conv2d",
        "trainable": True,
        "dtype": "float32",
        "filters": 3,
        "kernel_size": [1, 1],
        "strides": [1, 1],
        "padding": "same",
        "data_format": "channels_last",
        "dilation_rate": [1, 1],
        "groups": 1,
        "activation": "linear",
        "use_bias": True,
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_regularizer": None,
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
    }
    entry = {"batch_input_shape": [None, 32, 32, 1], "dtype": "float32", "sparse": False, "name": "input_1"}
    leaky = {"name": "leaky_re_lu", "trainable": True, "dtype": "float32", "alpha": 0.3}
    chain = (
        ("InputLayer", entry, []),
        ("Conv2D", conv, [[["input_1", 0, 0, {}]]]),
        ("LeakyReLU", leaky, [[["conv2d", 0, 0, {}]]]),
        ("Conv2DTranspose", conv | {"name": "conv2d_transpose"}, [[["leaky_re_lu", 0, 0, {}]]]),
    )
    config = {
        "class_name": "Functional",
        "config": {
            "name": "model",
            "layers": [
                {"class_name": kind, "config": layer, "name": layer["name"], "inbound_nodes": nodes}
                for kind, layer, nodes in chain
            ],
            "input_layers": [["input_1", 0, 0]],
            "output_layers": [["conv2d_transpose", 0, 0]],
        },
    }
    training = {"loss": "mse", "metrics": ["acc"], "optimizer_config": {"class_name": "Adam", "config": {"lr": 0.001}}}
    with h5py.File(path, "w") as file:
        file.attrs.update(
            keras_version="2.4.0",
            backend="tensorflow",
            model_config=json.dumps(config),
            training_config=json.dumps(training),
        )
        group = file.create_group("model_weights")
        group.attrs.update(layer_names=[layer["name"].encode() for _, layer, _ in chain], backend=b"tensorflow")
        for _, layer, _ in chain:
            name = layer["name"]
            inner = group.create_group(name)
            names = [f"{name}/{part}:0" for part in ("kernel", "bias")] if name in weights else []
            inner.attrs["weight_names"] = [part.encode() for part in names]
            for part, value in zip(names, weights.get(name, ()), strict=True):
                inner.create_dataset(part, data=value)
