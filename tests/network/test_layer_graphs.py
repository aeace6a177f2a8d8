"""How the layers of a described network follow each other: what is taken from where, how often, and how many may be."""

import json

import keras
import pytest

from colorizer.network.layer_screening import screen_layers
from colorizer.network.suspicious import Suspicious
from colorizer.settings import ModelLimits
from tests.network.described_networks import MANY, asks, asks_at_once, chain, functional, given, gives, layer

LIMITS = ModelLimits()
DENSE = {"units": 999}
"""From as many numbers to as many: 999,000 weights."""


def tensor(name: str, node: int = 0, number: int = 0) -> dict:
    """A reference as Keras 3 writes it."""
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, node, number]}}


def sequential(*layers: dict, **config) -> dict:
    return {"class_name": "Sequential", "config": {"layers": list(layers)} | config}


def nested(inner: dict, name: str = "inner", *takes) -> dict:
    """A network as a layer of another."""
    return inner | {"name": name, "config": inner["config"] | {"name": name}, "inbound_nodes": list(takes)}


def test_weights_may_be_missing_up_to_a_million_and_the_file_may_hold_half_of_them():
    dense = ("Dense", DENSE)
    asks(chain((999,), dense, dense), 2 * 999_000)
    screen_layers(chain((999,), ("Dense", {"units": 1000})), 0, LIMITS)
    with pytest.raises(Suspicious, match=r"^its layers ask for 1,000,002 weights, but it holds 0$"):
        screen_layers(chain((5,), ("Dense", {"units": 166_667})), 0, LIMITS)


def test_a_layer_that_is_used_twice_has_its_weights_once():
    twice = [given(999), layer("Dense", "a", DENSE, [["input", 0, 0]], [["a", 0, 0]])]
    last = layer("Dense", "b", DENSE, [["a", 1, 0]])
    asks(functional(*twice, last), 2 * 999_000)


def test_the_weights_of_a_sequential_network_and_of_a_model_inside_count():
    inner = sequential(given(999), layer("Dense", "a", DENSE), layer("Dense", "b", DENSE))
    asks(inner, 2 * 999_000)
    for within in (inner, chain((999,), ("Dense", DENSE), ("Dense", DENSE)) | {"class_name": "Model"}):
        asks(functional(given(999), nested(within, "inner", [["input", 0, 0]])), 2 * 999_000)


def test_a_model_that_is_used_twice_has_its_weights_once():
    inner = nested(chain((999,), ("Dense", DENSE)), "inner", [["input", 0, 0]], [["inner", 1, 0]])
    asks(functional(given(999), inner, layer("Dense", "last", DENSE, [["inner", 2, 0]])), 2 * 999_000)


def test_a_layer_that_says_what_it_was_built_for_has_its_weights_once():
    dense = layer("Dense", "a", DENSE, [["input", 0, 0]]) | {"build_config": {"input_shape": [None, 999]}}
    asks(functional(given(999), dense, layer("Dense", "b", DENSE, [["a", 0, 0]])), 2 * 999_000)


@pytest.mark.parametrize(
    "build_config",
    [
        {"input_shape": [None, 9]},
        {"shapes": {"input": [None, 9], "name": "input"}},
        {"shapes_list": [[None, 2], [None, 9]]},
        {"shape": [None, 9], "none": [], "units": 99, "words": ["a", "b"]},
    ],
)
def test_what_a_layer_was_built_for_counts_as_what_it_takes(build_config):
    dense = layer("Dense", "a", {"units": 3}, [["input", 0, 0]]) | {"build_config": build_config}
    asks_at_once(functional(given(4), dense), 10 * 3)
    up = layer("UpSampling2D", "a", {}, [["input", 0, 0]]) | {"build_config": {"input_shape": [None, 9, 9, 1]}}
    gives(functional(given(4, 4, 1), up), 4 * 81)


def test_a_layer_gives_each_time_what_it_takes_that_time():
    small, large = given(2, 2, 1, name="small"), given(5, 5, 1, name="large")
    twice = layer("UpSampling2D", "twice", {}, [["small", 0, 0]], [["large", 0, 0]])
    gives(functional(small, large, twice), 100)
    for node, numbers in ((0, 4 * 4), (1, 10 * 10)):
        last = layer("UpSampling2D", "last", {"size": 3}, [["twice", node, 0]])
        gives(functional(small, large, twice, last, inputs=[["small", 0, 0], ["large", 0, 0]]), 9 * numbers)


