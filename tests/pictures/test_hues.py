import numpy as np
from PIL import Image

from colorizer.evaluation.scores import HUE_BINS, hue_histogram
from colorizer.pictures.plots import save_hues


def test_the_drawing_of_hues_shows_colours_and_overwrites_nothing(tmp_path, astronaut):
    rgb = astronaut.astype(np.float32) / 255
    table = hue_histogram(rgb, rgb)
    paths = [save_hues(table / table.sum(), tmp_path) for _ in range(2)]
    assert [path.name for path in paths] == ["hues.png", "hues-2.png"]
    drawn = np.asarray(Image.open(paths[0]).convert("HSV")).reshape(-1, 3)
    vivid = drawn[drawn[:, 1] > 60, 0].astype(int)
    assert len(np.unique(vivid * HUE_BINS // 256)) > HUE_BINS // 2
