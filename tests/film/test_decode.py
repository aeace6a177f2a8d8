import os
from fractions import Fraction
from itertools import product
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.made_films import write_film
from colorizer.errors import ColorizeError
from colorizer.film.decode import FULL_RANGE, STUDIO_RANGE, examine_film, read_frames, stored, swaps_sides, upright
from colorizer.film.encode import gray_levels
from colorizer.settings import PhotoLimits
from tests.film.scenes import on_its_side, two_scenes


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("film.mp4", "libx264", "yuv420p"),
        ("film.mkv", "ffv1", "gray"),
        ("film.avi", "mpeg4", "yuv420p"),
        ("film.mkv", "ffv1", "yuv422p10le"),
        ("film.mov", "libx264", "yuv420p10le"),
        ("film.mkv", "libx264", "yuv444p"),
    ],
)
def test_every_frame_comes_once_in_order_with_its_luma(tmp_path, name, codec, pixels):
    shown = two_scenes(tmp_path / name, codec=codec, pixels=pixels, tags={"color_range": STUDIO_RANGE})
    facts = examine_film(tmp_path / name)
    frames = list(read_frames(facts))
    assert (facts.width, facts.height, facts.rate, len(frames)) == (160, 120, 25, 24)
    times = np.array([frame.time for frame in frames]) * facts.time_base
    assert [float(time) for time in times - times[0]] == pytest.approx([number / 25 for number in range(24)], abs=0.001)
    levels = np.stack([gray_levels(frame.luma, facts) for frame in frames])
    assert np.abs(levels.astype(float) - shown).mean() < 2
    assert facts.bits == (10 if "10" in pixels else 8)


@pytest.mark.parametrize(("pixels", "most"), [("gray16le", 65_535), ("yuv444p12le", 4_095), ("yuva444p", 255)])
def test_deep_films_and_those_with_transparency_keep_their_depth_and_full_range(tmp_path, pixels, most):
    levels = np.tile(np.arange(256, dtype=np.uint8), (16, 1))
    with av.open(str(tmp_path / "a.mkv"), "w") as out:
        stream = out.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 256, 16, pixels
        stream.codec_context.color_range = FULL_RANGE
        frame = av.VideoFrame(256, 16, pixels)
        for number, plane in enumerate(frame.planes):
            kind = np.dtype(np.uint8 if most == 255 else "<u2")
            rows = np.frombuffer(plane, kind).reshape(plane.height, -1)
            rows[:, :256] = np.rint(levels * (most / 255)) if number == 0 else (most + 1) // 2
        frame.pts, frame.color_range = 0, FULL_RANGE
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    facts = examine_film(tmp_path / "a.mkv")
    assert (facts.bits, facts.colour_range) == (10 if most > 255 else 8, FULL_RANGE)
    (read,) = read_frames(facts)
    assert np.abs(gray_levels(read.luma, facts).astype(int) - levels).max() <= 1


def test_a_film_whose_sound_goes_on_is_as_long_as_its_picture(tmp_path):
    two_scenes(tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as film, av.open(str(tmp_path / "a.mkv"), "w") as out:
        picture = out.add_stream_from_template(film.streams.video[0])
        sound = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 32_000), np.int16), "s16", "mono")
        silence.sample_rate, silence.pts = 8000, 0
        out.mux(sound.encode(silence))
        for packet in film.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                out.mux(packet)
    facts = examine_film(tmp_path / "a.mkv")
    assert (facts.seconds, facts.frames) == (pytest.approx(24 / 25, abs=0.01), 24)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_like_an_address_is_that_of_a_file(tmp_path, monkeypatch):
    two_scenes(tmp_path / "12:30.mkv")
    monkeypatch.chdir(tmp_path)
    assert len(list(read_frames(examine_film(Path("12:30.mkv"))))) == 24


def test_times_of_a_variable_rate_are_exact(tmp_path):
    times = [0, 7, 8, 30, 31, 32, 90, 91, 92, 93, 200, 201]
    two_scenes(tmp_path / "a.mkv", 6, times=times, time_base=Fraction(1, 1000))
    facts = examine_film(tmp_path / "a.mkv")
    assert [frame.time for frame in read_frames(facts)] == times


def test_an_interlaced_film_is_deinterlaced_a_frame_for_a_frame(tmp_path):
    sent = two_scenes(tmp_path / "a.mkv")
    assert not examine_film(tmp_path / "a.mkv").interlaced
    combed = sent.copy()
    combed[:-1, 1::2] = sent[1:, 1::2]  # each frame's odd rows are a moment later
    options = {"flags": "+ilme+ildct", "b": "20000000", "bf": "0"}
    write_film(tmp_path / "b.mkv", combed, codec="mpeg2video", options=options)
    facts = examine_film(tmp_path / "b.mkv")
    frames = list(read_frames(facts))
    assert facts.interlaced
    assert len(frames) == len(sent)
    times = np.array([frame.time for frame in frames])
    assert (np.diff(times) > 0).all()

    def combing(levels: np.ndarray) -> float:
        return np.abs(2.0 * levels[1:-1] - levels[:-2] - levels[2:]).mean()

    clean, dirty = (np.mean([combing(each.astype(float)) for each in films[2:10]]) for films in (sent, combed))
    made = np.mean([combing(frame.luma.astype(float)) for frame in frames[2:10]])
    assert made < (clean + dirty) / 2


