import numpy as np
import pytest

from benchmarks.made_films import Camera, gray, shoot, write_film
from colorizer.errors import ColorizeError
from colorizer.film.propagation import find_known
from colorizer.film.proposals import colour_frames
from colorizer.film.reading import examine_film, read_frames
from colorizer.inference.hints import Hint, hint_chroma
from colorizer.network.model_files import load_model
from tests.film.scenes import ASTRONAUT, CAT, pan, photograph


def test_a_hint_rides_to_both_ends_of_its_scene_and_no_further(tmp_path, small_model):
    camera = Camera(0.2, 0.3), Camera(0.5, 0.3)
    shot = shoot(photograph(ASTRONAUT), *camera, 12)
    write_film(tmp_path / "a.mkv", gray(np.concatenate([pan(CAT).frames, shot.frames, pan(CAT).frames])))
    facts, network = examine_film(tmp_path / "a.mkv"), load_model(small_model)
    corner = shot.views[:, :, 2]
    suit = np.array([25, 105])  # in the seventh frame, whose luma has room for the colour
    said = {18 / 25: (Hint(*suit.tolist(), "#506080", radius=8),)}
    known = find_known(network, facts, read_frames(facts), said)
    with_hint = list(colour_frames(network, facts, read_frames(facts), known=known))
    without = list(colour_frames(network, facts, read_frames(facts)))
    for number in range(12):
        place = suit + corner[6] - corner[number]
        column, row = (place * network.size / np.array([160, 120])).astype(int)
        errors = [
            np.abs(each[12 + number].chroma[row, column] - hint_chroma("#506080")).max()
            for each in (with_hint, without)
        ]
        assert errors[0] < 0.25 * errors[1], number
    pale = find_known(network, facts, read_frames(facts), said, vividness=0.2)
    seventh = list(colour_frames(network, facts, read_frames(facts), known=pale, vividness=0.2))[18]
    column, row = (suit * network.size / np.array([160, 120])).astype(int)
    assert np.abs(seventh.chroma[row, column] - hint_chroma("#506080")).max() < 0.02, "vividness leaves hints alone"
    changed = [hinted.chroma - plain.chroma for hinted, plain in zip(with_hint, without, strict=True)]
    assert np.abs(np.stack([*changed[:12], *changed[24:]])).max() == 0


def test_a_hint_outside_the_film_is_a_sentence(tmp_path, small_model):
    write_film(tmp_path / "a.mkv", gray(pan(CAT).frames))
    facts, network = examine_film(tmp_path / "a.mkv"), load_model(small_model)
    with pytest.raises(ColorizeError, match="ends before second"):
        find_known(network, facts, read_frames(facts), {60.0: (Hint(1, 1, "teal"),)})
    with pytest.raises(ColorizeError, match="outside the photo"):
        find_known(network, facts, read_frames(facts), {0.1: (Hint(1000, 1, "teal"),)})
