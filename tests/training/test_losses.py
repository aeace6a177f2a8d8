import keras
import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from colorizer.photos.color import colourfulness, luma
from colorizer.training.losses import LOG_SQUARED_ERROR, colour_difference, regression_loss


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


def test_colour_difference_is_nearly_ciede2000(truth):
    gray = np.repeat(luma(truth)[..., None], 3, axis=-1)
    small = truth[0].reshape(64, 2, 64, 2, 3).mean((1, 3))
    for colours in (gray, 0.6 * gray + 0.4 * truth, np.roll(truth, 5, axis=2)):
        compared = rgb2lab(small), rgb2lab(colours[0].reshape(64, 2, 64, 2, 3).mean((1, 3)))
        ours = np.asarray(colour_difference(truth, colours))[0]
        assert ours.mean() == pytest.approx(deltaE_ciede2000(*compared).mean(), rel=0.05)
    assert float(np.max(colour_difference(truth, truth))) < 0.2


def test_colour_difference_leads_away_from_gray(truth):
    import tensorflow as tf

    gray = tf.Variable(np.repeat(luma(truth)[..., None], 3, axis=-1))
    loss = regression_loss("mean_absolute_error", colour_difference_weight=0.1)
    with tf.GradientTape() as tape:
        before = loss(tf.constant(truth), gray)
    gradient = tape.gradient(before, gray)
    assert np.isfinite(gradient).all()
    step = 0.02 * gradient / np.abs(gradient).max()
    assert float(loss(truth, gray - step)) < float(before)


def test_names_that_keras_knows_are_losses():
    assert regression_loss("mean_squared_error") is keras.losses.get("mean_squared_error")
