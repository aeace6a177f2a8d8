import json
import re
import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from benchmarks.made_films import gray, write_film
from colorizer.errors import ColorizeError
from colorizer.film.containers import Encoding
from colorizer.film.decode import STUDIO_RANGE, examine_film, read_frames
from colorizer.inference.hints import Hint
from colorizer.photos.color import luma
from colorizer.runs.film import colorize_film
from tests.film.scenes import ASTRONAUT, on_its_side, pan, two_scenes
from tests.runs.film_jobs import job_of


def packets(path: Path, kind: str) -> list[tuple]:
    """The time and the bytes of every packet of a film's streams of one kind."""
    with av.open(str(path)) as container:
        streams = [stream for stream in container.streams if stream.type == kind]
        return [
            (float(packet.pts * packet.time_base), bytes(packet))
            for packet in container.demux(streams)
            if packet.pts is not None
        ]


def test_a_film_keeps_its_luma_size_times_and_sound(tmp_path, small_model, short_parts):
    tags = {"color_range": STUDIO_RANGE, "colorspace": 6, "color_primaries": 6, "color_trc": 6}
    two_scenes(tmp_path / "a.mp4", 20, sound=True, tags=tags, pixel_aspect=Fraction(16, 15), turned=90)
    done = []
    result = colorize_film(job_of(tmp_path, small_model, tmp_path / "a.mp4"), lambda *now: done.append(now))
    before, after = examine_film(tmp_path / "a.mp4"), examine_film(result.film)
    assert result.film == result.folder / "a.mp4"
    assert result.scenes == (0, 0.8)
    assert (result.frames, done[-1], result.remarks) == (40, (40, 40), ())
    assert replace(after, path=before.path, seconds=before.seconds) == before
    assert abs(after.seconds - before.seconds) < 1 / 25
    for old, new in zip(read_frames(before), read_frames(after), strict=True):
        assert new.time * after.time_base == old.time * before.time_base
        assert np.abs(new.luma.astype(int) - old.luma).mean() < 2
    assert packets(tmp_path / "a.mp4", "audio") == packets(result.film, "audio")
    assert colours(result.film).std() > 2
    assert sorted(path.name for path in result.folder.iterdir()) == [
        ".film.json",
        ".made-from.json",
        "a.mp4",
        "scenes-1.jpg",
    ]


def colours(film: Path) -> np.ndarray:
    """The chroma planes of a film's frames, one beside the other."""
    with av.open(str(film)) as container:
        frames = [frame.to_ndarray(format="yuv444p") for frame in container.decode(video=0)]
    return np.stack(frames)[:, 1:]


def test_subtitles_chapters_titles_and_attachments_stay(tmp_path, small_model):
    two_scenes(tmp_path / "plain.mkv", sound=True)
    source = tmp_path / "film.mkv"
    (tmp_path / "words.srt").write_text("1\n00:00:00,100 --> 00:00:00,600\nQuè maca!\n", encoding="utf-8")
    plain, spoken = av.open(str(tmp_path / "plain.mkv")), av.open(str(tmp_path / "words.srt"))
    with plain, spoken, av.open(str(source), "w") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in plain.streams}
        words = out.add_stream_from_template(spoken.streams.subtitles[0])
        words.metadata.update({"language": "cat", "title": "Paraules"})
        out.metadata["title"] = "Grandmother's wedding"
        out.add_attachment("font.ttf", "application/x-truetype-font", b"no font" * 40)
        out.set_chapters(
            [{"id": 1, "start": 0, "end": 400, "time_base": Fraction(1, 1000), "metadata": {"title": "Church"}}]
        )
        for packet in plain.demux():
            if packet.size:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
        for packet in spoken.demux():
            if packet.size:
                packet.stream = words
                out.mux(packet)
    result = colorize_film(job_of(tmp_path, small_model, source))
    assert result.remarks == ()
    with av.open(str(source)) as old, av.open(str(result.film)) as new:
        assert [stream.type for stream in new.streams] == [stream.type for stream in old.streams]
        assert new.metadata["title"] == "Grandmother's wedding"
        assert [each["metadata"] for each in new.chapters()] == [{"title": "Church"}]
        assert new.streams.subtitles[0].metadata["title"] == "Paraules"
    for kind in ("audio", "subtitle"):
        assert packets(source, kind) == packets(result.film, kind) != []


