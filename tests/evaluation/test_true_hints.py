import re

import numpy as np
from PIL import Image

from colorizer.evaluation.evaluate import EvaluationOptions, evaluate_network, hints_of_truth
from colorizer.network.model_files import load_model
from colorizer.photos.reading import read_photo
from tests.conftest import SHIPPED


def test_hints_have_the_mean_colour_around_their_place(astronaut):
    path = SHIPPED / "astronaut.png"
    hints = hints_of_truth(20, 7)(path, read_photo(path))
    assert len({(hint.x, hint.y) for hint in hints}) == 20
    for hint in hints:
        patch = astronaut[max(hint.y - 3, 0) : hint.y + 4, max(hint.x - 3, 0) : hint.x + 4]
        shown = [int(part, 16) for part in re.findall("..", hint.colour[1:])]
        assert np.abs(patch.mean(axis=(0, 1)) - shown).max() <= 0.5


def test_the_same_seed_reveals_the_same_places_and_fewer_are_the_first_of_more():
    path = SHIPPED / "astronaut.png"
    photo = read_photo(path)
    assert hints_of_truth(5, 7)(path, photo) == hints_of_truth(9, 7)(path, photo)[:5]
    assert hints_of_truth(5, 7)(path, photo) != hints_of_truth(5, 8)(path, photo)
    assert not hints_of_truth(0, 7)(path, photo)


def test_a_photo_of_one_pixel_has_hints(tmp_path):
    Image.new("RGB", (1, 1), "teal").save(tmp_path / "one.png")
    hints = hints_of_truth(3, 0)(tmp_path / "one.png", read_photo(tmp_path / "one.png"))
    assert {hint.colour for hint in hints} == {"#008080"}


def test_true_hints_bring_a_network_nearer_to_the_truth(small_model):
    photos = [SHIPPED / "astronaut.png", SHIPPED / "chelsea.png", SHIPPED / "coffee.png"]
    network = load_model(small_model)
    psnr = [
        evaluate_network(
            network, photos, EvaluationOptions(batch_size=4, hints_of=hints_of_truth(count, 0))
        ).predicted.psnr
        for count in (0, 10, 30)
    ]
    assert psnr[0] + 1 < psnr[1] < psnr[2] - 0.5
