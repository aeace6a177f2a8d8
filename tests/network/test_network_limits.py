"""Networks whose description is small, and which would take more memory or time than there is."""

import json
import math
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from colorizer.network.architectures import build
from colorizer.network.clean_copy import CleanCopy, Refused
from colorizer.network.screening import load_screened
from colorizer.settings import ModelLimits, ModelSettings

SIZE = 64


def loaded(model: keras.Model, folder: Path, change: Callable[[dict], object] = dict, **limits: int) -> keras.Model:
    """Save a model, change its description, and load it as if it were a copy of a file."""
    model.save(folder / "model.keras")
    with zipfile.ZipFile(folder / "model.keras") as archive:
        archive.extractall(folder / "copy")
    network = json.loads((folder / "copy/config.json").read_text())
    change(network)
    (folder / "copy/config.json").write_text(json.dumps(network))
    copy = CleanCopy((folder / "copy/config.json").read_bytes(), folder / "copy", folder / "copy/model.weights.h5")
    return load_screened(copy, ModelLimits(**limits), SIZE)


def u_net() -> keras.Model:
    return build(ModelSettings(size=SIZE, filters=(8, 8))).model


def sequential() -> keras.Model:
    parts = [
        keras.Input((32, 32, 1)), layers.SeparableConv2D(8, 3, padding="same"), layers.BatchNormalization(),
        layers.PReLU(shared_axes=[1, 2]), layers.DepthwiseConv2D(3), layers.Conv2DTranspose(3, 3), layers.Flatten(),
        layers.Dense(5), layers.RepeatVector(2), layers.LayerNormalization(), layers.Reshape((5, 2, 1)),
    ]  # fmt: skip
    return keras.Sequential(parts)


def nested() -> keras.Model:
    """Layers used twice, a model in a model, and sides that may be any."""
    picture, inside = keras.Input((None, None, 1)), keras.Input((None, None, 8))
    conv = layers.Conv2D(8, 3, padding="same")
    taken = layers.Add()([conv(conv(layers.Conv2D(8, 1)(picture)))] * 2)
    inner = keras.Model(inside, layers.Conv2DTranspose(8, 3, strides=2, padding="same")(inside))
    innermost = keras.Model(inside, layers.Conv2D(8, 3, padding="same")(inside))
    outer = keras.Sequential([keras.Input((None, None, 8)), layers.MaxPooling2D(2), innermost])
    return keras.Model(picture, layers.Conv2D(3, 1)(outer(inner(outer(taken)))))


def dropped_and_normalized() -> keras.Model:
    picture = keras.Input((32, 32, 1))
    scaled = layers.Normalization(mean=0.5, variance=0.1)(picture)
    return keras.Model(picture, layers.GaussianNoise(0.1)(layers.Dropout(0.2)(layers.Conv2D(3, 1)(scaled))))


@pytest.mark.parametrize("model", [u_net, sequential, nested, dropped_and_normalized])
def test_honest_networks_have_all_their_weights(model, tmp_path):
    network = model()
    found = loaded(network, tmp_path)
    assert [each.shape for each in found.get_weights()] == [each.shape for each in network.get_weights()]
    assert all((new == old).all() for new, old in zip(found.get_weights(), network.get_weights(), strict=True))
    photo = keras.random.uniform((2, 32, 32, 1)) if model is not u_net else keras.random.uniform((2, SIZE, SIZE, 1))
    assert np.abs(found.predict_on_batch(photo) - network.predict_on_batch(photo)).max() == 0


def layer(network: dict, kind: str) -> dict:
    return next(each for each in network["config"]["layers"] if each["class_name"] == kind)


def changed(kind: str, **config: object) -> Callable[[dict], object]:
    return lambda network: layer(network, kind)["config"].update(config)


def built_for_more(network: dict) -> None:
    layer(network, "Conv2D")["build_config"] = {"input_shape": [None, 64, 64, 10**7]}


def many_inputs(network: dict) -> None:
    first = network["config"]["layers"][0]
    network["config"]["layers"] += [first | {"name": f"input_{number}"} for number in range(10_000)]


def many_layers(network: dict) -> None:
    leaky = layer(network, "LeakyReLU")
    network["config"]["layers"] += [leaky | {"name": f"layer_{number}"} for number in range(3000)]


