import threading
from contextlib import closing

import pytest

from colorizer.film.proposals import computed_ahead


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
