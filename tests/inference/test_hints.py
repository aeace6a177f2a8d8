import math

import numpy as np
import pytest

from colorizer import ColorizeError, Hint, Rectangle, Scribble
from colorizer.inference.hints import MAXIMUM_HINTS, check_inside, covered, hint_chroma, in_painting_order, seeds


def test_a_colour_is_hex_a_name_of_css_or_gray():
    assert np.array_equal(hint_chroma("#b03030"), hint_chroma("#B03030"))
    assert np.array_equal(hint_chroma("#f00"), hint_chroma("red"))
    assert np.abs(hint_chroma("gray")).max() < 1e-6
    assert hint_chroma("blue")[0] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("colour", ["", "reddish", "#12345", "#gggggg", "rgb(1,2,3)", "red " * 100, None, 7, ["red"]])
def test_what_is_no_colour_is_said_to_be_none(colour):
    with pytest.raises(ColorizeError, match="is not a color"):
        Hint(1, 2, colour)


@pytest.mark.parametrize("place", [-1, math.nan, math.inf, 10**400, True, "3", None])
def test_what_is_no_place_is_refused(place):
    with pytest.raises(ColorizeError):
        Hint(place, 0, "red")
    with pytest.raises(ColorizeError):
        Scribble(((0, place),), "red")
    with pytest.raises(ColorizeError):
        Rectangle(0, 0, place, 4, "red")


def test_hints_outside_the_photo_are_named():
    inside = [Hint(0, 0, "red"), Hint(9, 4, "red"), Rectangle(0, 0, 10, 5, "red"), Scribble(((0, 0), (9, 4)), "red")]
    check_inside(inside, 10, 5)
    for outside in (Hint(10, 0, "red"), Hint(0, 5, "red"), Rectangle(0, 0, 11, 5, "red"), Scribble(((0, 9),), "red")):
        with pytest.raises(ColorizeError, match="outside the photo of 10 x 5 pixels"):
            check_inside([*inside, outside], 10, 5)
    with pytest.raises(ColorizeError, match="radius"):
        check_inside([Hint(1, 1, "red", radius=900)], 10, 5)
    with pytest.raises(ColorizeError, match="too many"):
        check_inside([Hint(0, 0, "red")] * (MAXIMUM_HINTS + 1), 10, 5)


def test_shares_of_the_sides_become_pixels_inside_the_photo():
    assert Hint(0.5, 0.25, "red", 0.1, unit="share").in_pixels(200, 100) == Hint(100, 25, "red", 10)
    assert Hint(1, 1, "red", unit="share").in_pixels(200, 100) == Hint(199, 99, "red")
    assert Scribble(((0, 0.5), (1, 1)), "red", 0.02, "share").in_pixels(50, 300) == Scribble(
        ((0, 150), (49, 299)), "red", 1
    )
    assert Rectangle(0, 0.5, 1, 1, "red", "share").in_pixels(200, 100) == Rectangle(0, 50, 200, 100, "red")
    assert Hint(7, 3, "red", 2).in_pixels(200, 100) == Hint(7, 3, "red", 2)
    check_inside([Hint(1, 1, "red", unit="share"), Rectangle(0, 0, 1, 1, "red", "share")], 1, 1)


def test_shares_beyond_the_photo_and_unknown_units_are_refused():
    for beyond in ({"x": 1.01, "y": 0}, {"x": 0, "y": 7}, {"x": 0, "y": 0, "radius": 2}):
        with pytest.raises(ColorizeError, match="from 0 to 1"):
            Hint(**beyond, colour="red", unit="share")
    for unit in ("percent", "", None, ["share"]):
        with pytest.raises(ColorizeError, match='"pixel" or "share"'):
            Rectangle(0, 0, 1, 1, "red", unit)


def test_what_hints_cover():
    (box, mask) = covered(Hint(5, 3, "red"), 10, 8)
    assert (box, mask.tolist()) == ((5, 3, 6, 4), [[True]])
    box, mask = covered(Hint(50, 40, "red", radius=10), 100, 80)
    assert mask.sum() == pytest.approx(math.pi * 10**2, rel=0.15)
    assert np.array_equal(mask, mask[:, ::-1])
    assert covered(Rectangle(2, 1, 6, 4, "red"), 10, 8)[1].sum() == 12
    box, mask = covered(Scribble(((10, 10), (50, 10)), "red", radius=3), 100, 80)
    assert mask.sum() == pytest.approx(40 * 6 + math.pi * 9, rel=0.2)
    assert box[0] >= 0 and box[2] <= 100


@pytest.mark.parametrize(
    "hint", [Hint(9, 7, "red"), Scribble(((0, 0), (9, 7), (3, 3)), "red"), Rectangle(8, 6, 10, 8, "red")]
)
def test_hints_spread_from_places_inside_them(hint):
    (left, top, right, bottom), _ = covered(hint, 10, 8)
    assert all(left <= x < right and top <= y < bottom for x, y in seeds(hint, 10, 8))


def test_small_hints_lie_over_large_ones_in_whatever_order_they_come():
    hints = [Hint(5, 5, "red", radius=2), Rectangle(0, 0, 90, 90, "teal"), Hint(5, 5, "blue"), Hint(5, 5, "blue")]
    ordered = in_painting_order(hints)
    assert ordered == in_painting_order(hints[::-1])
    assert [hint.colour for hint in ordered] == ["teal", "red", "blue"]
