"""Descriptions of networks: which layers and which words in them are taken, and how large and how deep they may be."""

import inspect
import json
import sys

import keras
import pytest

from colorizer.network.clean_copy import Refused
from colorizer.network.screening import screen_config
from colorizer.settings import ModelLimits

LIMITS = ModelLimits()
LAYERS = (
    "Activation", "ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax", "ThresholdedReLU",
    "Conv2D", "Conv2DTranspose", "Dense", "DepthwiseConv2D", "SeparableConv2D",
    "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "MaxPooling2D",
    "BatchNormalization", "GroupNormalization", "LayerNormalization", "Normalization", "RMSNormalization",
    "UnitNormalization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout2D",
    "Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract",
    "Cropping2D", "Flatten", "Identity", "InputLayer", "Permute", "RepeatVector", "Rescaling", "Reshape", "Resizing",
    "UpSampling2D", "ZeroPadding2D", "Functional", "Model", "Sequential",
)  # fmt: skip
ACTIVATIONS = (
    "elu", "gelu", "hard_sigmoid", "leaky_relu", "linear", "relu", "relu6", "selu", "sigmoid", "silu", "softmax",
    "softplus", "swish", "tanh",
)  # fmt: skip
OTHERS = sorted({each.__name__ for _, each in inspect.getmembers(keras.layers, inspect.isclass)} - set(LAYERS))
"""All other layers of the Keras that is installed, whatever a later one may bring."""


def network(*described: object) -> dict:
    return {"class_name": "Functional", "config": {"layers": list(described)}}


def screened(description: object, limits: ModelLimits = LIMITS) -> dict:
    return screen_config(json.dumps(description).encode(), limits)


@pytest.mark.parametrize("kind", LAYERS)
def test_layers_that_compute_something_from_a_tensor_are_taken(kind):
    description = network({"module": "keras.layers", "class_name": kind, "config": {"name": "a"}})
    assert screened(description) == description


@pytest.mark.parametrize("kind", OTHERS)
def test_every_other_layer_of_keras_is_refused(kind):
    described = {"module": "keras.layers", "class_name": kind, "config": {}}
    with pytest.raises(Refused, match=f"^it contains '{kind}', which is not one of Keras' plain layers$"):
        screened(network(described))


@pytest.mark.parametrize(
    "described",
    [
        {"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": None}},
        {"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.01}},
        {"module": "keras.constraints", "class_name": "MaxNorm", "config": {"max_value": 2}},
        {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}},
        {"class_name": "__keras_tensor__", "config": {"keras_history": ["a", 0, 0]}},
        {"class_name": "__numpy__", "config": {"value": [0.5], "dtype": "float32"}},
        {"class_name": "__tensor__", "config": {"value": [0.5], "dtype": "float32"}},
        {"class_name": "__tuple__", "items": [1, 2]},
        {"module": None, "class_name": "Dense", "config": {}},
        {"module": "builtins", "class_name": "Dense", "config": {}},
    ],
    ids=lambda described: described["class_name"],
)
def test_what_keras_writes_beside_layers_is_taken(described):
    assert screened(network(described)) == network(described)