def test_what_the_film_says_of_its_colours_and_pixels_is_read(tmp_path):
    tags = {"color_range": STUDIO_RANGE, "colorspace": 6, "color_primaries": 6, "color_trc": 6}
    two_scenes(tmp_path / "a.mp4", tags=tags, pixel_aspect=Fraction(16, 15), turned=90)
    facts = examine_film(tmp_path / "a.mp4")
    assert (facts.colour_range, facts.matrix, facts.primaries, facts.transfer) == (STUDIO_RANGE, 6, 6, 6)
    assert facts.pixel_aspect == Fraction(16, 15)
    assert facts.display_matrix[:5] == (0, -65536, 0, 65536, 0)
    two_scenes(tmp_path / "b.mkv", codec="ffv1", pixels="gray")
    assert examine_film(tmp_path / "b.mkv").colour_range == FULL_RANGE


def test_what_is_no_film_is_refused_with_a_sentence(tmp_path):
    two_scenes(tmp_path / "a.mp4")
    whole = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.mp4").write_bytes(b"no film at all\n" * 50)
    (tmp_path / "empty.mkv").write_bytes(b"")
    with av.open(str(tmp_path / "sound.mka"), "w", format="matroska") as out:
        stream = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
    for name in ("cut.mp4", "text.mp4", "empty.mkv", "nothing.mp4"):
        with pytest.raises(ColorizeError, match=name.replace(".", r"\.")):
            examine_film(tmp_path / name)
    with pytest.raises(ColorizeError, match="contains no video"):
        examine_film(tmp_path / "sound.mka")
    with pytest.raises(ColorizeError, match=r"more than the limit of 0\.01 megapixels"):
        examine_film(tmp_path / "a.mp4", PhotoLimits(maximum_pixels=10_000))


def test_frames_behind_damage_still_come_and_the_damage_is_told(tmp_path):
    two_scenes(tmp_path / "a.mkv", 40, options={"crf": "10", "g": "10"})
    content = bytearray((tmp_path / "a.mkv").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    (tmp_path / "b.mkv").write_bytes(content)
    damage = []
    frames = list(read_frames(examine_film(tmp_path / "b.mkv"), damage))
    assert 40 <= len(frames) <= 80
    (tmp_path / "c.mkv").write_bytes(content[:middle])
    facts = examine_film(tmp_path / "c.mkv")
    assert 0 < len(list(read_frames(facts, damage))) < 80


def test_an_empty_packet_shows_the_picture_before_it_once_more(tmp_path):
    two_scenes(tmp_path / "a.nut", 6, codec="ffv1", pixels="gray", options={"g": "1"})
    with av.open(str(tmp_path / "a.nut")) as film, av.open(str(tmp_path / "b.nut"), "w") as out:
        stream = out.add_stream_from_template(film.streams.video[0])
        for number, packet in enumerate(film.demux(video=0)):
            if not packet.size:
                continue
            sent = av.Packet(0) if number in (4, 5, 11) else packet
            sent.pts, sent.dts, sent.time_base, sent.stream = packet.pts, packet.dts, packet.time_base, stream
            out.mux(sent)
    damage = []
    before, after = (list(read_frames(examine_film(tmp_path / name), damage)) for name in ("a.nut", "b.nut"))
    assert damage == []
    assert [frame.time for frame in after] == [frame.time for frame in before]
    shown = [0, 1, 2, 3, 3, 3, 6, 7, 8, 9, 10, 10]
    assert all(np.array_equal(frame.luma, before[number].luma) for frame, number in zip(after, shown, strict=True))


def test_frames_larger_than_players_show_are_refused_whatever_is_allowed_for_photos(tmp_path):
    write_film(tmp_path / "a.mkv", np.zeros((1, 6002, 6002), np.uint8), codec="ffv1")
    with pytest.raises(ColorizeError, match="more than the limit of 36 megapixels"):
        examine_film(tmp_path / "a.mkv", PhotoLimits(maximum_pixels=300_000_000))


def test_a_duration_of_400_digits_is_passed_over(tmp_path):
    two_scenes(tmp_path / "plain.mp4")
    with av.open(str(tmp_path / "plain.mp4")) as plain, av.open(str(tmp_path / "a.nut"), "w") as out:
        copy = out.add_stream_from_template(plain.streams.video[0])
        copy.metadata["DURATION"] = f"{'9' * 400}:00:00.5"
        for packet in plain.demux(video=0):
            if packet.size:
                packet.stream = copy
                out.mux(packet)
    assert 0 <= examine_film(tmp_path / "a.nut").seconds < 2


@pytest.mark.parametrize("count", [1, 12])
def test_a_cover_that_is_not_marked_as_one_is_not_the_film(tmp_path, count):
    two_scenes(tmp_path / "film.mp4", count)
    write_film(tmp_path / "cover.mkv", np.zeros((1, 60, 60), np.uint8), codec="mjpeg", pixels="yuvj420p")
    with (
        av.open(str(tmp_path / "film.mp4")) as film,
        av.open(str(tmp_path / "cover.mkv")) as cover,
        av.open(str(tmp_path / "a.mkv"), "w") as out,
    ):
        copies = [(each, out.add_stream_from_template(each.streams.video[0])) for each in (cover, film)]
        for source, copy in copies:
            for packet in source.demux(video=0):
                if packet.size:
                    packet.stream = copy
                    out.mux(packet)
    facts = examine_film(tmp_path / "a.mkv")
    assert (facts.width, len(list(read_frames(facts)))) == (160, 2 * count)


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
