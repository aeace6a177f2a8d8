"""Small photos of every format in which Hypothesis changes bytes: read, or refused with the file named."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from benchmarks.fuzz import read, seeds

FILES = [(form, data) for form, files in sorted(seeds().items()) for data in files]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    file=some.sampled_from(FILES),
    changes=some.lists(some.tuples(some.integers(0, 2000), some.binary(min_size=1, max_size=4)), max_size=4),
    kept=some.floats(0, 1) | some.just(1.0),
)
def test_a_photo_of_broken_bytes_is_read_or_refused(tmp_path, file, changes, kept):
    form, whole = file
    data = bytearray(whole[: int(len(whole) * kept)])
    for at, written in changes:
        if data:
            data[at % len(data) : at % len(data) + len(written)] = written
    path = tmp_path / f"photo.{form.lower()}"
    path.write_bytes(data)
    read(path)
