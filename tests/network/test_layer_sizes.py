"""What one described layer gives and asks for, beside what Keras makes of it."""

import math

import keras
import pytest

from colorizer.network.layer_screening import screen_layers
from colorizer.network.suspicious import Suspicious
from colorizer.settings import ModelLimits
from tests.network.described_networks import MANY, asks_at_once, chain, functional, given, gives, layer

FIRST = {"data_format": "channels_first"}
KERNEL = {"filters": 3, "kernel_size": [3, 3]}
WINDOWS = ({}, {"strides": [3, 3]}, {"strides": 1}, {"padding": "same"}, FIRST)
SHAPED = [
    *(("AveragePooling2D", {"pool_size": 2} | more) for more in WINDOWS),
    *(("MaxPooling2D", more) for more in (*WINDOWS, {"pool_size": [3, 3]})),
    *(("Conv2D", KERNEL | more) for more in (*WINDOWS, {"dilation_rate": [2, 2]})),
    *(("Conv2DTranspose", KERNEL | more) for more in (*WINDOWS, {"dilation_rate": 2})),
    ("Conv2DTranspose", KERNEL | {"strides": 3, "output_padding": [2, 2]}),
    *(("DepthwiseConv2D", {"kernel_size": 3} | more) for more in (*WINDOWS, {"dilation_rate": 2})),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2}),
    *(("SeparableConv2D", KERNEL | more) for more in (*WINDOWS, {"dilation_rate": [2, 2]})),
    ("Cropping2D", {"cropping": [[1, 2], [3, 0]]}),
    ("Cropping2D", {"cropping": [1, 1]} | FIRST),
    ("Dense", {"units": 5}),
    ("GlobalAveragePooling2D", {}),
    ("GlobalAveragePooling2D", FIRST),
    ("GlobalMaxPooling2D", {}),
    ("GlobalMaxPooling2D", FIRST),
    ("Resizing", {"height": 4, "width": 5}),
    ("Resizing", {"height": 4, "width": 5} | FIRST),
    ("UpSampling2D", {}),
    ("UpSampling2D", {"size": [3, 2]}),
    ("UpSampling2D", {"size": [1, 2]} | FIRST),
    ("ZeroPadding2D", {"padding": [[1, 2], [0, 1]]}),
    ("ZeroPadding2D", {"padding": [1, 1]} | FIRST),
    ("LeakyReLU", {}),
]  # fmt: skip
"""Layers with each of the arguments that their shape depends on, for a photo of 9 x 10 and 4 channels."""


@pytest.mark.parametrize(("kind", "config"), SHAPED)
def test_a_layer_may_give_as_much_as_is_allowed_and_gives_what_keras_says(kind, config):
    made = getattr(keras.layers, kind)(**config)
    numbers = math.prod(made.compute_output_shape((1, 9, 10, 4))[1:])
    gives(chain((9, 10, 4), (kind, config)), numbers)


@pytest.mark.parametrize(
    ("shape", "steps", "numbers"),
    [
        ((5,), [("RepeatVector", {"n": 3})], 15),
        ((4, 5, 2), [("Flatten", {}), ("Dense", {"units": 3})], 40),
        ((4, 5, 2), [("Permute", {"dims": [3, 1, 2]}), ("Dense", {"units": 50})], 2 * 4 * 50),
        ((4, 5, 2), [("Reshape", {"target_shape": [2, 20]}), ("Dense", {"units": 50})], 2 * 50),
        ((4, 5, 2), [("GlobalMaxPooling2D", {"keepdims": True}), ("ZeroPadding2D", {"padding": 9})], 19 * 19 * 2),
        ((4, 5, 2), [("GlobalAveragePooling2D", {"keepdims": True}), ("ZeroPadding2D", {"padding": 9})], 19 * 19 * 2),
        ((None, None, 1), [("Conv2D", {"filters": 2, "kernel_size": 1})], 256 * 256 * 2),
    ],
    ids=lambda value: value[0][0] if isinstance(value, list) else "",
)
def test_layers_that_only_arrange_are_followed_too(shape, steps, numbers):
    gives(chain(shape, *steps), numbers)


def joined(kind: str, config: dict, *shapes: tuple[int, ...]) -> dict:
    inputs = [given(*shape, name=f"input {number}") for number, shape in enumerate(shapes)]
    taken = [[each["name"], 0, 0] for each in inputs]
    return functional(*inputs, layer(kind, "joined", config, taken), inputs=taken)


@pytest.mark.parametrize("kind", ["Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"])
def test_pictures_that_are_joined_are_as_large_as_both(kind):
    gives(joined(kind, {}, (1, 1, 3), (4, 5, 1)), 60)


@pytest.mark.parametrize(("axis", "shapes"), [(-1, ((4, 5, 2), (4, 5, 3))), (1, ((4, 5, 2), (9, 5, 2)))])
def test_pictures_that_are_laid_together_are_as_large_as_all(axis, shapes):
    gives(joined("Concatenate", {"axis": axis}, *shapes), sum(math.prod(shape) for shape in shapes))


