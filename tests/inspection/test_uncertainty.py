from dataclasses import replace

import keras
import numpy as np
import pytest

from colorizer.inspection.uncertainty import chroma_error, errors_by_colour, reliability, uncertainty_map
from colorizer.inspection.viewing import view
from colorizer.network.architectures import LOGITS, build
from colorizer.network.engines import KerasEngine
from colorizer.network.network import Network
from colorizer.settings import ModelSettings
from tests.conftest import SHIPPED, gray_photo


@pytest.fixture(scope="module")
def photos(plain_network):
    paths = [SHIPPED / name for name in ("astronaut.png", "chelsea.png")]
    return [view(plain_network, path, path) for path in paths]


def test_who_proposes_the_true_colours_makes_no_error_and_who_leaves_gray_gains_nothing(photos):
    right = [replace(photo, chroma=photo.true_chroma) for photo in photos]
    assert max(chroma_error(photo).max() for photo in right) < 1e-3
    gray = [replace(photo, chroma=np.zeros_like(photo.chroma)) for photo in photos]
    for kind in errors_by_colour(gray):
        assert kind.error == pytest.approx(kind.gray_error)
        assert kind.chroma_share < 0.01
    kinds = {kind.name: kind for kind in errors_by_colour(right)}
    assert sum(kind.share for kind in kinds.values()) == pytest.approx(1)
    assert kinds["skin"].share > 0.1  # a face, and a ginger cat
    assert all(kind.chroma_share == pytest.approx(1, abs=0.01) for kind in kinds.values())


def test_without_true_colours_nothing_is_said_of_errors(plain_network):
    photo = view(plain_network, SHIPPED / "camera.png")
    assert photo.truth is None
    assert chroma_error(photo) is None
    assert errors_by_colour([photo]) == ()


def _place_by_place(size: int) -> Network:
    """A network that looks at single pixels, and so gives the same colour to the same luma wherever it stands."""
    luma = keras.Input((size, size, 1))
    rgb = keras.layers.Conv2D(3, 1, bias_initializer="ones", kernel_initializer="glorot_uniform")(luma)
    return Network(KerasEngine(keras.Model(luma, rgb)), "pixels", size)


def test_who_gives_a_place_the_same_colour_in_every_view_has_no_doubt(plain_network, camera):
    luma = gray_photo(camera).square(64)
    network = plain_network.model.get_layer("chroma")
    weights = network.get_weights()
    network.set_weights([weights[0] * 100, weights[1]])
    unsure = uncertainty_map(plain_network, luma)
    network.set_weights(weights)
    assert unsure.shape == (64, 64)
    assert uncertainty_map(_place_by_place(64), luma).max() < 1e-5 < unsure.max()


def test_the_entropy_of_even_likelihoods_is_one_and_of_a_set_mind_none(camera):
    network = build(ModelSettings(size=64, filters=(8, 12, 16), head="classification"))
    logits = network.model.get_layer(LOGITS)
    kernel, bias = logits.get_weights()
    luma = gray_photo(camera).square(64)
    logits.set_weights([kernel * 0, bias * 0])
    assert uncertainty_map(network, luma) == pytest.approx(1, abs=1e-4)
    bias[7] = 50
    logits.set_weights([kernel * 0, bias])
    assert uncertainty_map(network, luma).max() < 1e-4


def test_reliability_tells_doubt_that_predicts_error_from_doubt_that_does_not():
    random = np.random.default_rng(0)
    unsure = random.random((3, 50, 50))
    good = reliability(list(unsure), list(unsure**2))
    assert good.correlation == pytest.approx(1)
    assert list(good.error) == sorted(good.error)
    useless = reliability(list(unsure), list(random.random((3, 50, 50))))
    assert abs(useless.correlation) < 0.05
    assert reliability([np.zeros((4, 4))], [np.ones((4, 4))]).correlation == 0
