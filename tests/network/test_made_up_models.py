"""Model files in whose description Hypothesis changes a value: let in, or refused."""

import copy
import json
import zipfile
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from colorizer.network.clean_copy import CleanCopy
from colorizer.network.screening import load_screened
from colorizer.settings import ModelLimits

PLACE = some.lists(some.integers(0, 30), min_size=1, max_size=9)
"""Which value: the n-th of each dictionary and list, counted round and round, as deep as they go."""
ODD = (None, True, -1, 0, 1.5, 2**40, float("nan"), "", [], [1] * 3, {}, "Lambda", "Conv2D", "Functional", "keras.src")
TENSORS = (
    [[["a", 0, 0, {}]]],
    {"class_name": "__keras_tensor__", "config": {}},
    {"class_name": "Dense", "config": None},
)
VALUE = some.sampled_from((*ODD, *TENSORS))
quickly = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def parts(harmless) -> dict[str, bytes]:
    """The members of a small model as `.keras`."""
    with zipfile.ZipFile(harmless[".keras"]) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed(tree: Any, place: list[int], value: Any) -> Any:
    """Return a copy of a tree of dictionaries and lists with one value in it another."""
    tree = copy.deepcopy(tree)
    inside = tree
    for depth, number in enumerate(place):
        keys = sorted(inside) if isinstance(inside, dict) else range(len(inside))
        key = keys[number % len(keys)]
        below = inside[key]
        if depth == len(place) - 1 or not isinstance(below, dict | list) or not below:
            inside[key] = value
            return tree
        inside = below
    return tree


@quickly
@given(changes=some.lists(some.tuples(PLACE, VALUE), min_size=1, max_size=2))
def test_a_description_with_odd_values_is_loaded_or_refused(tmp_path, parts, changes):
    network = json.loads(parts["config.json"])
    for place, value in changes:
        network = changed(network, place, value)
    config = json.dumps(network).encode()
    for name, data in (parts | {"config.json": config}).items():
        (tmp_path / name).write_bytes(data)
    with suppress(Exception):  # of which `load` makes a sentence
        load_screened(CleanCopy(config, tmp_path, tmp_path / "model.weights.h5"), ModelLimits(), 64)
