import av
import numpy as np
import pytest

from benchmarks.made_films import write_film
from colorizer.errors import ColorizeError
from colorizer.film.containers import Encoding
from colorizer.film.decode import examine_film, read_frames
from colorizer.film.encode import PartWriter, encodable
from colorizer.film.joining import film_name, join_parts, shortened_name

FRAMES = 5


def one_part(tmp_path, film, encoding):
    """Write a gray film of five frames and its one encoded part; return the film's facts and the part."""
    write_film(film, np.arange(FRAMES * 64 * 48, dtype=np.uint8).reshape(FRAMES, 48, 64))
    facts, part = encodable(examine_film(film), encoding), tmp_path / "0.nut"
    gray = np.full((24, 32), 128, np.uint8)
    with PartWriter(part, facts, encoding) as writer:
        for frame in read_frames(facts):
            writer.write(frame.time, frame.duration, (frame.luma, gray, gray))
    return facts, part


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
def test_a_written_film_is_counted_and_refused_unless_all_its_frames_are_in_it(tmp_path, codec, ending):
    facts, part = one_part(tmp_path, tmp_path / "a.mp4", Encoding(codec))
    ends, seen = round(FRAMES / 25 / facts.time_base), []
    target = tmp_path / f"b.{ending}"
    assert join_parts(facts, [part], target, frames=FRAMES, ends=ends, watch=seen.extend) == ()
    assert len(seen) == FRAMES
    target.unlink()
    with pytest.raises(ColorizeError, match="only 5 of 6 frames could be read back"):
        join_parts(facts, [part], target, frames=FRAMES + 1, ends=ends)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.nut", "a.mp4"]


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_the_last_frame_is_shown_as_long_as_the_film_says(tmp_path, ending):
    facts, part = one_part(tmp_path, tmp_path / "a.mp4", Encoding())
    join_parts(facts, [part], tmp_path / f"b.{ending}", frames=FRAMES, ends=round(3 / facts.time_base))
    with av.open(str(tmp_path / f"b.{ending}")) as film:
        assert film.duration / 1e6 == pytest.approx(3, abs=0.01)


def test_names_are_as_long_as_file_systems_allow(tmp_path):
    longest = "ÿ" * 125 + "a.nut"
    assert len(longest.encode()) == 255
    name = film_name(tmp_path / longest)
    assert name == "ÿ" * 125 + "a.mkv"
    (tmp_path / name).touch()
    assert shortened_name("a" * 255, "-side-by-side.mp4") == "a" * 238 + "-side-by-side.mp4"
    assert film_name(tmp_path / "a.nut") == "a.nut.mkv"
