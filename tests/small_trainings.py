"""Small trainings on four photographs, as several tests begin them."""

import itertools

from colorizer.dataset.batches import PhotoBatches
from colorizer.network.architectures import build
from colorizer.network.encoders import encoder_layers
from colorizer.settings import ModelSettings, TrainingSettings
from colorizer.training.train import train_network
from tests.conftest import SHIPPED

PHOTOS = [SHIPPED / name for name in ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")]


def small_network(seed: int = 42):
    return build(ModelSettings(size=64, filters=(16, 32, 64), seed=seed))


def batches(batch_size: int = 4) -> PhotoBatches:
    return PhotoBatches(PHOTOS, 64, batch_size)


def after(count: int):
    """Ask a training to stop after so many batches and one."""
    asked = itertools.count()
    return lambda: next(asked) >= count


def train_with_encoder(tmp_path, weights, **settings):
    """Train a small mobilenet_unet; return its record and its encoder's weights before and after."""
    network = build(ModelSettings(architecture="mobilenet_unet", size=64, encoder_weights=str(weights)))
    encoder = [weight for layer in encoder_layers(network.model) for weight in layer.weights]
    before = [weight.numpy() for weight in encoder]
    folder = tmp_path / "-".join(map(str, settings.values()))
    record = train_network(network, batches(), batches(), TrainingSettings(batch_size=4, **settings), folder)
    return record, before, [weight.numpy() for weight in encoder]
