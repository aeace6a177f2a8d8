import json
import unicodedata

import numpy as np
import pytest

from benchmarks.made_films import Camera, gray, shoot, write_film
from colorizer.errors import ColorizeError
from colorizer.film.decode import examine_film, read_frames
from colorizer.film.hints_file import film_hints
from colorizer.film.motion import find_motion, standing
from colorizer.film.propagation import find_known, followed, ridden
from colorizer.film.proposals import colour_frames
from colorizer.inference.hints import Hint, Rectangle, hint_chroma
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


def test_a_hint_on_what_moves_leaves_nothing_on_the_wall_that_comes_into_view_behind_it():
    wall = photograph(ASTRONAUT, 400)[:128, :128, 1]
    thing = photograph(CAT)[20:60, 20:60, 1]
    change, before = np.zeros((128, 128, 2), np.float32), None
    change[40:80, 10:50] = 0.2
    places, is_seen = standing(128), np.ones((128, 128), bool)
    for left in range(10, 60, 3):
        square = wall.copy()
        square[40:80, left : left + 40] = thing
        if before is not None:
            motion = find_motion(before, square)
            change = ridden(change, motion)
            places, is_seen = followed(places, is_seen, motion)
        before = square
    assert change[40:80, left + 5 : left + 35].mean() > 0.15
    assert (np.abs(change[40:80, 10 : left - 4]) > 0.05).mean() < 0.1
    assert is_seen[45:75, 15:45].mean() > 0.8, "the thing stays in view"
    assert is_seen[45:75, 55:95].mean() < 0.9, "the wall that it covers does not"


def test_a_hint_outside_the_film_is_a_sentence(tmp_path, small_model):
    write_film(tmp_path / "a.mkv", gray(pan(CAT).frames))
    facts, network = examine_film(tmp_path / "a.mkv"), load_model(small_model)
    with pytest.raises(ColorizeError, match="ends before second"):
        find_known(network, facts, read_frames(facts), {60.0: (Hint(1, 1, "teal"),)})
    with pytest.raises(ColorizeError, match="outside the photo"):
        find_known(network, facts, read_frames(facts), {0.1: (Hint(1000, 1, "teal"),)})


def test_hints_beside_a_film_are_found_and_ordered_by_time(tmp_path):
    film = tmp_path / "film.mp4"
    assert film_hints(film) == {}
    said = [
        {"time": 2.5, "rectangle": [0, 0, 9, 9], "colour": "teal"},
        {"time": 1, "x": 4, "y": 5, "colour": "#b03030"},
    ]
    (tmp_path / "film.mp4.hints.json").write_text(json.dumps(said))
    assert film_hints(film) == {1.0: (Hint(4, 5, "#b03030"),), 2.5: (Rectangle(0, 0, 9, 9, "teal"),)}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{}", "must be a list of hints"),
        ("[", "not valid JSON"),
        ('[{"x": 1, "y": 1, "colour": "teal"}]', '"time" must be'),
        ('[{"time": -1, "x": 1, "y": 1, "colour": "teal"}]', '"time" must be'),
        ('[{"time": 1, "x": 1, "y": 1, "colour": "no colour"}]', "no colour"),
        ('[{"time": NaN, "x": 1, "y": 1, "colour": "teal"}]', "not finite"),
        ('[{"time": 1, "time": 2, "x": 1, "y": 1, "colour": "teal"}]', "the key 'time' appears twice"),
    ],
)
def test_what_is_no_hint_is_a_sentence_with_the_files_name(tmp_path, text, wrong):
    path = tmp_path / "my hints.json"
    path.write_text(text)
    with pytest.raises(ColorizeError, match=wrong) as error:
        film_hints(tmp_path / "film.mp4", path)
    assert str(error.value).count("my hints.json") == 1


def test_hints_of_a_film_are_found_whatever_the_normalization_of_its_name_and_with_a_byte_order_mark(tmp_path):
    said = json.dumps([{"time": 1, "x": 4, "y": 5, "colour": "#b03030"}])
    path = tmp_path / unicodedata.normalize("NFC", "Größe.mp4.hints.json")
    path.write_text(said, encoding="utf-8-sig")
    assert film_hints(tmp_path / unicodedata.normalize("NFD", "Größe.mp4")) == {1.0: (Hint(4, 5, "#b03030"),)}


def test_a_film_whose_name_is_as_long_as_can_be_has_no_hints_beside_it(tmp_path):
    film = tmp_path / f"{'a' * 251}.nut"
    film.touch()
    assert film_hints(film) == {}
