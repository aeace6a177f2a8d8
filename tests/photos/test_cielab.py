import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from colorizer.photos.cielab import color_difference, rgb_to_lab


def test_cielab_is_that_of_scikit_image(astronaut):
    rgb = astronaut[::4, ::4] / 255
    assert np.abs(rgb_to_lab(rgb) - rgb2lab(rgb)).max() < 0.01
    assert np.abs(rgb_to_lab(np.ones(3)) - (100, 0, 0)).max() < 0.01


def test_differences_are_those_of_scikit_image(astronaut):
    lab = rgb2lab(astronaut[::32, ::32].reshape(-1, 3) / 255)
    lab = np.concatenate([lab, [[50, 0, 0], [80, 0, 0], [50, 2.6772, -79.7751], [50, 0, -82.7485], [50, -1, 2]]])
    ours, theirs = color_difference(lab[:, None], lab[None]), deltaE_ciede2000(lab[:, None], lab[None])
    # At exactly opposite hues the mean hue is ambiguous.
    assert np.quantile(np.abs(ours - theirs), 0.999) < 0.01
    assert color_difference(*lab[-3:-1]) == pytest.approx(2.0425, abs=1e-4)  # the first pair in Sharma's table
