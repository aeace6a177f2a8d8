import numpy as np
import pytest

from colorizer.evaluation.evaluate import EvaluationOptions, evaluate_network
from colorizer.evaluation.kernel_distance import KernelDistanceMeter, feature_square, kernel_distance
from colorizer.network.architectures import build
from colorizer.network.encoders import photo_features
from colorizer.settings import RANDOM_WEIGHTS, ModelSettings
from tests.conftest import SHIPPED


def test_sets_drawn_from_one_distribution_are_near_and_others_far():
    draw = np.random.default_rng(3).normal
    one, same, other = draw(size=(200, 16)), draw(size=(150, 16)), draw(0.7, size=(150, 16))
    assert abs(kernel_distance(one, same)) < 0.1 < kernel_distance(one, other)


def test_the_distance_is_that_of_its_definition():
    one, other = np.random.default_rng(1).normal(size=(2, 3, 4))

    def kernel(x, y):
        return (x @ y / 4 + 1) ** 3

    within = [
        np.mean([kernel(x, y) for i, x in enumerate(each) for j, y in enumerate(each) if i != j])
        for each in (one, other)
    ]
    between = np.mean([kernel(x, y) for x in one for y in other])
    assert kernel_distance(one, other) == pytest.approx(sum(within) - 2 * between)


@pytest.mark.slow
def test_a_network_that_leaves_photos_gray_is_as_far_from_photographs_as_gray():
    features = photo_features(RANDOM_WEIGHTS)
    photos = [SHIPPED / name for name in ("astronaut.png", "chelsea.png", "coffee.png")]
    network = build(ModelSettings(size=64, filters=(4, 6, 8)))
    distances = evaluate_network(network, photos, EvaluationOptions(batch_size=2, features=features)).kernel_distances
    assert distances.predicted == pytest.approx(distances.gray, rel=0.2, abs=1e-6)
    assert evaluate_network(network, photos[:1], EvaluationOptions(features=features)).kernel_distances is None


def test_the_truth_itself_is_nearer_than_gray(astronaut):
    from PIL import Image

    class MeanColour:
        """Features that a person could name: each half's mean colour."""

        def predict_on_batch(self, rgb):
            return np.stack([rgb[:, :112].mean((1, 2)), rgb[:, 112:].mean((1, 2))], axis=1).reshape(len(rgb), -1)

    meter = KernelDistanceMeter(MeanColour())
    for turn in range(4):
        picture = Image.fromarray(np.roll(astronaut, turn * 60, axis=0))
        truth, gray = feature_square(picture), feature_square(picture.convert("L").convert("RGB"))
        meter.add((truth, truth, gray))
    assert meter.result().predicted < meter.result().gray
