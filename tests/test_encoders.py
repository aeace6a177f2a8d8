import subprocess
import sys

import keras
import numpy as np
import pytest
from conftest import SHIPPED

from colorizer.batches import PhotoBatches
from colorizer.encoders import MissingWeights, encoder_blocks, encoder_layers, is_pretrained, layers_from
from colorizer.model import Network, build, load, save
from colorizer.settings import RANDOM_WEIGHTS, AdversarialSettings, ColorizeError, ModelSettings, TrainingSettings
from colorizer.training import train

PHOTOS = [SHIPPED / name for name in ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")]


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
    train(network, batches, batches, TrainingSettings(batch_size=4, monitor="none", **settings), tmp_path)
    names = {
        layer.name
        for layer in network.model.layers
        if any(not np.array_equal(*pair) for pair in zip(before[layer.name], layer.get_weights(), strict=True))
    }
    encoder = {layer.name for layer in encoder_layers(network.model)}
    return names & encoder, names - encoder


def convolutions(layers) -> set[str]:
    return {layer.name for layer in layers if layer.weights and not isinstance(layer, keras.layers.BatchNormalization)}


def test_feature_extraction_leaves_the_encoder_s_weights_and_batch_statistics_untouched(tmp_path, network):
    encoder, decoder = changed(tmp_path, network, epochs=1, frozen_epochs=1)
    assert encoder == set()
    assert decoder


@pytest.mark.parametrize("block", ["", "block_13"])
@pytest.mark.parametrize("stage", ["regression", "game"])
def test_fine_tuning_changes_exactly_the_named_blocks(tmp_path, network, block, stage):
    game = AdversarialSettings(epochs=1, filters=8) if stage == "game" else None
    epochs = 0 if game else 1
    encoder, _ = changed(tmp_path, network, epochs=epochs, frozen_epochs=0, fine_tune_from=block, adversarial=game)
    expected = convolutions(layers_from(network.model, block))
    assert encoder == expected
    assert any(name.startswith("block_16") for name in expected)
    assert any(name.startswith("block_2") for name in expected) == (block == "")


def test_a_block_that_is_not_there_is_refused_with_those_that_are(network):
    with pytest.raises(ColorizeError, match=r"no block 'block_17'.*expanded_conv, block_1,.*block_16"):
        layers_from(network.model, "block_17")
    plain = build(ModelSettings(size=64, filters=(8, 8)))
    with pytest.raises(ColorizeError, match="it has no encoder"):
        layers_from(plain.model, "block_1")


def test_resnet18_is_one_flat_network_of_stock_layers_that_opens_without_keras_hub(tmp_path):
    network = build(ModelSettings(architecture="resnet18_unet", size=64, encoder_weights=RANDOM_WEIGHTS))
    assert encoder_blocks(network.model) == [
        "conv1",
        "pool1",
        *(f"stack{stack}_block{block}" for stack in range(4) for block in range(2)),
    ]
    assert sum(layer.count_params() for layer in encoder_layers(network.model)) == 11_186_112
    gray = PhotoBatches(PHOTOS, 64, 4)[0][0]
    rgb = network.model.predict(gray, verbose=0)
    assert rgb.shape == (4, 64, 64, 3)
    path = tmp_path / "resnet.h5"
    save(network.model, path)
    assert np.array_equal(load(path).model.predict(gray, verbose=0), rgb)
    code = (
        f"import sys, keras; keras.models.load_model({str(path)!r}, compile=False)\nprint('keras_hub' in sys.modules)"
    )
    opened = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert opened.stdout.strip() == "False"


def test_an_encoder_without_weights_learns_its_batch_statistics_too(tmp_path):
    network = build(ModelSettings(architecture="resnet18_unet", size=64, encoder_weights=RANDOM_WEIGHTS))
    assert not is_pretrained(network.model)
    encoder, _ = changed(tmp_path, network, epochs=1, frozen_epochs=1)
    assert "stack3_block1_2_bn" in encoder


def test_weights_that_cannot_be_had_are_said_with_what_to_do(tmp_path):
    damaged = tmp_path / "damaged.weights.h5"
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    other.save_weights(damaged)
    for architecture, name in (("mobilenet_unet", "MobileNetV2"), ("resnet18_unet", "ResNet-18")):
        with pytest.raises(MissingWeights, match=rf"{name}'s ImageNet weights .*damaged.*--random-encoder"):
            build(ModelSettings(architecture=architecture, size=64, encoder_weights=str(damaged)))
