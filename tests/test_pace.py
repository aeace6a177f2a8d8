import pytest

from colorizer.progress import Pace, clock_time


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_rate_is_what_was_done_divided_by_the_time_it_took():
    clock = Clock()
    pace = Pace(clock)
    pace.move(0, 100)
    clock.now += 4
    pace.move(20, 100)
    assert pace.rate == pytest.approx(5)
    assert pace.remaining == pytest.approx(16)
    clock.now += 6
    pace.move(100, 100)
    assert (pace.rate, pace.remaining) == (pytest.approx(10), 0)


def test_no_rate_is_told_of_what_took_under_a_second():
    clock = Clock()
    pace = Pace(clock)
    pace.move(0, 2)
    clock.now += 0.01
    pace.move(2, 2)
    assert pace.rate is None
    assert pace.remaining is None


def test_what_was_done_before_counts_for_nothing():
    clock = Clock()
    pace = Pace(clock)
    pace.move(900, 1000)
    clock.now += 10
    pace.move(950, 1000)
    assert pace.rate == pytest.approx(5)
    assert pace.remaining == pytest.approx(10)


def test_every_epoch_is_timed_by_itself():
    clock = Clock()
    pace = Pace(clock)
    for _ in range(2):
        pace.move(0, 10)
        clock.now += 5
        pace.move(5, 10)
        assert (pace.rate, pace.remaining) == (pytest.approx(1), pytest.approx(5))
        clock.now += 5
        pace.move(10, 10)


@pytest.mark.parametrize(("seconds", "shown"), [(0, "00:00"), (65, "01:05"), (3725, "1:02:05")])
def test_durations_are_shown_as_a_clock_does(seconds, shown):
    assert clock_time(seconds) == shown