@pytest.mark.parametrize(("node", "numbers"), [(0, 16), (1, 16), (2, 100)])
def test_a_model_gives_each_time_what_it_takes_that_time(node, numbers):
    """Keras numbers the uses of a model from 1: 0 is the one it was made with."""
    inner = nested(chain((1, 1, 1), ("UpSampling2D", {})), "inner", [["small", 0, 0]], [["large", 0, 0]])
    last = layer("UpSampling2D", "last", {"size": 3}, [["inner", node, 0]])
    gives(functional(given(2, 2, 1, name="small"), given(5, 5, 1, name="large"), inner, last), 9 * numbers)


@pytest.mark.parametrize(("number", "sides"), [(0, 6), (1, 2)])
@pytest.mark.parametrize("is_legacy", [False, True])
def test_a_model_has_its_inputs_and_outputs_in_order(number, sides, is_legacy):
    names = ("a", "b")
    references = [[name, 0, 0] if is_legacy else tensor(name) for name in names]
    inputs = [given(1, 1, 1, name=name) for name in names]
    inner = nested(functional(*inputs, inputs=references, outputs=references))
    takes = [["large", 0, 0], ["small", 0, 0]] if is_legacy else {"args": [tensor("large"), tensor("small")]}
    last = layer("UpSampling2D", "last", {"size": 9}, [["inner", 1, number]])
    outer = (given(6, 6, 1, name="large"), given(2, 2, 1, name="small"), inner | {"inbound_nodes": [takes]}, last)
    gives(functional(*outer), (9 * sides) ** 2)


def test_what_is_taken_by_name_is_followed_too_and_other_lists_are_not():
    inputs = [given(2, 2, 1, name="a"), given(5, 5, 1, name="b")]
    for taken in (
        ["a", 0, 0, {"y": ["b", 0, 0], "mode": ["nearest", 1]}],
        {"args": [tensor("a")], "kwargs": {"y": tensor("b")}},
    ):
        lists = {"axes": ["a", 1], "names": ["a", "b", "c"], "sizes": [1, 2, 3]}
        two = layer("Add", "two", {}, [taken] if isinstance(taken, list) else taken | {"more": lists})
        screen_layers(functional(inputs[0], given(1, 1, 1, name="b"), two), MANY, ModelLimits(maximum_connections=2))
        with pytest.raises(Suspicious, match=r"^its layers have more than 1 connections$"):
            screen_layers(
                functional(inputs[0], given(1, 1, 1, name="b"), two), MANY, ModelLimits(maximum_connections=1)
            )


def test_a_network_may_be_written_backwards_as_far_as_keras_is_patient():
    for many in (20, 21):
        network = chain((2, 2, 1), *[("LeakyReLU", {})] * many)
        network["config"]["layers"].reverse()
        if many == 20:
            screen_layers(network, 0, LIMITS)
        else:
            with pytest.raises(Suspicious, match=r"^its layers follow each other in no order$"):
                screen_layers(network, 0, LIMITS)


@pytest.mark.parametrize("is_inside", [False, True])
def test_a_network_may_have_as_many_layers_as_is_allowed(is_inside):
    network = chain((2, 2, 1), *[("LeakyReLU", {})] * 9)
    if is_inside:
        network = functional(given(2, 2, 1), nested(network, "inner", [["input", 0, 0]]))
    many = 12 if is_inside else 10
    screen_layers(network, 0, ModelLimits(maximum_layers=many))
    with pytest.raises(Suspicious, match=f"^it has more than {many - 1} layers$"):
        screen_layers(network, 0, ModelLimits(maximum_layers=many - 1))


def test_the_layers_of_a_sequential_network_count_too():
    network = sequential(given(2, 2, 1), *[layer("LeakyReLU", f"{number}") for number in range(9)])
    screen_layers(network, 0, ModelLimits(maximum_layers=10))
    with pytest.raises(Suspicious, match=r"^it has more than 9 layers$"):
        screen_layers(network, 0, ModelLimits(maximum_layers=9))


