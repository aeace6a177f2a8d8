import numpy as np
import pytest

from colorizer.dataset.batches import PhotoBatches
from colorizer.network.architectures import build
from colorizer.network.encoders import encoder_layers
from colorizer.network.model_files import load
from colorizer.settings import ModelSettings, TrainingSettings
from colorizer.training.train import train_network
from tests.conftest import SHIPPED

PHOTOS = [SHIPPED / name for name in ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")]


def batches(batch_size: int = 4) -> PhotoBatches:
    return PhotoBatches(PHOTOS, 64, batch_size)


def train_with_encoder(tmp_path, weights, **settings):
    """Train a small mobilenet_unet; return its record and its encoder's weights before and after."""
    network = build(ModelSettings(architecture="mobilenet_unet", size=64, encoder_weights=str(weights)))
    encoder = [weight for layer in encoder_layers(network.model) for weight in layer.weights]
    before = [weight.numpy() for weight in encoder]
    folder = tmp_path / "-".join(map(str, settings.values()))
    record = train_network(network, batches(), batches(), TrainingSettings(batch_size=4, **settings), folder)
    return record, before, [weight.numpy() for weight in encoder]


@pytest.mark.slow
def test_a_frozen_encoder_keeps_its_weights_and_then_learns(tmp_path, encoder_weights):
    record, before, after = train_with_encoder(tmp_path, encoder_weights, epochs=2, frozen_epochs=2)
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    assert record.history["learning_rate"] == pytest.approx((3e-4, 3e-4))
    # What is loaded to go on with is not frozen for ever.
    (best,) = tmp_path.rglob("best.h5")
    frozen = [layer for layer in encoder_layers(load(best).model) if not layer.trainable]
    assert all("bn" in layer.name.lower() for layer in frozen)
    record, before, after = train_with_encoder(tmp_path, encoder_weights, epochs=3, frozen_epochs=1, monitor="none")
    assert not all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    assert record.history["learning_rate"] == pytest.approx((3e-4, 1.5e-4, 1.5e-4))
