import numpy as np
import pytest

from colorizer.network.encoders import encoder_layers
from colorizer.network.model_files import load
from tests.small_trainings import train_with_encoder


@pytest.mark.slow
def test_a_frozen_encoder_keeps_its_weights_and_then_learns(tmp_path, encoder_weights):
    record, before, after = train_with_encoder(tmp_path, encoder_weights, epochs=1, frozen_epochs=1)
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    assert record.history["learning_rate"] == pytest.approx((3e-4,))
    # What is loaded to go on with is not frozen for ever.
    (best,) = tmp_path.rglob("best.h5")
    frozen = [layer for layer in encoder_layers(load(best).model) if not layer.trainable]
    assert all("bn" in layer.name.lower() for layer in frozen)
    record, before, after = train_with_encoder(tmp_path, encoder_weights, epochs=2, frozen_epochs=1, monitor="none")
    assert not all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    assert record.history["learning_rate"] == pytest.approx((3e-4, 1.5e-4))
