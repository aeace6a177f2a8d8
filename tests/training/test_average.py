import numpy as np
import pytest

from colorizer.evaluation.evaluate import evaluate_network
from colorizer.settings import TrainingSettings
from colorizer.training.train import train_network
from tests.small_trainings import PHOTOS, batches, small_network, train_with_encoder


@pytest.mark.slow
def test_an_average_of_the_weights_is_what_is_validated_and_kept(tmp_path):
    kept = {}
    for average in (0.0, 0.9):
        network = small_network()
        settings = TrainingSettings(
            epochs=6, batch_size=4, learning_rate=5e-3, average=average, precision="float32", schedule="cosine"
        )
        record = train_network(network, batches(), batches(), settings, tmp_path / str(average))
        loss = evaluate_network(network, PHOTOS, batch_size=4).loss
        assert loss == pytest.approx(min(record.history["val_loss"]), rel=1e-3)
        kept[average] = record.history
    assert kept[0.0]["loss"][:2] == pytest.approx(kept[0.9]["loss"][:2], rel=1e-4)
    assert kept[0.0]["val_loss"][1] != kept[0.9]["val_loss"][1]


@pytest.mark.slow
def test_averaging_changes_what_is_kept_but_not_the_way_there(tmp_path, encoder_weights):
    how = {"epochs": 3, "frozen_epochs": 1, "monitor": "none", "precision": "float32"}
    plain, _, last = train_with_encoder(tmp_path, encoder_weights, **how)
    averaged, _, mean = train_with_encoder(tmp_path, encoder_weights, average=0.9, **how)
    assert averaged.history["loss"] == pytest.approx(plain.history["loss"], rel=1e-3)
    assert not all(np.array_equal(one, other) for one, other in zip(last, mean, strict=True))