@pytest.mark.parametrize("listed", [1, 5])
def test_a_network_may_have_as_many_inputs_as_is_allowed(listed):
    """Inputs are layers, and what the network says it takes; the larger of the two counts."""
    inputs = [given(2, 2, 1, name=f"{number}") for number in range(6 - listed)]
    network = functional(*inputs, inputs=[["0", 0, 0]] * listed)
    screen_layers(network, 0, ModelLimits(maximum_inputs=5))
    with pytest.raises(Suspicious, match=r"^it takes more than 4 inputs$"):
        screen_layers(network, 0, ModelLimits(maximum_inputs=4))


def test_connections_are_those_of_all_networks_together():
    inner = nested(chain((2, 2, 1), *[("LeakyReLU", {})] * 3), "inner", [["input", 0, 0]])
    screen_layers(functional(given(2, 2, 1), inner), 0, ModelLimits(maximum_connections=4))
    with pytest.raises(Suspicious, match=r"^its layers have more than 3 connections$"):
        screen_layers(functional(given(2, 2, 1), inner), 0, ModelLimits(maximum_connections=3))


def test_two_layers_of_one_name_are_no_network():
    with pytest.raises(ValueError, match="two of its layers have one name"):
        screen_layers(functional(given(2, 2, 1), given(2, 2, 1)), 0, LIMITS)


def test_what_a_network_gives_comes_from_its_layers():
    with pytest.raises(ValueError, match="what it gives comes from no layer"):
        screen_layers(functional(given(2, 2, 1), outputs=[["input", 1, 0]]), 0, LIMITS)


@pytest.mark.parametrize("key", ["batch_shape", "batch_input_shape"])
def test_layers_are_known_by_their_name_in_either_place_and_inputs_by_their_shape(key):
    source = {"class_name": "InputLayer", "config": {"name": "a", key: [None, 3, 3, 1]}, "inbound_nodes": []}
    up = {"class_name": "UpSampling2D", "config": {"name": "b"}, "inbound_nodes": [[["a", 0, 0]]]}
    gives(functional(source, up, inputs=[["a", 0, 0]], outputs=[["b", 0, 0]]), 36)
    del up["inbound_nodes"]
    gives(sequential(source, up), 36)
    up["config"][key] = [None, 5, 5, 1]
    gives(sequential(up), 100)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"build_config": {"input_shape": [None, 5, 5, 1]}},
        {"config": {"build_input_shape": [None, 5, 5, 1]}},
    ],
)
def test_a_sequential_network_is_looked_at_for_every_shape_it_is_said_to_take(more):
    layers = [given(3, 3, 1), layer("UpSampling2D", "up")]
    network = sequential(*layers, **more.get("config", {}))
    gives(network | {name: value for name, value in more.items() if name != "config"}, 100 if more else 36)
    gives({"class_name": "Sequential", "config": layers}, 36)  # as Keras 1 wrote it


def test_a_sequential_network_gives_what_it_is_given():
    inner = nested(sequential(given(3, 3, 1), layer("UpSampling2D", "up")), "inner", [["input", 0, 0]])
    last = layer("UpSampling2D", "last", {}, [["inner", 1, 0]])
    gives(functional(given(2, 2, 1), inner, last), 64)


def test_a_sequential_network_that_does_not_say_what_it_takes_is_none():
    with pytest.raises(ValueError, match="it does not say what it takes"):
        screen_layers(sequential(layer("UpSampling2D", "up")), 0, LIMITS)
    with pytest.raises(ValueError, match="it does not say what it takes"):
        screen_layers({"class_name": "Sequential", "config": [layer("UpSampling2D", "up")]}, 0, LIMITS)


def test_what_keras_writes_of_a_network_asks_for_the_weights_it_has():
    """Of one whose layers say what they were built for, one of them a sequential network."""
    inner = keras.Sequential([keras.Input((999,)), keras.layers.Dense(999)])
    luma = keras.Input((999,))
    network = json.loads(json.dumps(keras.saving.serialize_keras_object(keras.Model(luma, inner(inner(luma))))))
    screen_layers(network, 0, LIMITS)
