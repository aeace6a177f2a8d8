import subprocess
import sys

import keras
import numpy as np
import pytest

from colorizer.dataset.batches import PhotoBatches
from colorizer.errors import ColorizeError, MissingWeights
from colorizer.network.architectures import build
from colorizer.network.encoders import encoder_blocks, encoder_layers, is_pretrained, layers_from
from colorizer.network.model_files import PRETRAINED, load, save
from colorizer.network.network import Network
from colorizer.settings import RANDOM_WEIGHTS, ModelSettings
from tests.small_trainings import PHOTOS


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


def test_a_block_that_is_not_there_is_refused_with_those_that_are(network):
    with pytest.raises(ColorizeError, match=r"no block 'block_17'.*expanded_conv, block_1,.*block_16"):
        layers_from(network.model, "block_17")
    plain = build(ModelSettings(size=64, filters=(8, 8)))
    with pytest.raises(ColorizeError, match="it has no encoder"):
        layers_from(plain.model, "block_1")


@pytest.mark.slow
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


def test_weights_that_cannot_be_had_are_said_with_what_to_do(tmp_path):
    damaged = tmp_path / "damaged.weights.h5"
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    other.save_weights(damaged)
    for architecture, name in (("mobilenet_unet", "MobileNetV2"), ("resnet18_unet", "ResNet-18")):
        with pytest.raises(MissingWeights, match=rf"{name}'s ImageNet weights .*damaged"):
            build(ModelSettings(architecture=architecture, size=64, encoder_weights=str(damaged)))


def test_the_encoder_of_the_model_that_ships_serves_without_a_download():
    network = build(ModelSettings(architecture="mobilenet_unet", size=64, encoder_weights="shipped"))
    assert is_pretrained(network.model)
    shipped = {layer.name: layer for layer in encoder_layers(load(PRETRAINED).model)}
    taken = encoder_layers(network.model)
    assert {layer.name for layer in taken} == set(shipped)
    for layer in taken:
        for one, other in zip(layer.get_weights(), shipped[layer.name].get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
