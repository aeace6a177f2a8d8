import keras
import numpy as np
import pytest

from colorizer.network.architectures import build
from colorizer.network.devices import has_unused_gpu, scaled_optimizer
from colorizer.settings import ModelSettings, TrainingSettings
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


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["rgb_unet", "book_unet"])
def test_networks_that_predict_all_channels_learn_in_mixed_precision(architecture, tmp_path):
    network = build(ModelSettings(architecture=architecture, size=64, filters=(4, 4, 8)))
    settings = TrainingSettings(epochs=1, batch_size=4, precision="mixed_bfloat16")
    history = train_network(network, batches(), batches(), settings, tmp_path).history
    assert np.isfinite([*history["loss"], *history["gain"], *history["val_colourfulness"]]).all()


@pytest.mark.slow
def test_float16_learns_with_a_scaled_loss(tmp_path):
    network = small_network()
    settings = TrainingSettings(epochs=6, batch_size=4, learning_rate=3e-3, precision="mixed_float16")
    losses = train_network(network, batches(), batches(), settings, tmp_path).history["loss"]
    assert losses[-1] < losses[0]
    assert {layer.dtype_policy.name for layer in network.model.layers} == {"float32"}


@pytest.mark.parametrize(("precision", "is_scaled"), [("mixed_float16", True), ("mixed_bfloat16", False)])
def test_the_loss_is_scaled_for_float16_alone(precision, is_scaled):
    optimizer = scaled_optimizer(keras.optimizers.Adam(), precision)
    assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer) == is_scaled


def test_a_gpu_that_tensorflow_does_not_see_is_noticed(tmp_path):
    (tmp_path / "dxg").touch()
    assert has_unused_gpu([tmp_path / "nvidia0", tmp_path / "dxg"], "no-such-tool")
    assert not has_unused_gpu([tmp_path / "nvidia0"], "no-such-tool")
