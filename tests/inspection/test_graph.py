import keras
import pytest

from colorizer.inspection.layers import crossing_layers, middle, of_one_size, resolution_layers
from colorizer.network.architectures import build
from colorizer.network.engines import KerasEngine
from colorizer.network.network import Network
from colorizer.settings import ModelSettings


def test_one_layer_stands_for_each_grid_on_the_way_down_and_up(plain_network):
    grids = [layer.output.shape[1] for layer in resolution_layers(plain_network.model)]
    assert grids == [32, 16, 8, 16]
    assert all(isinstance(layer, keras.layers.LeakyReLU) for layer in resolution_layers(plain_network.model))
    assert middle(plain_network.model).output.shape[1] == 8


def test_nothing_reaches_the_colours_but_across_the_cut(plain_network):
    model = plain_network.model
    cut = crossing_layers(model)
    assert sorted(layer.output.shape[1] for layer in cut) == [8, 16]
    photo = keras.random.uniform((1, 64, 64, 1), seed=1)
    ends = keras.Model([layer.output for layer in cut], model.get_layer("chroma").output)
    features = keras.Model(model.inputs[0], [layer.output for layer in cut])(photo)
    direct = keras.Model(model.inputs[0], model.get_layer("chroma").output)(photo)
    assert keras.ops.max(keras.ops.abs(ends(features) - direct)) < 1e-6


@pytest.mark.slow
def test_a_pretrained_encoder_s_skips_are_crossed_where_they_were_last_bent(encoder_weights):
    network = build(ModelSettings(architecture="mobilenet_unet", size=64, encoder_weights=str(encoder_weights)))
    cut = {layer.name for layer in crossing_layers(network.model)}
    assert {"block_3_expand_relu", "block_6_expand_relu", "block_13_expand_relu"} < cut


def test_a_network_for_photos_of_any_size_is_looked_at_at_one():
    layers = keras.Sequential(
        [
            keras.Input((None, None, 1)),
            keras.layers.Conv2D(8, 3, padding="same"),
            keras.layers.Conv2D(3, 3, padding="same"),
        ]
    )
    fixed = of_one_size(Network(KerasEngine(layers), "any.h5", 96))
    assert fixed.model.inputs[0].shape[1:3] == (96, 96)
    photo = keras.random.uniform((1, 96, 96, 1), seed=1)
    assert keras.ops.max(keras.ops.abs(fixed.model(photo) - layers(photo))) < 1e-6
    assert [layer.output.shape[1] for layer in resolution_layers(fixed.model)] == [96]
