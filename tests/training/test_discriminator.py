import keras
import numpy as np
import pytest

from colorizer.dataset.batches import PhotoBatches
from colorizer.errors import ColorizeError
from colorizer.network.architectures import receptive_field
from colorizer.network.engines import KerasEngine
from colorizer.network.network import Network
from colorizer.training.adversarial import discriminator
from colorizer.training.train import train_network
from tests.adversarial_trainings import ADVERSARIAL, settings
from tests.small_trainings import PHOTOS


def test_the_discriminator_tells_patches_of_70_by_70_pixels():
    opponent = discriminator(ADVERSARIAL)
    assert receptive_field(opponent) == 70
    logits = opponent([np.zeros((2, 128, 96, 1)), np.zeros((2, 128, 96, 2))])
    assert logits.shape == (2, 14, 10, 1)


def test_networks_too_small_for_a_patch_are_refused(tmp_path):
    luma = keras.Input((16, 16, 1))
    tiny = Network(KerasEngine(keras.Model(luma, keras.layers.Conv2D(3, 1)(luma))), "tiny", 16)
    with pytest.raises(ColorizeError, match="at least 24 pixels"):
        train_network(tiny, PhotoBatches(PHOTOS, 16, 4), PhotoBatches(PHOTOS, 16, 4), settings(), tmp_path)
