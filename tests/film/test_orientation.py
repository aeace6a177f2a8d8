from itertools import product

import numpy as np
import pytest

from colorizer.film.reading import examine_film, read_frames, stored, swaps_sides, upright
from tests.film.scenes import on_its_side

ALL_WAYS = [(a, 0, 0, 0, d) for a, d in product((-65536, 65536), repeat=2)]
ALL_WAYS += [(0, b, 0, c, 0) for b, c in product((-65536, 65536), repeat=2)]


@pytest.mark.parametrize("matrix", ALL_WAYS)
def test_every_pixel_is_shown_where_the_matrix_says_and_stored_where_it_was(matrix):
    plane = np.arange(6).reshape(2, 3)
    shown = upright(plane, (*matrix, 0, 0, 0, 1 << 30))
    a, b, _, c, d = (number // 65536 for number in matrix)
    places = {int(plane[q, p]): (a * p + c * q, b * p + d * q) for q in range(2) for p in range(3)}
    left, top = (min(place[axis] for place in places.values()) for axis in (0, 1))
    assert shown.shape == ((3, 2) if swaps_sides(matrix) else (2, 3))
    assert all(shown[row - top, column - left] == number for number, (column, row) in places.items())
    assert np.array_equal(stored(shown, matrix), plane)


def test_frames_that_are_turned_by_no_quarter_stay_as_they_are_stored():
    plane = np.arange(6).reshape(2, 3)
    for matrix in (None, (46341, 46341, 0, -46341, 46341, 0, 0, 0, 1 << 30)):
        assert np.array_equal(upright(plane, matrix), plane)


@pytest.mark.parametrize(("turned", "size"), [(90, (160, 120)), (180, (120, 160)), (270, (160, 120))])
def test_a_film_that_lies_on_its_side_is_read_upright(tmp_path, turned, size):
    seen = on_its_side(tmp_path / "a.mp4", turned)
    facts = examine_film(tmp_path / "a.mp4")
    assert (facts.width, facts.height, facts.stored_size) == (120, 160, size)
    for frame, levels in zip(read_frames(facts), seen, strict=True):
        assert np.abs(frame.luma - (16 + levels * (219 / 255))).mean() < 2