def test_frames_of_a_variable_rate_keep_their_times_and_odd_sizes_stay(tmp_path, small_model):
    times = [0, 40, 80, 81, 300, 301, 500, 540, 580, 620, 660, 2000]
    shown = pan(ASTRONAUT, width=161, height=121).frames
    write_film(
        tmp_path / "a.mkv", gray(shown), times=times, time_base=Fraction(1, 1000), codec="ffv1", pixels="yuv444p10le"
    )
    result = colorize_film(job_of(tmp_path, small_model, tmp_path / "a.mkv"))
    after = examine_film(result.film)
    assert result.remarks == ()
    assert (after.width, after.height, after.bits) == (161, 121, 10)
    assert [frame.time for frame in read_frames(after)] == times


@pytest.mark.parametrize(("name", "written"), [("a.webm", "a.webm"), ("a.mpg", "a.mpg.mkv"), ("a.avi", "a.avi")])
def test_films_of_other_kinds_become_films_of_their_kind_or_matroska(tmp_path, small_model, name, written):
    codec = {"a.webm": "libvpx-vp9", "a.mpg": "mpeg2video", "a.avi": "mpeg4"}[name]
    two_scenes(tmp_path / name, codec=codec)
    result = colorize_film(job_of(tmp_path, small_model, tmp_path / name))
    assert result.film.name == written
    assert len(list(read_frames(examine_film(result.film)))) == 24


def test_sound_that_matroska_does_not_hold_is_reencoded_and_keeps_its_times(tmp_path, small_model):
    two_scenes(tmp_path / "a.wmv", 25, codec="wmv2", sound=True, sound_codec="wmav2")
    result = colorize_film(job_of(tmp_path, small_model, tmp_path / "a.wmv"))
    assert result.remarks == ("The sound of a.wmv was re-encoded, because it could not be copied to a.wmv.mkv.",)
    before, after = examine_film(tmp_path / "a.wmv"), examine_film(result.film)
    assert (before.sound, after.sound) == ("wmav2", "aac")
    assert [sounds_since(film) for film in (before.path, result.film)] == pytest.approx([1, 1], abs=0.01)
    moments = [[float(frame.time * film.time_base) for frame in read_frames(film)] for film in (before, after)]
    assert moments[1] == pytest.approx(moments[0], abs=0.001)


def sounds_since(film: Path) -> float:
    """When a film's sound is first loud, in seconds since its first frame."""
    with av.open(str(film)) as container:
        for frame in container.decode(audio=0):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.15)
            if len(loud):
                begins = examine_film(film)
                return float(frame.pts * frame.time_base + loud[0] / frame.rate - begins.begins * begins.time_base)
    raise AssertionError("There is no sound.")


def test_a_deep_webm_is_written_with_the_depth_its_encoder_has(tmp_path, small_model):
    two_scenes(tmp_path / "a.mkv", codec="ffv1", pixels="yuv420p10le", tags={"color_range": STUDIO_RANGE})
    (tmp_path / "a.mkv").rename(tmp_path / "a.webm")
    result = colorize_film(job_of(tmp_path, small_model, tmp_path / "a.webm"))
    before, after = examine_film(tmp_path / "a.webm"), examine_film(result.film)
    pairs = zip(read_frames(before), read_frames(after), strict=True)
    assert np.mean([np.abs(old.luma / 4 - new.luma).mean() for old, new in pairs]) < 2


@pytest.mark.parametrize("name", ["a.avi", "a.3gp"])
def test_what_a_container_cannot_hold_is_refused_before_any_work(tmp_path, small_model, name):
    two_scenes(tmp_path / name, codec="mpeg4")
    job = job_of(tmp_path, small_model, tmp_path / name, encoding=Encoding("h265"))
    with pytest.raises(ColorizeError, match=r"cannot use H\.265"):
        colorize_film(job)
    assert list(job.run.results.iterdir()) == []


def test_a_film_that_was_taken_away_is_made_again(tmp_path, small_model):
    two_scenes(tmp_path / "a.mkv")
    made = colorize_film(job_of(tmp_path, small_model, tmp_path / "a.mkv"))
    content = made.film.read_bytes()
    made.film.unlink()
    again = colorize_film(job_of(tmp_path, small_model, tmp_path / "a.mkv", goes_on=True))
    assert (again.film, again.made_before, again.film.read_bytes()) == (made.film, 0, content)


