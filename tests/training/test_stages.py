from dataclasses import replace

import numpy as np
import pytest

from colorizer.network.model_files import load
from colorizer.training.adversarial import discriminator
from colorizer.training.checkpoint import BEST, STATE, load_checkpoint
from colorizer.training.train import TrainingControl, train_network
from tests.adversarial_trainings import ADVERSARIAL, equal, network, out_of_range, photos, settings, validation

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("loss", ["cross_entropy", "least_squares", "hinge"])
def test_an_epoch_of_the_adversarial_phase_moves_both_networks(tmp_path, loss):
    trained, adversarial = network(), replace(ADVERSARIAL, loss=loss)
    before = trained.model.get_weights()
    record = train_network(
        trained, photos(), validation(), settings(epochs=0, adversarial=adversarial, monitor="none"), tmp_path
    )
    assert not equal(before, trained.model.get_weights())
    untouched = discriminator(adversarial, seed=settings().seed)
    opponent = load_checkpoint(tmp_path / STATE).arrays["discriminator"]
    kernels = [place for place, variable in enumerate(untouched.variables) if len(variable.shape) == 4]
    assert len(kernels) == 5
    assert all(not np.array_equal(untouched.variables[place], opponent[place]) for place in kernels)
    assert record.kept_epoch == 1


def test_the_history_tells_both_stages_with_the_adversarial_phase_s_own_figures_only_in_the_adversarial_phase(tmp_path):
    reports = []
    record = train_network(
        network(), photos(), validation(), settings(epochs=2), tmp_path, TrainingControl(reports.append)
    )
    assert [phase.name for phase in record.phases] == ["regression", "adversarial"]
    assert [(each.epoch, each.phase) for each in reports if each.finished] == [
        (1, "regression"),
        (2, "regression"),
        (3, "adversarial"),
    ]
    for name in ("loss", "accuracy", "val_loss", "val_accuracy", "val_gain", "val_colourfulness", "learning_rate"):
        assert all(isinstance(value, float) for value in record.history[name])
        assert len(record.history[name]) == 3
    for name in ("generator_loss", "discriminator_loss", "discriminator_accuracy", "val_palette_distance"):
        assert record.history[name][:2] == (None, None)
        assert isinstance(record.history[name][2], float)


def test_the_adversarial_phase_begins_from_the_best_epoch_of_the_regression(tmp_path):
    # So large a step makes the loss jump about: the last epoch is hardly ever the best.
    how = settings(epochs=6, learning_rate=0.05, adversarial=None)
    regression, shown = network(), {}
    record = train_network(regression, photos(), validation(), how, tmp_path / "regression")
    assert record.kept_epoch < 6
    # A phase of steps that float32 rounds away shows, after its epoch, what it began with.
    still = replace(how, adversarial=out_of_range(ADVERSARIAL, learning_rate=1e-30))
    train_network(
        network(),
        photos(),
        validation(),
        still,
        tmp_path / "adversarial",
        TrainingControl(show=lambda epoch, trained: shown.update({epoch.epoch: trained.model.get_weights()})),
    )
    assert sorted(shown) == list(range(1, 8))
    assert equal(regression.model.get_weights(), shown[7])
    assert not equal(regression.model.get_weights(), shown[6])


def test_an_adversarial_phase_that_goes_astray_leaves_the_network_it_began_with(tmp_path):
    trained = network()
    before = trained.model.get_weights()
    # A step this large throws colours about, and none of them remains nearer to the truth than gray.
    how = settings(epochs=0, adversarial=replace(ADVERSARIAL, learning_rate=0.3))
    record = train_network(trained, photos(), validation(), how, tmp_path)
    assert record.history["val_gain"][-1] < 0
    assert record.kept_epoch == 0
    assert equal(before, trained.model.get_weights())
    assert equal(before, load(tmp_path / BEST).model.get_weights())


def test_an_adversarial_phase_whose_losses_are_no_numbers_is_ended_and_the_best_network_kept(tmp_path):
    adversarial = out_of_range(ADVERSARIAL, epochs=5, learning_rate=1e30)
    trained = network()
    record = train_network(trained, photos(1), validation(), settings(adversarial=adversarial), tmp_path)
    assert "no longer a number" in record.collapse
    assert record.kept_epoch == 1
    assert all(np.isfinite(weight).all() for weight in trained.model.get_weights())
    resumed = network()  # interrupted after its end, it ends alike
    again = train_network(resumed, photos(1), validation(), settings(adversarial=adversarial), tmp_path)
    assert (again.kept_epoch, again.collapse) == (1, record.collapse)
    assert equal(trained.model.get_weights(), resumed.model.get_weights())


def test_without_a_monitor_an_adversarial_phase_that_lost_its_numbers_leaves_the_regression(tmp_path):
    how = settings(epochs=2, monitor="none", adversarial=out_of_range(ADVERSARIAL, learning_rate=1e30))
    trained, regression = network(), network()
    record = train_network(trained, photos(1), validation(), how, tmp_path / "adversarial")
    train_network(regression, photos(1), validation(), replace(how, adversarial=None), tmp_path / "regression")
    assert "no longer a number" in record.collapse
    assert record.kept_epoch == 2
    assert equal(trained.model.get_weights(), regression.model.get_weights())
