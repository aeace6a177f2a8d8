import numpy as np
from PIL import Image

from colorizer.pictures.curves import save_curves, smoothed
from colorizer.training.phases import Phase
from colorizer.training.train import TrainingRecord

FIGURES = ("loss", "val_loss", "accuracy", "val_accuracy", "learning_rate")


def test_graphs_are_drawn_for_a_training_of_one_epoch(tmp_path):
    history = dict.fromkeys(FIGURES, (0.5,))
    path = save_curves(TrainingRecord(history, (Phase("regression", 0, 1),), 1.0, 1, "CPU"), tmp_path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert np.asarray(image).std() > 10


def test_an_adversarial_training_has_a_second_row_of_graphs(tmp_path):
    history = dict.fromkeys(FIGURES, (0.5, 0.4, 0.3))
    phases = (Phase("regression", 0, 2), Phase("adversarial", 2, 3))
    heights = []
    for figures in ({}, {"generator_loss": (None, None, 5.0), "val_gain": (None, None, 0.2)}):
        record = TrainingRecord({**history, **figures}, phases, 1.0, 3, "CPU")
        with Image.open(save_curves(record, tmp_path)) as image:
            heights.append(image.height)
    assert heights[1] == 2 * heights[0]


def test_smoothing_keeps_a_level_damps_noise_and_waits_for_a_curve_to_begin():
    assert np.allclose(smoothed(np.full(9, 3.0)), 3)
    noise = np.random.default_rng(0).standard_normal(200)
    assert smoothed(noise)[20:].std() < noise.std() / 2
    late = smoothed(np.array([np.nan, np.nan, 4.0, 4.0]))
    assert np.isnan(late[:2]).all()
    assert np.allclose(late[2:], 4)
