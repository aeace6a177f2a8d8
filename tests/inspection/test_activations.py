import keras
import numpy as np

from colorizer.inspection.filters import count_silent_channels, strongest_channels
from colorizer.inspection.layers import resolution_layers
from tests.conftest import SHIPPED, gray_photo

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
