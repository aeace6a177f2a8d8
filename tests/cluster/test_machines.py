import sys

import pytest

from colorizer.errors import ColorizeError
from colorizer.machines.cluster import Room, connected, rooms


def test_a_worker_for_each_gpu_or_else_for_each_core_of_the_machines_that_live():
    nodes = [
        {"NodeID": "a", "Alive": True, "Resources": {"CPU": 4.0, "memory": 1e9}},
        {"NodeID": "b", "Alive": True, "Resources": {"CPU": 16.0, "GPU": 2.0}},
        {"NodeID": "dead", "Alive": False, "Resources": {"CPU": 8.0}},
        {"NodeID": "head without cores", "Alive": True, "Resources": {"memory": 1e9}},
    ]
    assert rooms(nodes) == {Room("a", 1, 0): 4, Room("b", 8, 1): 2}


def test_without_ray_a_sentence_says_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr("colorizer.machines.cluster.find_spec", lambda name: None)
    with pytest.raises(ColorizeError, match='extra "cluster"'), connected("local"):
        pass
