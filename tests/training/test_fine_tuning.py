import keras
import numpy as np
import pytest

from colorizer.dataset.batches import PhotoBatches
from colorizer.network.architectures import build
from colorizer.network.encoders import encoder_layers, is_pretrained, layers_from
from colorizer.network.network import Network
from colorizer.settings import RANDOM_WEIGHTS, AdversarialSettings, ModelSettings, TrainingSettings
from colorizer.training.train import train_network
from tests.small_trainings import PHOTOS

pytestmark = pytest.mark.slow


@pytest.fixture
def network(encoder_weights) -> Network:
    """A mobilenet_unet whose features neither vanish nor explode, as those of a pretrained one."""
    built = build(ModelSettings(architecture="mobilenet_unet", size=64, encoder_weights=str(encoder_weights)))
    random = np.random.default_rng(0)
    for layer in encoder_layers(built.model):
        if isinstance(layer, keras.layers.Conv2D):
            (kernel,) = layer.get_weights()
            layer.set_weights([random.normal(0, np.sqrt(2 / np.prod(kernel.shape[:3])), kernel.shape)])
    return built


def changed(tmp_path, network: Network, **settings) -> tuple[set[str], set[str]]:
    """Train for an epoch; return the encoder's layers whose weights or statistics are others now, and the decoder's."""
    before = {layer.name: layer.get_weights() for layer in network.model.layers}
    batches = PhotoBatches(PHOTOS, 64, 4)
    train_network(network, batches, batches, TrainingSettings(batch_size=4, monitor="none", **settings), tmp_path)
    names = {
        layer.name
        for layer in network.model.layers
        if any(not np.array_equal(*pair) for pair in zip(before[layer.name], layer.get_weights(), strict=True))
    }
    encoder = {layer.name for layer in encoder_layers(network.model)}
    return names & encoder, names - encoder


def convolutions(layers) -> set[str]:
    return {layer.name for layer in layers if layer.weights and not isinstance(layer, keras.layers.BatchNormalization)}


@pytest.mark.parametrize(("stage", "block"), [("regression", "block_13"), ("adversarial", "")])
def test_fine_tuning_changes_exactly_the_named_blocks(tmp_path, network, stage, block):
    adversarial = AdversarialSettings(epochs=1, filters=8) if stage == "adversarial" else None
    epochs = 0 if adversarial else 1
    encoder, decoder = changed(
        tmp_path, network, epochs=epochs, frozen_epochs=0, fine_tune_from=block, adversarial=adversarial
    )
    assert decoder
    expected = convolutions(layers_from(network.model, block))
    assert encoder == expected
    assert any(name.startswith("block_16") for name in expected)
    assert any(name.startswith("block_2") for name in expected) == (block == "")


def test_an_encoder_without_weights_learns_its_batch_statistics_too(tmp_path):
    network = build(ModelSettings(architecture="resnet18_unet", size=64, encoder_weights=RANDOM_WEIGHTS))
    assert not is_pretrained(network.model)
    encoder, _ = changed(tmp_path, network, epochs=1, frozen_epochs=1)
    assert "stack3_block1_2_bn" in encoder
