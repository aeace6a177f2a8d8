import pytest

from colorizer.dataset.batches import PhotoBatches
from colorizer.settings import TrainingSettings
from colorizer.training.train import train_network
from tests.small_trainings import PHOTOS, batches, small_network

pytestmark = pytest.mark.slow


def test_the_learning_rate_falls_fivefold_on_a_plateau(tmp_path):
    # A step of a size that float32 rounds away improves nothing: a plateau from the first epoch on.
    settings = TrainingSettings(epochs=8, batch_size=4, learning_rate=1e-12, monitor="none", precision="float32")
    rates = train_network(small_network(), batches(), batches(), settings, tmp_path).history["learning_rate"]
    assert rates[0] == pytest.approx(1e-12)
    assert rates[-1] == pytest.approx(2e-13)


def test_the_cosine_schedule_ends_near_nothing(tmp_path):
    settings = TrainingSettings(epochs=10, schedule="cosine", monitor="none")
    singles = PhotoBatches(PHOTOS, 64, 1)
    rates = train_network(small_network(), singles, batches(), settings, tmp_path).history["learning_rate"]
    assert rates == tuple(sorted(rates, reverse=True))
    assert 0 < rates[-1] < settings.learning_rate / 100
