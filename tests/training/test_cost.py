from dataclasses import replace

import keras
import numpy as np
import pytest

from colorizer.errors import OutOfMemory
from colorizer.network.engines import KerasEngine
from colorizer.network.network import Network
from colorizer.settings import TrainingSettings
from colorizer.training.cost import StepCost, free_bytes, peak_growth, step_cost
from tests.small_trainings import small_network

CHEAP = StepCost(start_up=1.0, learning=0.01, bytes_per_photo=1, fixed_bytes=0)


def test_measuring_the_speed_leaves_the_network_as_it_was():
    network = small_network()
    before = network.model.get_weights()
    reported = []
    cost = step_cost(network, TrainingSettings(batch_size=2), report=reported.append)
    assert len(reported) == 1
    assert cost.learning > cost.validating > 0
    assert cost.needed_bytes(2) > cost.needed_bytes(1) > 0
    assert all(np.array_equal(one, other) for one, other in zip(before, network.model.get_weights(), strict=True))


def test_measuring_ends_before_a_step_when_it_is_asked_to():
    assert step_cost(small_network(), TrainingSettings(), lambda: True) is None


def test_a_network_of_which_not_even_one_photo_fits_is_a_sentence():
    luma = keras.Input((64, 64, 1))
    large = keras.layers.AveragePooling2D(4096)(keras.layers.UpSampling2D(4096)(luma))
    network = Network(KerasEngine(keras.Model(luma, keras.layers.Conv2D(3, 1)(large))), "large", 64)
    with pytest.raises(OutOfMemory):
        step_cost(network, TrainingSettings())


@pytest.mark.parametrize(
    ("cost", "proposed"),
    [
        (CHEAP, 16),
        (replace(CHEAP, learning=1.5), 2),
        (replace(CHEAP, learning=60), 1),
        (replace(CHEAP, bytes_per_photo=free_bytes() // 8), 2),
        (replace(CHEAP, fixed_bytes=2 * free_bytes()), 1),
    ],
)
def test_a_batch_is_proposed_that_is_short_and_fits(cost, proposed):
    assert cost.proposed_batch(16) == proposed


def test_the_largest_batch_that_fits_is_told():
    assert CHEAP.fitting_batch(64) == 64
    assert replace(CHEAP, bytes_per_photo=free_bytes() // 4).fitting_batch(64) in (3, 4)
    assert replace(CHEAP, fixed_bytes=2 * free_bytes()).fitting_batch(64) == 0


def test_the_peak_of_some_work_is_told_though_it_is_given_back():
    def work() -> None:
        np.ones(300_000_000, np.uint8)

    assert peak_growth(work) > 200_000_000
    assert peak_growth(lambda: None) < 50_000_000
