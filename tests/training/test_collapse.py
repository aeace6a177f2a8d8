from dataclasses import replace

import numpy as np
import pytest

from colorizer.settings import AdversarialSettings
from colorizer.training.adversarial import Collapse, least_real_or_fake_loss, real_or_fake_loss
from colorizer.training.train import train_network
from tests.adversarial_trainings import ADVERSARIAL, network, photos, settings, validation


@pytest.mark.slow
def test_a_collapsed_adversarial_phase_is_ended_and_explained(tmp_path):
    # Every loss is below this one.
    adversarial = replace(ADVERSARIAL, epochs=5, collapse_loss=10, collapse_steps=3)
    record = train_network(network(), photos(), validation(), settings(adversarial=adversarial), tmp_path)
    assert "for 3 steps the discriminator distinguished generated colors from real ones" in record.collapse
    assert len(record.history["loss"]) == 1 + 3
    again = train_network(network(), photos(), validation(), settings(adversarial=adversarial), tmp_path)
    assert again.collapse == record.collapse
    assert again.history == record.history


def test_smoothed_labels_do_not_hide_a_collapse():
    for loss in ("cross_entropy", "least_squares", "hinge"):
        adversarial = AdversarialSettings(loss=loss, label_smoothing=0.1)
        best = {"cross_entropy": (np.log(9), -50.0), "least_squares": (0.9, 0.0), "hinge": (0.9, -1.0)}[loss]
        real, fake = (np.full((1, 6, 6, 1), logit, np.float32) for logit in best)
        best_loss = float(real_or_fake_loss(real, fake, adversarial))
        assert best_loss == pytest.approx(least_real_or_fake_loss(adversarial), abs=1e-6)
        collapse = Collapse(replace(adversarial, collapse_steps=5))
        collapse.set_model(network().model)
        collapse.on_epoch_begin(0)
        for batch in range(5):
            assert not collapse.reason
            collapse.on_train_batch_end(batch, {"discriminator_loss": best_loss + 0.001, "generator_loss": 5.0})
        assert "for 5 steps" in collapse.reason
