import numpy as np
import pytest

from colorizer.dataset.batches import PhotoBatches
from colorizer.evaluation.evaluate import EvaluationOptions, evaluate_network
from colorizer.network.model_files import PRETRAINED, load
from colorizer.photos.color import colourfulness
from colorizer.settings import TrainingSettings
from colorizer.training.callbacks import mix_evenly, mix_with_start
from colorizer.training.train import train_network
from tests.small_trainings import PHOTOS, batches, small_network


@pytest.mark.slow
def test_an_average_of_the_weights_is_what_is_validated_and_kept(tmp_path):
    kept = {}
    for average in (0.0, 0.9):
        network = small_network()
        settings = TrainingSettings(
            epochs=6, batch_size=4, learning_rate=5e-3, average=average, precision="float32", schedule="cosine"
        )
        record = train_network(network, batches(), batches(), settings, tmp_path / str(average))
        loss = evaluate_network(network, PHOTOS, EvaluationOptions(batch_size=4)).loss
        assert loss == pytest.approx(min(record.history["val_loss"]), rel=1e-3)
        kept[average] = record.history
    # The way there is the same.
    assert kept[0.0]["loss"] == pytest.approx(kept[0.9]["loss"], rel=1e-3)
    assert kept[0.0]["val_loss"][1] != kept[0.9]["val_loss"][1]


def test_weights_are_mixed_with_those_of_the_start():
    start, trained = small_network(1).model.get_weights(), small_network(2).model
    before = trained.get_weights()
    mix_with_start(trained, start, 0.25)
    for mixed, one, other in zip(trained.get_weights(), before, start, strict=True):
        assert np.allclose(mixed, 0.75 * one + 0.25 * other, atol=1e-6)


@pytest.mark.parametrize(("factor", "expected"), [(2.0, 1.1), (0.5, 0.9), (1.1, 1.05)])
def test_a_mixture_keeps_the_colorfulness_of_its_start_within_a_tenth(factor, expected):
    start, trained = load(PRETRAINED).model, load(PRETRAINED).model
    head = trained.get_layer("chroma")
    head.set_weights([factor * weight for weight in head.get_weights()])
    photos = PhotoBatches(PHOTOS, start.input_shape[1], 4)
    share = mix_evenly(trained, start, 0.5, photos)
    before, after = (colourfulness(model.predict_on_batch(photos[0][0])).mean() for model in (start, trained))
    assert after / before == pytest.approx(expected, abs=0.02)
    assert share == 0.5 or abs(factor - 1) > 0.2
