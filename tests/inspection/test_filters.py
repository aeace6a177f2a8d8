import keras
import numpy as np
import pytest

from colorizer.inspection.filters import filter_patterns
from colorizer.inspection.viewing import view
from colorizer.network.engines import KerasEngine
from colorizer.network.network import Network
from tests.conftest import SHIPPED

pytestmark = pytest.mark.slow
_SIZE = 64


def _edges() -> Network:
    """A network whose first filter looks for edges between dark on the left and bright on the right."""
    luma = keras.Input((_SIZE, _SIZE, 1))
    bent = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="edges")(luma)
    rgb = keras.layers.Conv2D(3, 1)(bent)
    network = Network(KerasEngine(keras.Model(luma, rgb)), "edges", _SIZE)
    kernel = np.zeros((3, 3, 1, 4), np.float32)
    kernel[..., 0, 0] = [[-1, 0, 1]] * 3
    network.model.get_layer("edges").set_weights([kernel, np.zeros(4)])
    return network


def test_the_pattern_of_a_filter_for_edges_has_edges_and_excites_it_more_than_photos_do():
    network = _edges()
    photos = [view(network, SHIPPED / name) for name in ("camera.png", "coins.png")]
    layer = network.model.get_layer("edges")
    (found,) = filter_patterns(network, layer, (0,), photos, field=3, seed=1)
    across, down = (np.abs(np.diff(found.pattern, axis=axis)).mean() for axis in (1, 0))
    assert across > 1.5 * down
    seen = keras.Model(network.model.inputs[0], layer.output)
    answers = [
        float(np.asarray(seen(luma[None, ..., None]))[..., 0].mean())
        for luma in (found.pattern, *(photo.luma for photo in photos))
    ]
    assert answers[0] > 2 * max(answers[1:])
    for patch in found.patches:
        left, right = patch.left, patch.left + patch.side - 1
        rows = photos[patch.photo].luma[patch.top : patch.top + patch.side]
        assert rows[:, right].mean() > rows[:, left].mean() + 0.2


def test_the_same_seed_gives_the_same_pattern():
    network = _edges()
    photos = [view(network, SHIPPED / "camera.png")]
    one, same = (filter_patterns(network, network.model.get_layer("edges"), (0,), photos, 3, seed=4) for _ in range(2))
    assert np.array_equal(one[0].pattern, same[0].pattern)
