"""Whether explanations are true: on the model that ships, since one that knows nothing has nothing to explain."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from scipy.stats import spearmanr

from colorizer.errors import ColorizeError
from colorizer.inspection.attribution import attribute, colourful_regions, hide_marked, region_around
from colorizer.network.architectures import build
from colorizer.network.engines import KerasEngine
from colorizer.settings import ModelSettings

pytestmark = pytest.mark.slow


def test_hiding_what_is_marked_changes_the_colour_more_than_hiding_elsewhere(shipped_network, viewed):
    hidden = []
    for photo in viewed.values():
        (region,) = colourful_regions(photo.chroma, count=1)
        explained = attribute(shipped_network, photo.luma, region)
        hidden.append(hide_marked(shipped_network, photo.luma, explained, seed=1))
    assert sum(each.marked > each.elsewhere for each in hidden) > 0.6 * len(hidden)
    assert np.mean([each.marked for each in hidden]) > 2 * np.mean([each.elsewhere for each in hidden])


def test_random_weights_give_another_map(shipped_network, viewed):
    photo = viewed["chelsea"]
    region = colourful_regions(photo.chroma, count=1)[0]
    learned = attribute(shipped_network, photo.luma, region).signed
    again = attribute(shipped_network, photo.luma, region).signed
    model = keras.models.clone_model(shipped_network.model)
    model.get_layer("to_rgb").set_weights(shipped_network.model.get_layer("to_rgb").get_weights())
    random = attribute(replace(shipped_network, engine=KerasEngine(model)), photo.luma, region).signed
    assert np.array_equal(learned, again)
    assert abs(spearmanr(learned.ravel(), random.ravel()).statistic) < 0.4


def test_a_classifying_head_is_asked_for_the_likelihood_of_its_bins(viewed):
    network = build(ModelSettings(size=64, filters=(8, 12, 16), head="classification"))
    luma = viewed["coffee"].luma[::2, ::2]
    explained = attribute(network, luma, region_around(20, 20, 64, 64, 64))
    assert explained.signed.shape == explained.grad_cam.shape == (64, 64)
    assert np.abs(explained.signed).max() > 0
    assert explained.grad_cam.min() >= 0


def test_a_point_outside_the_photo_is_refused():
    with pytest.raises(ColorizeError, match="600,20 lies outside the photo, which has 512 x 384"):
        region_around(600, 20, 512, 384, 128)
    corner = region_around(511, 0, 512, 384, 128)
    assert (corner.left, corner.top, corner.right, corner.bottom) == (112, 0, 128, 16)
