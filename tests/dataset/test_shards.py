import pytest

from colorizer.dataset.split import Shard


@pytest.mark.parametrize(("photos", "count"), [(0, 3), (2, 5), (100, 7), (100, 1)])
def test_shards_share_nothing_and_are_all_of_it_and_nearly_alike(photos, count):
    parts = [Shard(number, count).of(range(photos)) for number in range(count)]
    assert sorted(item for part in parts for item in part) == list(range(photos))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
