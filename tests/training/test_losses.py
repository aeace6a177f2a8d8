import keras
import numpy as np
import pytest

from colorizer.photos.color import colourfulness, luma
from colorizer.training.losses import LOG_SQUARED_ERROR, regression_loss


@pytest.fixture
def truth(astronaut) -> np.ndarray:
    return astronaut[None, ::4, ::4].astype(np.float32) / 255


def test_a_decibel_of_psnr_is_a_unit_of_the_loss_whatever_the_photo(truth):
    gray = np.repeat(luma(truth)[..., None], 3, axis=-1)
    pale = gray + 0.2 * (truth - gray)
    loss = regression_loss(LOG_SQUARED_ERROR)
    for photo in (truth, pale):
        nearer = gray + 0.5 * (photo - gray)  # half the error: 6.02 dB
        difference = float(np.mean(loss(photo, gray))) - float(np.mean(loss(photo, nearer)))
        assert difference == pytest.approx(6.02, abs=0.4)
    assert float(np.mean(loss(truth, truth))) == pytest.approx(0, abs=1e-4)


def test_colour_is_worth_what_its_weight_says(truth):
    plain, rewarded = regression_loss(LOG_SQUARED_ERROR), regression_loss(LOG_SQUARED_ERROR, 0.1)
    gray = np.repeat(luma(truth)[..., None], 3, axis=-1)
    reward = float(np.mean(plain(truth, truth))) - float(rewarded(truth, truth))
    assert reward == pytest.approx(0.1 * float(colourfulness(truth[0])), rel=0.01)
    assert float(np.mean(plain(truth, gray))) - float(rewarded(truth, gray)) == pytest.approx(0, abs=0.02)


def test_a_network_that_is_gray_still_learns(truth):
    import tensorflow as tf

    gray = tf.Variable(np.repeat(luma(truth)[..., None], 3, axis=-1))
    with tf.GradientTape() as tape:
        value = regression_loss("mean_absolute_error", 0.1)(tf.constant(truth), gray)
    assert np.isfinite(tape.gradient(value, gray)).all()


def test_names_that_keras_knows_are_losses():
    assert regression_loss("mean_squared_error") is keras.losses.get("mean_squared_error")