@pytest.mark.parametrize("module", ["keras.activations", "builtins"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_of_keras_are_taken(activation, module):
    described = {"module": module, "class_name": "function", "config": activation}
    assert screened(network(described)) == network(described)


@pytest.mark.parametrize(
    ("described", "told"),
    [
        ({"module": "os", "class_name": "function", "config": "system"}, "needs code from 'os'"),
        ({"module": "keras_evil", "class_name": "Dense", "config": {}}, "needs code from 'keras_evil'"),
        ({"module": "builtins.keras", "class_name": "Dense", "config": {}}, "needs code from 'builtins.keras'"),
        ({"module": 7, "class_name": "Dense", "config": {}}, "needs code from 7"),
        ({"module": "keras.ops", "class_name": "function", "config": "relu"}, "contains 'function'"),
        ({"module": "builtins", "class_name": "function", "config": "eval"}, "contains 'function'"),
        ({"module": "keras.activations", "class_name": "function", "config": "deserialize"}, "contains 'function'"),
        ({"module": "keras.activations", "class_name": "Lambda", "config": "relu"}, "contains 'Lambda'"),
        ({"class_name": "function", "config": "relu"}, "contains 'function'"),
        ({"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}, "contains '__lambda__'"),
        ({"class_name": "__class__", "config": {}}, "contains '__class__'"),
        ({"class_name": "deserialize", "config": {}}, "contains 'deserialize'"),
        ({"class_name": ["Dense"], "config": {}}, r"contains \['Dense'\]"),
        ({"class_name": None, "config": {}}, "contains None"),
    ],
)
def test_whatever_else_is_asked_for_is_refused_wherever_it_lies(described, told):
    layer = {"class_name": "Dense", "config": {}}
    activation = {"module": "builtins", "class_name": "function", "config": "relu"}
    for around in (
        network(described, layer, activation),
        network(layer, activation, described),
        network(layer | {"config": {"deep": [[{"deeper": described}]]}}),
    ):
        with pytest.raises(Refused, match=f"^it {told}"):
            screened(around)


def test_what_a_network_was_compiled_with_is_left_out_unless_it_is_inside():
    theirs = {"class_name": "TheirLoss", "module": "theirs"}
    assert screened(network() | {"compile_config": {"loss": theirs}}) == network()
    with pytest.raises(Refused, match="it needs code from 'theirs'"):
        screened(network(network() | {"compile_config": {"loss": theirs}}))


@pytest.mark.parametrize("text", ["[]", '"Dense"', '""', "1", "null"])
def test_what_describes_no_network_is_none(text):
    with pytest.raises(ValueError, match="it does not describe a network"):
        screen_config(text.encode(), LIMITS)


def test_what_lies_between_quotes_is_no_depth_and_no_value():
    odd = {"name": "[" * 500 + '\\"' + "{" * 500 + "\\", "": "\\\\", "many": "," * 600_000, "layers": [[[]]]}
    assert screened(odd) == odd


def nested(depth: int) -> dict:
    """A description of so many dictionaries and lists in one another, with brothers that lie less deep."""
    value: object = []
    for number in range(depth - 2):
        value = [[], value, []] if number % 2 else {"a": [], "b": value, "c": {}}
    return {"a": value, "b": [{}]}


@pytest.mark.parametrize("depth", [4, 5, 100])
def test_a_description_may_be_just_as_deep_as_is_allowed(depth):
    assert screened(nested(depth), ModelLimits(maximum_config_depth=depth)) == nested(depth)
    with pytest.raises(Refused, match=f"^the description of its network is nested more than {depth - 1} deep$"):
        screened(nested(depth), ModelLimits(maximum_config_depth=depth - 1))


@pytest.mark.parametrize("sign", ["[", '{"a":'])
def test_descriptions_nested_deeper_than_any_are_refused_before_they_are_parsed(sign):
    depth = sys.getrecursionlimit() * 20
    with pytest.raises(Refused, match="more than 100 deep"):
        screen_config((sign * depth).encode(), LIMITS)
    escaped = json.dumps({"\\": ['"\\']}).encode()  # after which the brackets are outside quotes again
    with pytest.raises(Refused, match="more than 100 deep"):
        screen_config(escaped[:-1] + b',"b":' + (sign * 200).encode(), LIMITS)


@pytest.mark.parametrize("text", ["\\", '"', '\\"', '"\\', "\\\\"])
def test_what_lies_behind_an_escaped_sign_is_measured(text):
    described = json.dumps({"a": text, "b": "b", "c": [[[[]]]]}).encode()
    assert screen_config(described, ModelLimits(maximum_config_depth=5))["a"] == text
    with pytest.raises(Refused, match="more than 4 deep"):
        screen_config(described, ModelLimits(maximum_config_depth=4))


@pytest.mark.parametrize(("value", "each"), [(b"0", 1), (b"[]", 2), (b"{}", 2)])
def test_a_description_may_have_just_as_many_values_as_any(value, each):
    """Every comma, bracket and brace that opens counts as one."""
    count = (500_000 - 1) // each  # after the brace and the bracket before them, and with one comma less
    listed = b"[" + b",".join([value] * count) + b"]"
    spare = 500_000 - 1 - count * each
    taken = b'{"a":' + listed + b',"b":0' * spare + b"}"
    assert len(screen_config(taken, LIMITS)["a"]) == count
    with pytest.raises(Refused, match=r"^the description of its network is too large$"):
        screen_config(taken[:-1] + b',"c":0}', LIMITS)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_only_utf_8_is_read_since_only_that_was_measured(encoding):
    with pytest.raises(ValueError):
        screen_config(json.dumps({"class_name": "Dense"}).encode(encoding), LIMITS)
    assert screen_config('{"name": "Füße"}'.encode(), LIMITS) == {"name": "Füße"}
