import math

import numpy as np
import pytest

from colorizer.evaluation.scores import score
from colorizer.photos.color import CHROMA_TO_OFFSET, colourfulness, luma
from colorizer.training.realism import PaletteDistance, Realism, palette_rank


def figures(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    realism = Realism()
    realism.update(truth[None], predicted[None])
    return {metric.name: float(metric.result()) for metric in realism.metrics}


def chroma_of(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the colour offsets of two quarters of a photo."""
    rgb = photo.astype(np.float32) / 255
    offset = rgb - luma(rgb)[..., None]
    return offset[None, :256, :256], offset[None, 256:, 256:]


def distance(truth: np.ndarray, predicted: np.ndarray) -> float:
    return figures(truth, predicted)["palette_distance"]


def test_figures_agree_with_those_of_the_evaluation(astronaut):
    truth = astronaut[::2, ::2].astype(np.float32) / 255
    gray = np.repeat(luma(truth)[..., None], 3, axis=-1)
    predicted = (truth + gray) / 2
    found = figures(truth, predicted)
    gain = score(predicted, truth).psnr - score(gray, truth).psnr
    assert found["gain"] == pytest.approx(gain, abs=1e-3)
    assert found["colourfulness"] == pytest.approx(colourfulness(predicted), rel=1e-4)


def test_the_palette_does_not_ask_where_colours_are_but_whether_they_are_there(astronaut):
    photo = astronaut.astype(np.float32) / 255
    truth = 0.5 + (photo - luma(photo)[..., None]) / 4  # of one luma, so that every place may have every colour
    gray = np.repeat(luma(truth)[..., None], 3, axis=-1)
    assert distance(truth, truth[::-1, ::-1]) == pytest.approx(0, abs=1e-6)
    duller = [distance(truth, gray + (truth - gray) * share) for share in (0.9, 0.5, 0.1)]
    assert 0 < duller[0] < duller[1] < duller[2] < distance(truth, gray)
    swapped = gray + (truth - gray)[..., ::-1]
    swapped += (luma(truth) - luma(swapped))[..., None]
    assert distance(truth, np.clip(swapped, 0, 1)) > duller[0]


def test_the_distance_is_how_far_chroma_has_to_move():
    gray = np.full((8, 8, 3), 0.5, np.float32)
    moved = gray + 0.1 * CHROMA_TO_OFFSET[0]
    # A movement by 0.1, seen from eight directions: its mean length is that of |cos| over half a turn.
    seen = np.mean([abs(round(10 * math.cos(math.pi * turn / 8)) / 100) for turn in range(8)])
    assert distance(gray, moved) == pytest.approx(seen, abs=1e-4)


def test_brightness_is_no_colour(astronaut):
    truth = astronaut[::2, ::2].astype(np.float32) / 255 * 0.8
    assert distance(truth, truth + 0.1) == pytest.approx(0, abs=1e-3)


def test_the_distance_is_that_of_all_photos_together(astronaut):
    photo, other = (0.5 + each / 4 for each in chroma_of(astronaut))
    crossed = PaletteDistance()
    crossed.update_state(photo, other)
    assert crossed.result() > 0.001
    crossed.update_state(other, photo)
    assert float(crossed.result()) == pytest.approx(0, abs=1e-6)


def test_an_epoch_too_far_from_the_truth_is_not_kept_however_fine_its_palette():
    assert palette_rank(0.1, {"val_gain": 0.2, "val_palette_distance": 0.02}) == 0.02
    assert math.isnan(palette_rank(0.1, {"val_gain": 0.05, "val_palette_distance": 0.0}))