def many_connections(network: dict) -> None:
    layer(network, "Concatenate")["inbound_nodes"][0]["args"][0] *= 10_001


def circle(network: dict) -> None:
    first, second, *_ = (each for each in network["config"]["layers"] if each["class_name"] == "LeakyReLU")
    first["inbound_nodes"] = second["inbound_nodes"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (changed("UpSampling2D", size=[2**31, 2**31]), "the size of one of its layers is larger than 10,000,000"),
        (changed("UpSampling2D", size=[1000, 1000]), "would output .* GB for each photo"),
        (changed("UpSampling2D", size=[10**7, 10**7]), "would output .* GB for each photo"),
        (changed("Conv2D", kernel_size=[100_000, 100_000]), "shape|weights|variable"),
        (changed("Conv2D", filters=100_000), "shape|weights|variable|channel"),
        (changed("Conv2D", filters=10**7, kernel_size=[10**7, 10**7]), "shape|weights|variable|channel"),
        (changed("InputLayer", batch_shape=[None, 100_000, 100_000, 1]), "GB for each photo|shape"),
        (changed("InputLayer", batch_shape=[None, 2**40, 2**40, 1]), "larger than 10,000,000"),
        (built_for_more, "shape|weights|variable|dimension"),
        (many_inputs, "it has more than 2,000 layers"),
        (many_layers, "it has more than 2,000 layers"),
        (many_connections, "more than 20,000 connections"),
        (circle, "loops"),
        (changed("Conv2D", data_format="channels_first"), "channels first, which CPUs do not support; save"),
        (changed("Conv2D", dtype="int8_from_float32"), "it is quantized"),
    ],
)
def test_what_would_take_more_than_there_is_is_refused(spoil, reason, tmp_path):
    with pytest.raises(Exception, match=reason) as refusal:
        loaded(u_net(), tmp_path, spoil)
    assert not isinstance(refusal.value, MemoryError)


def test_a_refused_network_leaves_no_weights_to_the_next_one(tmp_path):
    for number, spoil in enumerate((changed("Conv2D", filters=10**7, kernel_size=[10**4, 10**4]), dict)):
        (tmp_path / str(number)).mkdir()
        try:
            assert loaded(u_net(), tmp_path / str(number), spoil).count_params() == u_net().count_params()
        except Exception:
            assert number == 0


def test_layers_inside_a_model_that_takes_any_size_are_measured(tmp_path):
    """Its last layer gives as little as it takes."""
    inside, photo = keras.Input((None, None, 1)), keras.Input((SIZE, SIZE, 1))
    large = layers.MaxPooling2D(100)(layers.UpSampling2D(100)(inside))
    inner = keras.Model(inside, large)
    given = 4 * (SIZE * 100) ** 2
    network = keras.Model(photo, layers.Conv2D(3, 1)(inner(photo)))
    loaded(network, tmp_path, maximum_layer_bytes=given)
    with pytest.raises(Refused, match=r"^one of its layers would output 0 GB for each photo$"):
        loaded(network, tmp_path, maximum_layer_bytes=given - 1)


def test_a_network_may_be_written_backwards_as_far_as_keras_is_patient(tmp_path):
    for many in (50, 51):
        photo = x = keras.Input((8, 8, 1))
        for _ in range(many):
            x = layers.LeakyReLU()(x)
        network = keras.Model(photo, x)
        if many == 50:
            loaded(network, tmp_path, lambda network: network["config"]["layers"].reverse())
        else:
            with pytest.raises(Refused, match=r"^its layers are not listed in the order of computation$"):
                loaded(network, tmp_path, lambda network: network["config"]["layers"].reverse())


def test_layers_are_counted_as_often_as_they_are_used(tmp_path):
    """Models in models, each used twice: a few kilobytes of text, and more layers than any computer has time for."""
    photo = keras.Input((8, 8, 1))
    network, depth = keras.Model(photo, layers.LeakyReLU()(photo)), 6
    for _ in range(depth):
        photo = keras.Input((8, 8, 1))
        network = keras.Model(photo, network(network(photo)))
    loaded(network, tmp_path, maximum_layers=3 * 2**depth)
    calls = math.floor(2.9 * 2**depth) - 2
    with pytest.raises(Refused, match=f"^it has more than {calls:,} layers$"):
        loaded(network, tmp_path, maximum_layers=calls)
