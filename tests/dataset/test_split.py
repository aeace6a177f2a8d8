from pathlib import Path

import pytest

from colorizer.dataset.split import choose_photos, split_photos
from colorizer.errors import ColorizeError
from colorizer.settings import DatasetSettings


@pytest.mark.parametrize(("photos", "train", "test"), [(3, 2, 1), (10, 7, 3), (100, 50, 10), (1000, 900, 100)])
def test_a_split_has_no_photo_twice_and_no_empty_part(photos, train, test):
    paths = [Path(f"{number}.jpg") for number in range(photos)]
    split = split_photos(paths, train, test)
    parts = (split.train, split.validation, split.test)
    assert all(parts)
    assert len(split.train) + len(split.validation) == train
    assert len(split.test) == test
    assert len(set().union(*parts)) == train + test
    if train >= 10:
        assert len(split.validation) == round(train * 0.2)


def test_a_split_is_repeatable_and_changes_with_the_seed():
    paths = [Path(f"{number}.jpg") for number in range(50)]
    assert split_photos(paths, 20, 5) == split_photos(list(reversed(paths)), 20, 5)
    assert split_photos(paths, 20, 5) != split_photos(paths, 20, 5, DatasetSettings(seed=7))


def test_more_photos_than_there_are_is_refused_with_the_numbers():
    with pytest.raises(ColorizeError, match=r"8 training photos and 3 test photos need 11 photos, .* 10 are usable"):
        split_photos([Path(f"{number}.jpg") for number in range(10)], 8, 3)


def test_fewer_photos_are_chosen_at_random_but_repeatably():
    paths = [Path(f"{number:02}.jpg") for number in range(40)]
    chosen = choose_photos(paths, 5, seed=1)
    assert chosen == choose_photos(paths, 5, seed=1)
    assert chosen != choose_photos(paths, 5, seed=2)
    assert chosen != tuple(paths[:5])
    assert choose_photos(paths, 99, seed=1) == tuple(paths)
