"""Descriptions of networks made by hand, as Keras writes them, and how much their layers give and ask for."""

from typing import Any

import pytest

from colorizer.network.layer_screening import screen_layers
from colorizer.network.suspicious import Suspicious
from colorizer.settings import ModelLimits

Config = dict[str, Any]
MANY = 10**9
"""Weights, more than any of these networks asks for."""


def layer(kind: str, name: str, config: Config | None = None, *takes: Any) -> dict:
    """A layer that takes, each time it is used, what it is told: references such as `["input", 0, 0]`."""
    return {"class_name": kind, "name": name, "config": (config or {}) | {"name": name}, "inbound_nodes": list(takes)}


def given(*shape: int | None, name: str = "input") -> dict:
    return layer("InputLayer", name, {"batch_shape": [None, *shape]})


def functional(*layers: dict, inputs: Any = None, outputs: Any = None) -> dict:
    """A network of layers; from its first, which is an input, to its last, unless it is told otherwise."""
    config = {
        "layers": list(layers),
        "input_layers": inputs or [[layers[0]["name"], 0, 0]],
        "output_layers": outputs or [[layers[-1]["name"], 0, 0]],
    }
    return {"class_name": "Functional", "config": config}


def chain(shape: tuple[int | None, ...], *steps: tuple[str, Config]) -> dict:
    """A network of layers one after another."""
    layers = [given(*shape)]
    for number, (kind, config) in enumerate(steps):
        layers.append(layer(kind, f"layer {number}", config, [[layers[-1]["name"], 0, 0]]))
    return functional(*layers)


def gives(network: dict, numbers: int) -> None:
    """The layer that gives most, gives just so many numbers for one photo."""
    screen_layers(network, MANY, ModelLimits(maximum_layer_bytes=4 * numbers))
    with pytest.raises(Suspicious, match=r"^one of its layers would give .* GB for each photo$"):
        screen_layers(network, MANY, ModelLimits(maximum_layer_bytes=4 * numbers - 1))


def asks_at_once(network: dict, numbers: int) -> None:
    """The layer that asks for most weights asks for just so many."""
    screen_layers(network, MANY, ModelLimits(maximum_bytes=4 * numbers))
    with pytest.raises(Suspicious, match=f"^one of its layers asks for {numbers:,} weights$"):
        screen_layers(network, MANY, ModelLimits(maximum_bytes=4 * numbers - 1))


def asks(network: dict, numbers: int) -> None:
    """All layers together ask for just so many weights, an even number above a million."""
    held = (numbers - 1_000_000) // 2
    screen_layers(network, held, ModelLimits())
    with pytest.raises(Suspicious, match=f"^its layers ask for {numbers:,} weights, but it holds {held - 1:,}$"):
        screen_layers(network, held - 1, ModelLimits())
