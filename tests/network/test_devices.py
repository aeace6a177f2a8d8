import numpy as np
import pytest

from colorizer.settings import TrainingSettings
from colorizer.training.train import train_network
from tests.small_trainings import batches, small_network


@pytest.mark.slow
def test_mixed_precision_learns_the_same_and_leaves_a_float32_network(tmp_path):
    losses = {}
    for precision in ("float32", "mixed_bfloat16"):
        network = small_network()
        settings = TrainingSettings(epochs=10, batch_size=4, monitor="none", precision=precision)
        losses[precision] = train_network(network, batches(), batches(), settings, tmp_path / precision).history["loss"]
        assert {layer.dtype_policy.name for layer in network.model.layers} == {"float32"}
        assert network.model.predict(batches()[0][0], verbose=0).dtype == np.float32
    assert losses["mixed_bfloat16"] != losses["float32"]
    assert losses["mixed_bfloat16"][-1] == pytest.approx(losses["float32"][-1], rel=0.05)
