from dataclasses import replace

import numpy as np
import pytest

from colorizer.settings import AdversarialSettings
from colorizer.training.adversarial import AdversarialTraining, adversarial_loss, discriminator, real_or_fake_loss
from colorizer.training.losses import regression_loss
from tests.adversarial_trainings import ADVERSARIAL, network, out_of_range, validation


def adversarial_of(settings: AdversarialSettings) -> AdversarialTraining:
    trained = AdversarialTraining(
        network().model, discriminator(settings), settings, regression_loss("mean_absolute_error")
    )
    trained.compile(jit_compile=False)
    return trained


@pytest.mark.slow
def test_the_generator_loss_weighs_the_absolute_error_on_the_scale_of_pix2pix_by_lambda():
    gray, rgb = validation()[0]
    figures = [
        adversarial_of(replace(ADVERSARIAL, l1_weight=weight)).train_on_batch(gray, rgb, return_dict=True)
        for weight in (0, 50)
    ]
    assert figures[0]["loss"] == pytest.approx(figures[1]["loss"], rel=1e-2)  # dropout differs
    difference = figures[1]["generator_loss"] - figures[0]["generator_loss"]
    assert difference == pytest.approx(50 * 2 * figures[1]["loss"], rel=1e-2)


@pytest.mark.slow
def test_the_generator_learns_what_the_discriminator_takes_for_real():
    # A discriminator that stands still, and no other error: all the generator can do is to please it.
    trained = adversarial_of(
        out_of_range(ADVERSARIAL, l1_weight=0, learning_rate=1e-3, discriminator_learning_rate=1e-30)
    )
    gray, rgb = validation()[0]
    losses = [float(trained.train_on_batch(gray, rgb, return_dict=True)["generator_loss"]) for _ in range(30)]
    single = np.diff(np.array(losses) * np.arange(1, 31))  # Keras reports the mean so far
    assert single[-5:].mean() < single[:5].mean()


@pytest.mark.parametrize(("loss", "undecided"), [("cross_entropy", 0.693), ("least_squares", 0.25), ("hinge", 1.0)])
def test_losses_tell_a_sure_discriminator_from_an_undecided_one(loss, undecided):
    adversarial = AdversarialSettings(loss=loss)
    # The logits that a discriminator should give real and generated patches, and those of one that cannot tell.
    sure, middle = {"cross_entropy": ((50, -50), 0), "least_squares": ((1, 0), 0.5), "hinge": ((1, -1), 0)}[loss]
    real, fake = (np.full((1, 6, 6, 1), logit, np.float32) for logit in sure)
    unsure = np.full((1, 6, 6, 1), middle, np.float32)
    assert float(real_or_fake_loss(real, fake, adversarial)) == pytest.approx(0, abs=1e-6)
    assert float(real_or_fake_loss(unsure, unsure, adversarial)) == pytest.approx(undecided, abs=1e-3)
    assert float(adversarial_loss(real, adversarial)) < float(adversarial_loss(fake, adversarial))
