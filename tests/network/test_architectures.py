import numpy as np
import pytest
from keras import layers

from colorizer.errors import ColorizeError
from colorizer.network.architectures import build, receptive_field, summary
from colorizer.network.model_files import load
from colorizer.photos.color import luma
from colorizer.settings import ModelSettings

SMALL = {
    "rgb_unet": ModelSettings("rgb_unet", size=32, filters=(4, 6, 8)),
    "book_unet": ModelSettings("book_unet", size=32, filters=(4, 6, 8, 8)),
    "chroma_unet": ModelSettings("chroma_unet", size=32, filters=(4, 6, 8)),
}


def photos(size: int = 32, count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).random((count, size, size, 1), np.float32)


@pytest.mark.parametrize("settings", SMALL.values(), ids=SMALL)
def test_networks_take_luma_and_give_rgb_between_zero_and_one(settings):
    network = build(settings)
    assert network.model.input_shape == (None, 32, 32, 1)
    rgb = network.model.predict(photos(), verbose=0)
    assert rgb.shape == (2, 32, 32, 3)
    assert rgb.min() >= 0
    assert rgb.max() <= 1


@pytest.mark.parametrize("settings", SMALL.values(), ids=SMALL)
def test_the_same_seed_builds_the_same_network(settings):
    first, second = build(settings).model.get_weights(), build(settings).model.get_weights()
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_the_chroma_network_keeps_the_luma_it_was_given(small_model):
    model = load(small_model).model
    gray = photos(64) * 0.2 + 0.4
    rgb = model.predict(gray, verbose=0)
    assert np.abs(rgb - gray).max() > 0.05
    assert np.abs(luma(rgb) - gray[..., 0]).max() < 1e-5


def test_the_chroma_network_may_be_of_any_depth_and_sees_the_farther_the_deeper_it_is():
    seen = []
    for depth in range(2, 6):
        model = build(ModelSettings(size=256, filters=(8,) * depth)).model
        assert model.output_shape == (None, 256, 256, 3)
        seen.append(receptive_field(model, "chroma"))
    assert seen == sorted(set(seen))


def test_dropout_and_l2_reach_the_network():
    model = build(ModelSettings("rgb_unet", size=32, filters=(4, 6), dropout=0.3, l2=0.01)).model
    assert {layer.rate for layer in model.layers if isinstance(layer, layers.Dropout)} == {0.3}
    assert len(model.losses) == len([layer for layer in model.layers if isinstance(layer, layers.Conv2D)]) - 1


def test_the_network_of_the_book_has_its_layers_and_parameter_counts():
    model = build(ModelSettings("book_unet")).model
    assert model.input_shape == (None, 256, 256, 1)
    convolutions = [layer for layer in model.layers if type(layer) is layers.Conv2D]
    assert [layer.filters for layer in convolutions[:10:2]] == [128, 128, 256, 512, 512]
    assert {layer.kernel_size for layer in convolutions} == {(3, 3)}
    assert [layer.count_params() for layer in convolutions[:2]] == [1_280, 147_584]
    upwards = [layer for layer in model.layers if isinstance(layer, layers.Conv2DTranspose)]
    assert [layer.count_params() for layer in upwards] == [524_544, 262_272, 131_200]
    assert {layer.kernel_size for layer in upwards} == {(2, 2)}
    assert {layer.pool_size for layer in model.layers if isinstance(layer, layers.MaxPooling2D)} == {(2, 2)}
    activated = [layer for layer in model.layers if isinstance(layer, layers.LeakyReLU)]
    assert len(activated) == len(convolutions) - 1 + len(upwards)
    assert model.layers[-1].activation.__name__ == "sigmoid"
    table = summary(model)
    for count in ("1,280", "147,584", "262,272", "524,544"):
        assert f" {count} " in table


def test_a_wrong_number_of_decoder_stages_is_a_sentence():
    with pytest.raises(ColorizeError, match=r"model\.filters must be three numbers, not 2"):
        build(ModelSettings("mobilenet_unet", size=32, filters=(4, 8), encoder_weights="random"))


def test_the_summary_names_every_layer():
    model = build(SMALL["chroma_unet"]).model
    text = summary(model)
    assert all(layer.name in text for layer in model.layers)
