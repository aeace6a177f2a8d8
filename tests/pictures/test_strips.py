import numpy as np
import pytest
from PIL import Image

from colorizer.pictures.sheets import STRIP_EPOCHS, save_row, save_strip


def test_a_strip_joins_all_epochs_in_order_and_of_a_long_training_evenly_chosen_ones(tmp_path):
    paths = []
    for number in range(STRIP_EPOCHS + 40):
        shade = 255 - 2 * number
        paths.append(tmp_path / f"{number:03}.jpg")
        save_row(paths[-1], f"epoch {number}", [Image.new("RGB", (40, 40), (shade, shade, shade))] * 2)
    strip = np.asarray(Image.open(save_strip(tmp_path / "short.jpg", paths[:5])))
    with Image.open(paths[0]) as row:
        height = row.height
    assert strip.shape[0] == 5 * height
    middles = strip[height - 30 :: height, 30, 0].astype(int)
    assert np.abs(middles - [255, 253, 251, 249, 247]).max() <= 1
    long = np.asarray(Image.open(save_strip(tmp_path / "long.jpg", paths)))
    assert long.shape[0] == (2 + STRIP_EPOCHS) * height
    shades = long[height - 30 :: height, 30, 0].astype(int)
    assert shades[0] >= 254
    assert shades[-1] == pytest.approx(255 - 2 * (STRIP_EPOCHS + 39), abs=2)
    assert (np.diff(shades) < 0).all()
