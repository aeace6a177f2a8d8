import keras
import psutil
import pytest

from colorizer.errors import OutOfMemory
from colorizer.network.architectures import build
from colorizer.settings import ModelSettings
from colorizer.training.cost import needed_bytes, refuse_too_large


def test_what_a_step_takes_is_counted_layer_by_layer():
    luma = keras.Input((8, 8, 1))
    model = keras.Model(luma, keras.layers.Conv2D(3, 1)(luma))
    assert needed_bytes(model, 10) == 4 * (10 * (64 + 3 * 64) + 4 * 6)


def test_layers_for_photos_of_any_size_are_left_out_of_the_count():
    luma = keras.Input((None, None, 1))
    model = keras.Model(luma, keras.layers.Conv2D(3, 1)(luma))
    assert needed_bytes(model, 10) == 4 * 4 * 6


def test_a_batch_that_memory_cannot_hold_is_refused_before_it_is_tried():
    model = build(ModelSettings(size=512)).model
    refuse_too_large(model, 1)
    too_many = psutil.virtual_memory().total // needed_bytes(model, 1) * 2
    with pytest.raises(OutOfMemory) as refused:
        refuse_too_large(model, too_many)
    assert refused.value.batch_size == too_many
