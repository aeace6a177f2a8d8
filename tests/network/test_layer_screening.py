"""Networks whose description is small and which would take more memory, or more time, than there is."""

import json
from collections.abc import Callable

import keras
import pytest
from keras import layers

from colorizer.network.architectures import build
from colorizer.network.layer_screening import screen_layers
from colorizer.network.suspicious import Suspicious
from colorizer.settings import ModelLimits, ModelSettings

LIMITS = ModelLimits()


def described(model: keras.Model, legacy: bool = False) -> dict:
    """What a model file says of its network: as `.keras` does, or as `.h5`."""
    if not legacy:
        return json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    config = json.loads(model.to_json())
    return {"class_name": config["class_name"], "config": config["config"]}


def u_net() -> keras.Model:
    return build(ModelSettings(size=64, filters=(8, 8))).model


def sequential() -> keras.Model:
    parts = [
        keras.Input((32, 32, 1)), layers.SeparableConv2D(8, 3, padding="same"), layers.BatchNormalization(),
        layers.PReLU(shared_axes=[1, 2]), layers.DepthwiseConv2D(3), layers.Conv2DTranspose(3, 3), layers.Flatten(),
        layers.Dense(5), layers.RepeatVector(2), layers.LayerNormalization(), layers.Reshape((5, 2, 1)),
    ]  # fmt: skip
    return keras.Sequential(parts)


def nested() -> keras.Model:
    """With layers that are used twice, a model in a model, and sides that may be any."""
    picture, inside = keras.Input((None, None, 1)), keras.Input((None, None, 8))
    conv = layers.Conv2D(8, 3, padding="same")
    taken = layers.Add()([conv(conv(layers.Conv2D(8, 1)(picture)))] * 2)
    inner = keras.Model(inside, layers.Conv2DTranspose(8, 3, strides=2, padding="same")(inside))
    outer = keras.Sequential([keras.Input((None, None, 8)), layers.MaxPooling2D(2), inner])
    return keras.Model(picture, layers.Conv2D(3, 1)(outer(inner(outer(taken)))))


@pytest.mark.parametrize("legacy", [False, True], ids=["keras", "h5"])
@pytest.mark.parametrize("model", [u_net, sequential, nested])
def test_honest_networks_are_let_in(model, legacy):
    network = model()
    screen_layers(described(network, legacy), network.count_params(), LIMITS)


def change(network: dict, kind: str, config: dict) -> dict:
    layer = next(each for each in network["config"]["layers"] if each["class_name"] == kind)
    layer["config"] |= config
    return network


def upsampled_out_of_bounds(network: dict) -> dict:
    return change(network, "UpSampling2D", {"size": [2**31, 2**31]})


def upsampled_too_large(network: dict) -> dict:
    return change(network, "UpSampling2D", {"size": [1000, 1000]})


def huge_kernel(network: dict) -> dict:
    return change(network, "Conv2D", {"kernel_size": [100_000, 100_000]})


def more_weights_than_the_file_has(network: dict) -> dict:
    return change(network, "Conv2D", {"filters": 100_000})


def huge_input(network: dict) -> dict:
    return change(network, "InputLayer", {"batch_shape": [None, 100_000, 100_000, 1]})


def built_for_more(network: dict) -> dict:
    layer = next(each for each in network["config"]["layers"] if each["class_name"] == "Conv2D")
    layer["build_config"] = {"input_shape": [None, 64, 64, 10**9]}
    return network


def many_inputs(network: dict) -> dict:
    layer = network["config"]["layers"][0]
    network["config"]["layers"] += [layer | {"name": f"input_{number}"} for number in range(50_000)]
    return network


def many_layers(network: dict) -> dict:
    layer = next(each for each in network["config"]["layers"] if each["class_name"] == "LeakyReLU")
    network["config"]["layers"] += [layer | {"name": f"layer_{number}"} for number in range(3000)]
    return network


def many_connections(network: dict) -> dict:
    layer = next(each for each in network["config"]["layers"] if each["class_name"] == "Concatenate")
    layer["inbound_nodes"][0]["args"][0] *= 20_000
    return network


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (upsampled_out_of_bounds, "the size of one of its layers is larger than 1,024"),
        (upsampled_too_large, "would give .* GB for each photo"),
        (huge_kernel, "the kernel_size of one of its layers is larger than 1,024"),
        (more_weights_than_the_file_has, "its layers ask for [0-9,]+ weights, but it holds"),
        (huge_input, "would give .* GB for each photo"),
        (built_for_more, "asks for [0-9,]+ weights"),
        (many_inputs, "it takes more than 16 inputs"),
        (many_layers, "it has more than 2,000 layers"),
        (many_connections, "more than 20,000 connections"),
    ],
)
def test_what_would_take_more_than_there_is_is_refused(spoil: Callable[[dict], dict], reason: str):
    network = u_net()
    with pytest.raises(Suspicious, match=reason):
        screen_layers(spoil(described(network)), network.count_params(), LIMITS)


def test_layers_that_follow_each_other_in_a_circle_are_no_network():
    network = described(u_net())
    first, second, *_ = (each for each in network["config"]["layers"] if each["class_name"] == "LeakyReLU")
    first["inbound_nodes"] = second["inbound_nodes"]
    with pytest.raises(Suspicious, match="in no order"):
        screen_layers(network, 10**6, LIMITS)
    backwards = described(build(ModelSettings("mobilenet_unet", size=64, encoder_weights="random")).model)
    screen_layers(backwards, 10**8, LIMITS)
    backwards["config"]["layers"].reverse()
    with pytest.raises(Suspicious, match="in no order"):
        screen_layers(backwards, 10**8, LIMITS)
