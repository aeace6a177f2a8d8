import re
from functools import cache

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from colorizer import ColorizeError, Hint, load_model
from colorizer.inference import HintedPhoto, likeliest_colours, set_photo
from colorizer.inference.likeliest import ALIKE
from colorizer.network.architectures import LOGITS, build
from colorizer.network.network import chroma_bins
from colorizer.photos.color import chroma, luma
from colorizer.photos.reading import read_photo
from colorizer.settings import ModelSettings
from tests.conftest import SHIPPED, gray_photo


@cache
def photo_of(name: str) -> HintedPhoto:
    return set_photo(read_photo(SHIPPED / name), load_model())


def rgb_of(colours: tuple[str, ...]) -> np.ndarray:
    return np.array([[int(part, 16) for part in re.findall("..", colour[1:])] for colour in colours], np.float32) / 255


@pytest.mark.parametrize(("x", "y"), [(230, 120), (60, 400), (400, 40), (511.7, 511.2)])
def test_likeliest_colours_lie_on_the_photo_s_luma_and_can_be_told_apart(x, y):
    colours = likeliest_colours(photo_of("astronaut.png"), x, y)
    rgb, gray = rgb_of(colours), read_photo(SHIPPED / "astronaut.png").luma()[int(y), int(x)]
    assert 3 <= len(colours) <= 5
    assert np.abs(luma(rgb) - np.clip(gray, 0.15, 0.9)).max() < 1.5 / 255
    assert np.abs(chroma(rgb)).max(axis=1).min() < 0.003, "gray is among them"
    lab = rgb2lab(rgb)
    differences = deltaE_ciede2000(lab[:, None], lab[None])
    assert differences[~np.eye(len(lab), dtype=bool)].min() > 2


@pytest.mark.parametrize("level", [0, 6, 128, 252, 255])
def test_in_black_and_white_colours_can_be_told_apart_too(level):
    photo = HintedPhoto(gray_photo(np.full((40, 40), level, np.uint8)), np.zeros((32, 32, 3), np.float32))
    for count in (3, 5, 8):
        colours = likeliest_colours(photo, 20, 20, count)
        assert 3 <= len(set(colours)) == len(colours) <= count


def test_one_of_the_likeliest_colours_is_most_often_like_the_true_one(astronaut):
    photo = photo_of("astronaut.png")
    places = np.random.default_rng(0).integers(0, 512, (60, 2))
    found = 0
    for x, y in places:
        proposed, true = rgb_of(likeliest_colours(photo, x, y)), astronaut[y : y + 1, x] / 255
        found += deltaE_ciede2000(rgb2lab(proposed), rgb2lab(true)).min() < ALIKE
    assert found > 40


def test_a_likeliest_colour_is_a_hint_s():
    photo = photo_of("astronaut.png")
    (colour, *_) = likeliest_colours(photo, 60, 400)
    assert photo.picture([Hint(60, 400, colour)]).image.size == (512, 512)


def test_a_classifying_network_says_which_are_likeliest():
    network = build(ModelSettings(size=64, filters=(8, 8, 16), head="classification"))
    bins, wanted = chroma_bins(), (0.0, 0.25)
    head = network.model.get_layer(LOGITS)
    likelihood = np.where(np.abs(bins - wanted).max(axis=1) < 0.01, 9.0, 0.0)
    head.set_weights([head.get_weights()[0] * 0, likelihood])
    photo = set_photo(gray_photo(np.full((50, 80), 120, np.uint8)), network)
    colours = rgb_of(likeliest_colours(photo, 70, 40))
    assert np.abs(chroma(colours[0]) - wanted).max() < 0.01
    assert np.abs(chroma(colours)).max(axis=1).min() < 0.003, "gray is among them"


def test_a_place_outside_and_another_count_are_refused():
    photo = HintedPhoto(gray_photo(np.full((40, 40), 90, np.uint8)), np.zeros((32, 32, 3), np.float32))
    with pytest.raises(ColorizeError, match="outside the photo"):
        likeliest_colours(photo, 40, 3)
    for count in (2, 9):
        with pytest.raises(ColorizeError, match="ask for 3 to 8"):
            likeliest_colours(photo, 4, 3, count)
