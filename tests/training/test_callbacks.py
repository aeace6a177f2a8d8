import numpy as np
import pytest

from colorizer.evaluation.evaluate import EvaluationOptions, evaluate_network
from colorizer.network.model_files import load
from colorizer.settings import TrainingSettings
from colorizer.training.train import train_network
from tests.small_trainings import PHOTOS, batches, small_network

pytestmark = pytest.mark.slow


def test_the_network_ends_with_the_best_epoch_and_the_checkpoint_holds_it(tmp_path):
    network = small_network()
    # So large a step makes the loss jump about: the last epoch is hardly ever the best.
    settings = TrainingSettings(epochs=6, batch_size=4, learning_rate=0.05, precision="float32")
    record = train_network(network, batches(), batches(), settings, tmp_path)
    best = min(record.history["val_loss"])
    assert record.kept_epoch == record.history["val_loss"].index(best) + 1
    assert evaluate_network(network, PHOTOS, EvaluationOptions(batch_size=4)).loss == pytest.approx(best, rel=1e-3)
    gray = batches()[0][0]
    kept = load(tmp_path / "best.h5").model.predict(gray, verbose=0)
    assert np.array_equal(kept, network.model.predict(gray, verbose=0))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.h5", "state.npz"]


def test_an_accuracy_monitor_keeps_the_largest(tmp_path):
    settings = TrainingSettings(epochs=5, batch_size=4, learning_rate=0.05, monitor="val_accuracy")
    record = train_network(small_network(), batches(), batches(), settings, tmp_path)
    assert record.history["val_accuracy"][record.kept_epoch - 1] == max(record.history["val_accuracy"])


def test_without_a_monitor_the_last_epoch_stays_and_no_other_is_written(tmp_path):
    settings = TrainingSettings(epochs=2, batch_size=4, monitor="none")
    record = train_network(small_network(), batches(), batches(), settings, tmp_path)
    assert record.kept_epoch == 2
    assert [path.name for path in tmp_path.iterdir()] == ["state.npz"]
