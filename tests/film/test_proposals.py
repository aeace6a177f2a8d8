import threading
from contextlib import closing

import numpy as np
import pytest

from benchmarks.film import measures
from benchmarks.made_films import gray
from colorizer.film import proposals
from colorizer.film.decode import Frame
from colorizer.film.motion import find_motion
from colorizer.film.proposals import colour_frames, computed_ahead, first_of_scene, steadied
from colorizer.network.model_files import load_model
from tests.conftest import SHIPPED
from tests.film.scenes import ASTRONAUT, CAT, pan, photograph
from tests.film.test_encode import FACTS


def film() -> list[Frame]:
    """Two scenes of 16 and 21 frames."""
    levels = gray(np.concatenate([pan(ASTRONAUT, 16).frames, pan(CAT, 21).frames]))
    return [Frame(number, 1, each) for number, each in enumerate(levels)]


@pytest.mark.parametrize("most", [16, 5, 1])
def test_a_film_that_goes_on_at_a_part_has_the_colours_of_one_that_did_not_stop(small_model, monkeypatch, most):
    monkeypatch.setattr(proposals, "BATCH_PIXELS", most * FACTS.width * FACTS.height)
    network, frames = load_model(small_model), film()
    whole = list(colour_frames(network, FACTS, frames))
    after = list(colour_frames(network, FACTS, frames[16:], whole[15].carried))
    assert [each.begins_scene for each in whole] == [number in (0, 16) for number in range(37)]
    for one, other in zip(whole[16:], after, strict=True):
        assert np.array_equal(one.chroma, other.chroma)


def test_frames_that_the_network_does_not_see_are_near_to_what_it_would_propose():
    network, frames = load_model(), film()
    coloured = [each.chroma for each in colour_frames(network, FACTS, frames)]
    alone = [next(colour_frames(network, FACTS, [frame])).chroma for frame in frames]
    apart = np.array([np.abs(one - other).mean() for one, other in zip(coloured, alone, strict=True)])
    spread = np.mean([np.abs(each - each.mean(axis=(0, 1))).mean() for each in alone])
    assert apart.mean() < spread / 4
    assert apart.max() < 0.6 * spread


def counted(until: int, closed: list[bool]):
    try:
        for number in range(until):
            if number == 7:
                raise ValueError("the seventh")
            yield number
    finally:
        closed.append(True)


def test_items_come_in_their_order_and_what_one_raises_comes_in_its_place():
    closed = []
    got = []
    with pytest.raises(ValueError, match="the seventh"):
        got.extend(computed_ahead(counted(3, closed), 2))
        for number in computed_ahead(counted(9, closed), 4):
            got.append(number)
    assert got == [0, 1, 2, *range(7)]
    assert closed == [True, True]


def test_one_that_is_left_ends_its_thread_and_what_it_was_computing():
    at_work, closed = threading.active_count(), []
    with closing(computed_ahead(counted(7, closed), 2)) as items:
        assert next(items) == 0
    assert closed == [True]
    assert threading.active_count() == at_work


def test_colours_that_flicker_are_steady_and_keep_their_mean():
    chooser = np.random.default_rng(3)
    square = photograph(ASTRONAUT)[:128, :128, 1].copy()
    mean = np.full((128, 128, 2), 0.1, np.float32)
    colours, motion = None, find_motion(square, square)
    for _ in range(30):
        proposed = mean + np.float32(chooser.normal(0, 0.05))
        colours = first_of_scene(proposed) if colours is None else steadied(colours, motion, proposed)
    assert np.abs(colours.chroma - mean).max() < 0.02


def test_colors_follow_a_prediction_that_changes_late_in_a_long_scene():
    square = photograph(ASTRONAUT)[:128, :128, 1].copy()
    colors, motion = first_of_scene(np.full((128, 128, 2), 0.1, np.float32)), find_motion(square, square)
    for proposed in [0.1] * 100 + [-0.1] * 40:
        colors = steadied(colors, motion, np.full((128, 128, 2), proposed, np.float32))
    assert colors.chroma.max() < -0.05


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
