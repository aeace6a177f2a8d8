import numpy as np
from PIL import Image

from colorizer.pictures.plots import save_curves, smoothed
from colorizer.training.phases import Phase
from colorizer.training.train import TrainingRecord

FIGURES = ("loss", "val_loss", "gain", "val_gain", "colourfulness", "val_colourfulness", "learning_rate")
GREEN = (44, 160, 44)
"""Of the line that marks the kept epoch: matplotlib's "tab:green"."""


def drawn(folder, epochs: int, kept: int) -> np.ndarray:
    history = dict.fromkeys(FIGURES, tuple(np.linspace(0.5, 0.3, epochs)))
    path = save_curves(TrainingRecord(history, (Phase("regression", 0, epochs),), 1.0, kept, "CPU"), folder)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_the_points_of_one_epoch_are_as_visible_as_a_line(tmp_path):
    few, many = (np.abs(drawn(tmp_path, epochs, 0) - (148, 103, 189)).sum(axis=2) < 40 for epochs in (1, 30))
    assert few.sum() > many.sum() / 30
    assert few.any(axis=1).sum() > 40  # rows of three points, nine wide each, at more than 100 dots an inch


def test_the_kept_epoch_is_marked(tmp_path):
    marked, unmarked = ((np.abs(drawn(tmp_path, 10, kept) - GREEN).sum(axis=2) < 40).sum() for kept in (7, 0))
    assert unmarked == 0
    assert marked > 500


def test_accuracy_is_drawn_for_a_classifying_network_alone(tmp_path):
    history = dict.fromkeys((*FIGURES, "accuracy", "val_accuracy"), (0.5, 0.4))
    record = TrainingRecord(history, (Phase("regression", 0, 2),), 1.0, 1, "CPU")
    heights = []
    for is_classifier in (False, True):
        with Image.open(save_curves(record, tmp_path, is_classifier)) as image:
            heights.append(image.height)
    assert heights[1] == heights[0] * 3 / 2


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