@pytest.mark.parametrize("ending", ["mkv", "gif"])
def test_a_film_that_is_incomplete_is_set_aside_and_made_again(tmp_path, small_model, ending):
    film = tmp_path / f"a.{ending}"
    two_scenes(film, codec="gif" if ending == "gif" else "libx264", pixels="gray" if ending == "gif" else "yuv420p")
    made = colorize_film(job_of(tmp_path, small_model, film))
    content = made.film.read_bytes()
    made.film.write_bytes(content[: len(content) // 2])
    again = colorize_film(job_of(tmp_path, small_model, film, goes_on=True))
    assert (again.film, again.made_before, again.film.read_bytes()) == (made.film, 0, content)
    assert "was incomplete, so it was renamed to a-incomplete" in again.remarks[0]
    assert (made.folder / f"a-incomplete.{ending}").stat().st_size == len(content) // 2
    third = colorize_film(job_of(tmp_path, small_model, film, goes_on=True))
    assert (third.film, third.made_before) == (made.film, 24)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("ending", ["mp4", "mov"])
def test_subtitles_and_chapters_of_an_mp4_stay(tmp_path, small_model, ending):
    two_scenes(tmp_path / "plain.mp4", 25, sound=True)
    (tmp_path / "words.srt").write_text("1\n00:00:00,100 --> 00:00:00,600\nQuè maca!\n", encoding="utf-8")
    chapter = ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=800\ntitle=Church\n"
    (tmp_path / "chapters.txt").write_text(chapter)
    source = tmp_path / f"a.{ending}"
    command = ["ffmpeg", "-loglevel", "error", "-i", "plain.mp4", "-i", "words.srt", "-i", "chapters.txt"]
    command += ["-map", "0", "-map", "1", "-map_chapters", "2", "-c", "copy", "-c:s", "mov_text", source.name]
    subprocess.run(command, check=True, cwd=tmp_path)
    result = colorize_film(job_of(tmp_path, small_model, source))
    assert result.remarks == ()
    assert packets(source, "subtitle") == packets(result.film, "subtitle") != []
    with av.open(str(source)) as old, av.open(str(result.film)) as new:
        assert new.chapters() == old.chapters() != []


def test_a_film_whose_name_is_as_long_as_can_be_is_colorized(tmp_path, small_model):
    film = tmp_path / f"{'a' * 251}.nut"
    two_scenes(film, 3)
    result = colorize_film(job_of(tmp_path, small_model, film, is_side_by_side=True))
    assert (result.film.suffix, len(result.film.name), len(result.side_by_side.name)) == (".mkv", 255, 255)


def test_before_and_after_are_beside_each_other_when_that_is_asked_for(tmp_path, small_model):
    two_scenes(tmp_path / "a.mkv", sound=True)
    result = colorize_film(job_of(tmp_path, small_model, tmp_path / "a.mkv", is_side_by_side=True))
    assert result.side_by_side == result.folder / "a-side-by-side.mkv"
    after = examine_film(result.side_by_side)
    assert (after.width, after.height) == (320, 120)
    both, alone = colours(result.side_by_side), colours(result.film)
    assert np.abs(both[..., :150] - 128.0).mean() < 0.5
    assert np.abs(both[..., 160:].astype(float) - alone).mean() < 1
    assert packets(tmp_path / "a.mkv", "audio") == packets(result.side_by_side, "audio")


@pytest.mark.parametrize("turned", [90, 270])
def test_a_film_that_lies_on_its_side_has_hints_and_before_and_after_as_it_is_seen(tmp_path, small_model, turned):
    on_its_side(tmp_path / "a.mp4", turned, pixel_aspect=Fraction(4, 3))
    hints = {0.0: (Hint(30, 140, "#20a040", radius=6),)}
    job = job_of(tmp_path, small_model, tmp_path / "a.mp4", hints=hints, is_side_by_side=True)
    result = colorize_film(job)
    before, after, both = map(examine_film, (tmp_path / "a.mp4", result.film, result.side_by_side))
    assert after.display_matrix == before.display_matrix is not None
    assert (both.width, both.height, both.display_matrix, both.pixel_aspect) == (240, 160, None, Fraction(3, 4))
    for old, new in zip(read_frames(before), read_frames(after), strict=True):
        assert np.abs(new.luma.astype(int) - old.luma).mean() < 2
    with av.open(str(result.film)) as container:
        stored = next(container.decode(video=0))
        seen = stored.to_image().rotate(stored.rotation, expand=True)
    assert seen.size == (120, 160)
    assert np.argmax(seen.getpixel((30, 140))) == 1, "green is where it is seen upright"
    with av.open(str(result.side_by_side)) as container:
        pair = next(container.decode(video=0)).to_image()
    left, right = (np.asarray(pair, np.float32)[:, columns] for columns in (slice(0, 120), slice(120, None)))
    assert np.ptp(left, axis=-1)[:, :110].mean() < 3
    assert np.abs(right - np.asarray(seen, np.float32)).mean() < 3


def test_a_film_that_was_cut_off_is_in_colour_as_far_as_it_goes_and_that_is_told(tmp_path, small_model):
    two_scenes(tmp_path / "whole.mkv", 40, sound=True)
    content = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "a.mkv").write_bytes(content[: len(content) // 2])
    result = colorize_film(job_of(tmp_path, small_model, tmp_path / "a.mkv"))
    assert 5 < result.frames < 60
    assert len(list(read_frames(examine_film(result.film)))) == result.frames
    assert re.search(r"ends \d\.\d seconds earlier than it should", " ".join(result.remarks))


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_an_animated_picture_stays_one_with_its_times(tmp_path, small_model, ending):
    film, durations = tmp_path / f"a.{ending}", [100, 200, 100, 400] * 3
    shown = [Image.fromarray(levels) for levels in gray(pan(ASTRONAUT).frames)]
    shown[0].save(film, save_all=True, append_images=shown[1:], duration=durations, loop=0)
    result = colorize_film(job_of(tmp_path, small_model, film, is_side_by_side=True))
    with Image.open(result.film) as made, Image.open(film) as source:
        assert (made.format, made.n_frames, made.size) == (source.format, 12, (160, 120))
        for number in range(12):
            source.seek(number)
            made.seek(number)
            made.load()
            source.load()
            assert made.info["duration"] == source.info["duration"] == durations[number]
            rgb = np.asarray(made.convert("RGB"), np.float32)
            assert np.abs(luma(rgb) - np.asarray(source.convert("L"), np.float32)).mean() < 3
        assert np.ptp(rgb, axis=-1).mean() > 5
    with Image.open(result.side_by_side) as both:
        assert (both.size, both.n_frames) == ((320, 120), 12)


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
def test_ffprobe_finds_the_same_film(tmp_path, small_model):
    tags = {"color_range": STUDIO_RANGE, "colorspace": 1, "color_primaries": 1, "color_trc": 1}
    two_scenes(tmp_path / "a.mp4", sound=True, tags=tags, turned=180)
    result = colorize_film(job_of(tmp_path, small_model, tmp_path / "a.mp4"))
    old, new = probed(tmp_path / "a.mp4"), probed(result.film)
    assert len(old) == len(new) == 2
    assert (new[0]["codec_name"], new[0]["pix_fmt"]) == ("h264", "yuv420p")
    for name in ("width", "height", "avg_frame_rate", "nb_frames", "color_range", "color_space", "color_transfer"):
        assert new[0][name] == old[0][name]
    assert new[0]["color_primaries"] == "bt709"
    for before, after in zip(old, new, strict=True):
        assert abs(float(before["duration"]) - float(after["duration"])) <= 1 / 25
        assert before["start_time"] == after["start_time"]


def probed(film: Path) -> list[dict]:
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(film)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["streams"]


def test_the_check_of_the_finished_film_is_reported_frame_by_frame(tmp_path, small_model):
    two_scenes(tmp_path / "film.mp4", 3)
    colored, checked = [], []
    job = job_of(tmp_path, small_model, tmp_path / "film.mp4")
    colorize_film(job, lambda *pace: colored.append(pace), lambda *pace: checked.append(pace))
    assert colored[-1] == (6, 6)
    assert checked == [(number, 6) for number in range(1, 7)]
