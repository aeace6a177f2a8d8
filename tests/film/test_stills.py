from fractions import Fraction

import numpy as np
import pytest

from benchmarks.made_films import Camera, gray, shoot, write_film
from colorizer.film.decode import examine_film, read_frames
from colorizer.film.propagation import find_known
from colorizer.film.proposals import colour_frames
from colorizer.film.stills import change_elsewhere, frame_at, seconds_of
from colorizer.inference.hints import Hint
from colorizer.network.model_files import load_model
from tests.film.scenes import ASTRONAUT, CAT, pan, photograph


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi"])
def test_any_frame_is_the_one_that_a_player_shows_then(tmp_path, name):
    options = {"g": "10", "bf": "2"} if name != "a.avi" else None
    codec = "mpeg4" if name == "a.avi" else "libx264"
    write_film(tmp_path / name, gray(pan(CAT, 40).frames), codec=codec, options=options)
    facts = examine_film(tmp_path / name)
    frames = list(read_frames(facts))
    for number in (0, 7, 20, 39):
        seen = frame_at(facts, number / 25 + 0.01)
        assert seconds_of(seen, facts) == pytest.approx(number / 25)
        assert np.array_equal(seen.luma, frames[number].luma)
    assert frame_at(facts, 1000).time == frames[-1].time


def test_frames_whose_times_are_rounded_are_found_by_those_they_mean(tmp_path):
    times = [round(1000 * number / 24) for number in range(24)]
    write_film(tmp_path / "a.mkv", gray(pan(CAT, 24).frames), times=times, time_base=Fraction(1, 1000), codec="ffv1")
    facts = examine_film(tmp_path / "a.mkv")
    assert [frame_at(facts, number / 24).time for number in range(24)] == times


def test_frames_of_a_variable_rate_are_found_by_their_time(tmp_path):
    times = [1000, 1040, 1300, 1301, 2000]
    write_film(tmp_path / "a.mkv", gray(pan(CAT, 5).frames), times=times, time_base=Fraction(1, 1000), codec="ffv1")
    facts = examine_film(tmp_path / "a.mkv")
    assert [frame_at(facts, seconds).time for seconds in (0, 0.299, 0.3, 0.9, 7)] == [1000, 1040, 1300, 1301, 2000]


def test_what_a_hint_changes_elsewhere_in_its_scene_is_what_the_film_has_there(tmp_path, small_model):
    shot = shoot(photograph(ASTRONAUT), Camera(0.2, 0.3), Camera(0.5, 0.3), 12)
    write_film(tmp_path / "a.mkv", gray(np.concatenate([pan(CAT).frames, shot.frames])))
    facts, network = examine_film(tmp_path / "a.mkv"), load_model(small_model)
    said = {18 / 25: (Hint(25, 105, "#506080", radius=8),)}
    known = find_known(network, facts, read_frames(facts), said)
    film = list(colour_frames(network, facts, read_frames(facts), known=known))
    for number in (11, 14, 23):
        change, in_film = change_elsewhere(network, facts, film[number].frame, said), film[number].carried.change
        assert change.any() == in_film.any() == (number >= 12)
        assert np.abs(change - in_film).mean() <= 0.2 * np.abs(in_film).mean()
