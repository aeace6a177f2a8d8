import numpy as np
import pytest

from benchmarks.film_stability import distribution_distance, warp_error


def test_equal_frames_are_steady_and_frames_of_other_colours_are_not():
    still = [np.full((8, 8, 3), 90, np.uint8)] * 6
    assert distribution_distance(still) == 0
    flicker = [np.full((8, 8, 3), 90 + 50 * (number % 2), np.uint8) for number in range(6)]
    # Frames one apart share no level, those two and four apart are equal.
    assert distribution_distance(flicker) == pytest.approx(np.log(2) / 3)


def test_the_warp_error_counts_what_is_seen_in_both():
    before, after = np.zeros((4, 4, 3), np.float32), np.full((4, 4, 3), 0.5, np.float32)
    is_seen = np.zeros((4, 4), bool)
    is_seen[0] = True
    after[1:] = 1
    assert warp_error([(before, after, is_seen)]) == pytest.approx(0.75)
