import numpy as np
import pytest

from colorizer.evaluation.evaluate import EvaluationOptions, evaluate_network
from colorizer.network.architectures import build
from colorizer.network.model_files import load
from colorizer.network.network import chroma_bins
from colorizer.photos.color import CHROMA_TO_OFFSET, luma
from colorizer.settings import ModelSettings, TrainingSettings
from colorizer.training.losses import class_weights, soft_bins
from colorizer.training.train import train_network
from tests.small_trainings import PHOTOS, batches


@pytest.mark.slow
def test_a_classifying_network_learns_the_colours_of_a_few_photos(tmp_path):
    network = build(ModelSettings(size=64, filters=(16, 32, 64), head="classification"))
    settings = TrainingSettings(epochs=40, batch_size=4, learning_rate=5e-3)
    record = train_network(network, batches(), batches(), settings, tmp_path)
    result = evaluate_network(network, PHOTOS, EvaluationOptions(batch_size=4))
    figures = {"loss", "accuracy", "gain", "colourfulness"}
    assert set(record.history) == figures | {f"val_{name}" for name in figures} | {"learning_rate"}
    assert record.history["val_loss"][-1] < record.history["val_loss"][0]
    assert result.predicted.ciede2000 < result.gray.ciede2000
    assert result.predicted.colourfulness > 10
    gray = batches()[0][0]
    kept = load(tmp_path / "best.h5").model.predict(gray, verbose=0)
    assert np.abs(kept - network.model.predict(gray, verbose=0)).max() < 1e-6


def test_colours_are_divided_among_the_bins_around_them():
    rgb = batches()[0][1]
    shares = np.asarray(soft_bins(rgb, 4))
    assert shares.shape == (4, 16, 16, len(chroma_bins()))
    assert np.abs(shares.sum(axis=-1) - 1).max() < 1e-5
    small = rgb.reshape(4, 16, 4, 16, 4, 3).mean(axis=(2, 4))
    offset = shares @ chroma_bins() @ CHROMA_TO_OFFSET
    assert np.abs(luma(small)[..., None] + offset - small).max() < 0.02


def test_rare_colours_weigh_more_and_all_weigh_one_on_average():
    weights = class_weights(batches())
    shares = np.asarray(soft_bins(batches()[0][1], 4)).mean(axis=(0, 1, 2))
    assert weights[shares.argmax()] == weights.min()
    assert (weights * shares).sum() == pytest.approx(1, rel=1e-4)