WEIGHTED = [
    ("Dense", {"units": 3}, 5 * 3),
    ("Conv2D", KERNEL, (9 * 4 + 1) * 3),
    ("Conv2D", KERNEL | FIRST, (9 * 8 + 1) * 3),
    ("Conv2D", {"filters": 6, "kernel_size": [3, 5], "groups": 2}, (15 * 2 + 1) * 6),
    ("Conv2D", KERNEL | {"groups": None}, (9 * 4 + 1) * 3),
    ("Conv2DTranspose", KERNEL, (9 * 4 + 1) * 3),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2}, 10 * 4 * 2),
    ("SeparableConv2D", KERNEL | {"depth_multiplier": 2}, 9 * 8 + 9 * 3),
    ("SeparableConv2D", KERNEL | FIRST, 9 * 8 + 9 * 3),
    ("BatchNormalization", {}, 4 * 4),
    ("BatchNormalization", {"axis": 1}, 4 * 8),
    ("GroupNormalization", {"groups": 2}, 4 * 4),
    ("LayerNormalization", {"axis": [1, 2]}, 4 * 8 * 6),
    ("Normalization", {"axis": None}, 4),
    ("RMSNormalization", {"axis": -1}, 4 * 4),
    ("PReLU", {}, 8 * 6 * 4),
    ("PReLU", {"shared_axes": [1, 2]}, 4),
    ("PReLU", {"shared_axes": None}, 8 * 6 * 4),
]
"""Layers with weights, and how many these may be for 8 x 6 and 4 channels: with a bias, and with four a norm's axis."""


@pytest.mark.parametrize(("kind", "config", "numbers"), WEIGHTED)
def test_a_layer_may_ask_for_as_many_weights_as_is_allowed_and_asks_for_no_fewer_than_keras_makes(
    kind, config, numbers
):
    asks_at_once(chain((8, 6, 4), (kind, config)), numbers)
    made = getattr(keras.layers, kind)(
        **{name: value for name, value in config.items() if (name, value) != ("groups", None)}
    )
    if config.get("data_format") != "channels_first":  # which not every processor convolves
        made.build((None, 8, 6, 4))
        assert made.count_params() <= numbers


def test_weights_of_what_is_joined_or_laid_anew_are_those_of_one_photo():
    shared = [("PReLU", {})]
    asks_at_once(chain((2, 3, 1), ("UpSampling2D", {}), *shared), 4 * 6)
    both = joined("Add", {}, (2, 3, 1), (2, 3, 4))
    both["config"]["layers"].append(layer("PReLU", "last", {}, [["joined", 0, 0]]))
    asks_at_once(both, 2 * 3 * 4)


STEPS = (
    ("Conv2D", "kernel_size", {"filters": 1, "padding": "same"}),
    ("Conv2D", "dilation_rate", KERNEL | {"padding": "same"}),
    ("MaxPooling2D", "strides", {}),
    ("MaxPooling2D", "pool_size", {"padding": "same"}),
    ("UpSampling2D", "size", {}),
    ("DepthwiseConv2D", "depth_multiplier", {"kernel_size": 1}),
)


@pytest.mark.parametrize(("kind", "argument", "config"), STEPS)
def test_no_step_is_larger_than_is_allowed(kind, argument, config):
    limits = ModelLimits(maximum_step=7)
    screen_layers(chain((9, 9, 1), (kind, config | {argument: 7})), MANY, limits)
    for value in (8, [1, 8], [[1], [8, 1]], -8):
        with pytest.raises(Suspicious, match=f"^the {argument} of one of its layers is larger than 7$"):
            screen_layers(chain((9, 9, 1), (kind, config | {argument: value})), MANY, limits)


def test_no_argument_is_larger_than_ten_million():
    screen_layers(chain((1,), ("Dense", {"units": 10_000_000})), MANY, ModelLimits())
    with pytest.raises(Suspicious, match=r"^the units of one of its layers is larger than 10,000,000$"):
        screen_layers(chain((1,), ("Dense", {"units": 10_000_001})), MANY, ModelLimits())


@pytest.mark.parametrize("odd", [1.5, {"a": 1}, [1, 2.0]])
def test_arguments_of_odd_kind_are_refused_before_keras_meets_them(odd):
    with pytest.raises(ValueError, match="an argument of one of its layers is"):
        screen_layers(chain((9, 9, 1), ("UpSampling2D", {"size": odd})), MANY, ModelLimits())


def test_screening_takes_no_names_that_keras_would_give_to_a_layer():
    first = int(keras.layers.ZeroPadding2D().name.rpartition("_")[2].removeprefix("padding2d") or 0)
    screen_layers(chain((9, 9, 1), ("ZeroPadding2D", {"padding": [[2, 3], [5, 7]]})), MANY, ModelLimits())
    assert keras.layers.ZeroPadding2D().name == f"zero_padding2d_{first + 1}"
