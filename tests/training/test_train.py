import json
import math
from dataclasses import replace

import keras
import numpy as np
import pytest

from colorizer.errors import ColorizeError
from colorizer.evaluation.evaluate import EvaluationOptions, evaluate_network
from colorizer.network.architectures import build
from colorizer.network.engines import KerasEngine
from colorizer.network.model_files import load, save
from colorizer.network.network import Network
from colorizer.settings import AdversarialSettings, ModelSettings, TrainingSettings
from colorizer.training.train import TrainingControl, TrainingStopped, train_network
from tests.small_trainings import PHOTOS, after, batches, small_network

pytestmark = pytest.mark.slow


def test_a_network_trained_on_a_few_photos_beats_the_gray_baseline_on_them(tmp_path):
    network = small_network()
    reports = []
    settings = TrainingSettings(epochs=40, batch_size=4, learning_rate=5e-3)
    record = train_network(network, batches(), batches(), settings, tmp_path, TrainingControl(reports.append))
    result = evaluate_network(network, PHOTOS, EvaluationOptions(batch_size=4))
    assert result.predicted.psnr > result.gray.psnr + 1
    assert result.predicted.ciede2000 < result.gray.ciede2000
    assert result.predicted.colourfulness > 5
    assert result.gray.colourfulness == pytest.approx(0, abs=0.1)
    assert record.history["loss"][-1] < record.history["loss"][0]
    figures = {"loss", "accuracy", "gain", "colourfulness"}
    assert set(record.history) == figures | {f"val_{name}" for name in figures} | {"learning_rate"}
    assert [report.epoch for report in reports if report.finished] == list(range(1, 41))
    assert json.dumps(record.history)


def test_a_loss_that_is_no_number_ends_with_a_sentence(tmp_path):
    network = small_network()
    network.model.set_weights([weight * math.nan for weight in network.model.get_weights()])
    with pytest.raises(ColorizeError, match="no longer a number"):
        train_network(network, batches(), batches(), TrainingSettings(epochs=2), tmp_path)
    assert not (tmp_path / "state.npz").exists()  # what was good before, were there any, would still be there


def test_memory_that_does_not_suffice_is_a_sentence_and_the_training_goes_on(tmp_path):
    luma = keras.Input((64, 64, 1))
    # 275 GB for every photo, more than any machine gives to one array.
    large = keras.layers.AveragePooling2D(4096)(keras.layers.UpSampling2D(4096)(luma))
    model = keras.Model(luma, keras.layers.Conv2D(3, 1)(large))
    with pytest.raises(ColorizeError, match="batches of 4 photos"):
        large = Network(KerasEngine(model), "large", 64)
        train_network(large, batches(), batches(), TrainingSettings(batch_size=4), tmp_path / "large")
    settings = TrainingSettings(epochs=4, batch_size=4, schedule="cosine")
    with pytest.raises(TrainingStopped):
        train_network(small_network(), batches(), batches(), settings, tmp_path, TrainingControl(should_stop=after(2)))
    record = train_network(small_network(), batches(2), batches(), replace(settings, batch_size=2), tmp_path)
    assert len(record.history["loss"]) == 4
    assert record.history["learning_rate"][-1] < settings.learning_rate / 5


def test_a_network_read_from_a_file_drops_out_what_the_one_that_was_written_does(tmp_path):
    networks = [build(ModelSettings(size=64, filters=(8, 8), dropout=0.3))]
    save(networks[0].model, tmp_path / "start.keras")
    networks.append(load(tmp_path / "start.keras"))
    for number, network in enumerate(networks):
        train_network(network, batches(), batches(), TrainingSettings(epochs=1, batch_size=4), tmp_path / str(number))
    for one, other in zip(*(network.model.get_weights() for network in networks), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(("learning_rate", "kept"), [(0.3, 0), (1e-3, 1)])
def test_the_starting_network_is_kept_where_no_epoch_is_better(tmp_path, learning_rate, kept):
    network = small_network()
    before = network.model.get_weights()
    settings = TrainingSettings(epochs=1, batch_size=4, learning_rate=learning_rate, average=0.5)
    record = train_network(network, batches(), batches(), settings, tmp_path, TrainingControl(is_start_ranked=True))
    assert record.kept_epoch == kept
    is_unchanged = all(np.array_equal(*pair) for pair in zip(before, network.model.get_weights(), strict=True))
    assert is_unchanged == (kept == 0)


def test_an_adversarial_phase_begins_from_the_starting_network_where_no_epoch_is_better(tmp_path):
    network = small_network()
    before = network.model.get_weights()
    phase = AdversarialSettings(epochs=1, filters=8, learning_rate=1e-8, kept_gain=0)
    settings = TrainingSettings(epochs=1, batch_size=4, learning_rate=0.3, adversarial=phase)
    train_network(network, batches(), batches(), settings, tmp_path, TrainingControl(is_start_ranked=True))
    for one, other in zip(before, network.model.get_weights(), strict=True):
        assert np.allclose(one, other, atol=1e-5)
