import numpy as np
import pytest

from benchmarks.film import measures
from colorizer.film.motion import find_motion
from colorizer.film.proposals import first_of_scene, steadied
from tests.conftest import SHIPPED
from tests.film.scenes import ASTRONAUT, CAT, photograph


def test_colours_that_flicker_are_steady_and_keep_their_mean():
    chooser = np.random.default_rng(3)
    square = photograph(ASTRONAUT)[:128, :128, 1].copy()
    mean = np.full((128, 128, 2), 0.1, np.float32)
    colours, motion = None, find_motion(square, square)
    for _ in range(30):
        proposed = mean + np.float32(chooser.normal(0, 0.05))
        colours = first_of_scene(proposed) if colours is None else steadied(colours, motion, proposed)
    assert np.abs(colours.chroma - mean).max() < 0.02


def test_colours_follow_what_moves_and_nothing_is_smeared_over_its_edges():
    wall = photograph(ASTRONAUT, 400)[:128, :128, 1]
    thing = photograph(CAT)[20:60, 20:60, 1]
    colours = before = None
    for left in range(10, 60, 3):
        square, proposed = wall.copy(), np.full((128, 128, 2), 0.1, np.float32)
        square[40:80, left : left + 40], proposed[40:80, left : left + 40] = thing, -0.1
        if before is None:
            colours = first_of_scene(proposed)
        else:
            colours = steadied(colours, find_motion(before, square), proposed)
        before = square
    wrong = np.abs(colours.chroma - proposed).max(axis=-1) > 0.1
    assert wrong.mean() < 0.01
    assert not wrong[40:80, left + 5 : left + 35].any()
    behind = wrong[40:80, left - 20 : left - 4]
    assert behind.mean() < 0.1


def test_what_comes_into_view_has_its_own_colours():
    photo = photograph(ASTRONAUT, 400)[..., 1]
    before, after = photo[:128, :128].copy(), photo[:128, 12:140].copy()
    colours = steadied(
        first_of_scene(np.full((128, 128, 2), 0.1, np.float32)),
        find_motion(before, after),
        np.full((128, 128, 2), -0.2, np.float32),
    )
    assert np.allclose(colours.chroma[:, -8:], -0.2, atol=0.01)
    assert colours.chroma[:, :100].mean() > -0.1


@pytest.mark.slow
def test_a_film_of_a_cat_is_as_steady_and_as_colourful_as_is_promised(capsys):
    assert measures([SHIPPED / "chelsea.png"]) == 0, capsys.readouterr().out
