import math

import keras
import numpy as np
import pytest

from colorizer.inspection.filters import count_silent_channels, strongest_channels
from colorizer.inspection.layers import crossing_layers, layer_table, middle, of_one_size, resolution_layers
from colorizer.network.architectures import build
from colorizer.network.engines import KerasEngine
from colorizer.network.network import Network
from colorizer.settings import ModelSettings
from tests.conftest import SHIPPED, gray_photo


@pytest.fixture(scope="module")
def network():
    return build(ModelSettings(size=128, filters=(8, 12, 16)))


@pytest.fixture(scope="module")
def rows(network):
    measured = [layer.name for layer in resolution_layers(network.model)]
    return layer_table(network.model, network.size, [*measured, "chroma"])


def test_the_formula_s_receptive_field_is_the_one_that_is_measured(rows):
    measured = {row.name: (row.receptive_field, row.measured_field) for row in rows if row.measured_field}
    assert len(measured) == 5
    assert all(formula == gradient for formula, gradient in measured.values()), measured


def test_parameters_come_about_as_the_formula_says(network, rows):
    for row in rows:
        terms = [term.split("*") for term in row.formula.split(" + ")] if row.formula else []
        assert sum(math.prod(map(int, term)) for term in terms) == row.parameters
    assert sum(row.parameters for row in rows) == network.model.count_params()
    assert next(row for row in rows if row.kind == "Conv2D").formula == "3*3*1*8 + 8"


def test_the_shares_of_time_make_a_step(rows):
    assert sum(row.time_share for row in rows if math.isfinite(row.time_share)) == pytest.approx(1)
    assert math.isfinite(next(row for row in rows if row.kind == "Conv2D").time_share)


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


_SILENCED = 5


def _lumas(size: int) -> np.ndarray:
    from PIL import Image

    names = ("camera.png", "coins.png")
    return np.stack([gray_photo(np.asarray(Image.open(SHIPPED / name))).square(size) for name in names])


def test_a_channel_that_never_fires_is_named_and_never_shown(plain_network):
    model = keras.models.clone_model(plain_network.model)
    model.set_weights(plain_network.model.get_weights())
    kernel, bias = model.layers[1].get_weights()
    kernel[..., _SILENCED], bias[_SILENCED] = 0, -1
    model.layers[1].set_weights([kernel, bias])
    layers, lumas = resolution_layers(model), _lumas(plain_network.size)
    census = count_silent_channels(model, layers, lumas)
    assert census[0].silent == (_SILENCED,)
    assert sorted((*census[0].silent, *census[0].liveliest)) == list(range(8))
    shown = strongest_channels(model, layers, lumas[0], count=7)
    assert _SILENCED not in shown[0].numbers
    assert shown[0].maps.shape == (32, 32, 7)
    spread = shown[0].maps.std(axis=(0, 1))
    assert list(spread) == sorted(spread, reverse=True)
