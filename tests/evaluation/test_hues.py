import numpy as np
import pytest

from colorizer.evaluation.scores import hue_histogram
from colorizer.photos.color import luma, merge


def merged(gray: np.ndarray, offset: np.ndarray) -> np.ndarray:
    return np.moveaxis(merge(gray, np.moveaxis(offset, -1, 0)), 0, -1)


def test_every_hue_of_a_photo_is_counted_where_it_went(astronaut):
    rgb = astronaut.astype(np.float32) / 255
    same = hue_histogram(rgb, rgb)
    assert same.sum() > 0
    assert np.count_nonzero(same - np.diag(np.diag(same))) == 0
    gray = luma(rgb)
    opposite = merged(gray, (gray[..., None] - rgb) * 0.2)
    turned = hue_histogram(rgb, opposite)
    hues, none = turned[:-1, :-1], len(turned) - 1
    assert np.trace(np.roll(hues, none // 2, axis=1)) > 0.95 * hues.sum()
    assert np.allclose(turned.sum(axis=1), same.sum(axis=1))
    assert turned[:, none].sum() == pytest.approx(0.8 * same.sum(), rel=0.02)


def test_a_gray_prediction_has_no_hue(astronaut):
    rgb = astronaut.astype(np.float32) / 255
    counted = hue_histogram(rgb, np.repeat(luma(rgb)[..., None], 3, axis=-1))
    assert counted[:, :-1].sum() < 1e-4 * counted.sum()


@pytest.mark.parametrize(("rgb", "hue"), [((0, 0, 1), 0), ((1, 0, 0), 6), ((1, 1, 0), 12), ((0, 1, 1), 18)])
def test_hues_begin_at_blue_and_turn_towards_red(rgb, hue):
    pixel = np.array([[rgb]], np.float32)
    counted = hue_histogram(pixel, pixel)
    distance = abs(int(counted.diagonal().argmax()) - hue)
    assert min(distance, 24 - distance) <= 2
