import os
import signal
import subprocess
import sys
import threading

import pytest

from benchmarks.failing import FULL, failing
from colorizer.errors import ColorizeError, Interrupted
from colorizer.files import fcntl, is_abandoned
from colorizer.film.decode import examine_film, read_frames
from colorizer.runs.film import colorize_film
from tests.conftest import PROJECT
from tests.film.scenes import two_scenes
from tests.runs.film_jobs import job_of


def test_a_film_that_was_stopped_goes_on_and_is_equal_to_one_that_was_not(tmp_path, small_model, short_parts):
    film = tmp_path / "a.mp4"
    two_scenes(film, 30, sound=True)
    whole = colorize_film(job_of(tmp_path, small_model, film))

    def stop(done: int, total: int) -> None:
        if done == 41:
            signal.raise_signal(signal.SIGINT)

    at_work = set(threading.enumerate())
    job = job_of(tmp_path, small_model, film)
    with pytest.raises(Interrupted, match=r"32 frames of a\.mp4 are colorized"):
        colorize_film(job, stop)
    assert set(threading.enumerate()) <= at_work
    assert not (job.run.results / "a.mp4").exists()
    whole.folder.rename(tmp_path / "whole")
    done = []
    again = colorize_film(
        job_of(tmp_path, small_model, film, goes_on=True), lambda now, total: done.append((now, total))
    )
    assert (again.folder, again.made_before, done[0]) == (job.run.results, 32, (33, 60))
    assert again.film.read_bytes() == (tmp_path / "whole" / "a.mp4").read_bytes()
    assert again.scenes == whole.scenes
    third = colorize_film(job_of(tmp_path, small_model, film, goes_on=True))
    assert (third.film, third.made_before, third.frames) == (again.film, 60, 60)


@pytest.mark.skipif(fcntl is None, reason="without locks nothing can be told")
def test_a_film_that_another_program_is_colorizing_is_refused_at_once(tmp_path, small_model):
    film, refusals = tmp_path / "a.mkv", []
    two_scenes(film)

    def start_another(done: int, total: int) -> None:
        if done == 1:
            with pytest.raises(ColorizeError, match=r"Another process is colorizing .*a\.mkv") as refusal:
                colorize_film(job_of(tmp_path, small_model, film, goes_on=True), lambda *now: refusals.append(now))
            refusals.append(type(refusal.value))

    result = colorize_film(job_of(tmp_path, small_model, film), start_another)
    assert (refusals, result.frames) == ([ColorizeError], 24)


@pytest.mark.skipif(fcntl is None, reason="without locks nothing can be told")
def test_what_a_killed_process_left_while_it_went_on_with_a_film_is_swept(tmp_path, small_model, short_parts):
    film = tmp_path / "a.mkv"
    two_scenes(film)
    job, marks = job_of(tmp_path, small_model, film), []
    with failing(job.run.results, 6, FULL), pytest.raises(ColorizeError):
        colorize_film(job)
    mark = job.run.results.parent / f".running-{job.run.name}"
    again = job_of(tmp_path, small_model, film, goes_on=True)
    colorize_film(again, lambda *now: marks.append(mark.exists() and not is_abandoned(mark)))
    assert all(marks)
    assert marks
    assert not mark.exists()


@pytest.mark.slow
def test_a_film_whose_process_was_killed_goes_on(tmp_path, small_model):
    film = tmp_path / "a.mkv"
    two_scenes(film, 30)
    whole = colorize_film(job_of(tmp_path / "whole", small_model, film))
    script = (
        "import os, signal, sys; from pathlib import Path; from colorizer.network.model_files import load_model\n"
        "from colorizer.runs import film; from colorizer.runs.folders import new_run; film.PART_FRAMES = 16\n"
        "def kill(done, total):\n    if done == 40: os.kill(os.getpid(), signal.SIGKILL)\n"
        "run = new_run(Path(sys.argv[3]), 'film')\n"
        "film.colorize_film(film.FilmJob(load_model(sys.argv[1]), Path(sys.argv[2]), run), kill)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, small_model, film, tmp_path / "out"],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        env=os.environ,
    )
    assert killed.returncode == -signal.SIGKILL
    again = colorize_film(job_of(tmp_path, small_model, film, goes_on=True))
    assert 16 <= again.made_before <= 32
    assert len(list(read_frames(examine_film(again.film)))) == 60
    assert again.scenes == whole.scenes


def test_a_disk_that_is_full_is_said_nothing_half_written_stays_and_with_room_it_goes_on(
    tmp_path, small_model, short_parts
):
    film = tmp_path / "a.mkv"
    two_scenes(film, 20)
    job = job_of(tmp_path, small_model, film)
    with failing(job.run.results, 6, FULL) as operations, pytest.raises(ColorizeError, match="Could not write"):
        colorize_film(job)
    assert operations.met
    assert not list(job.run.results.rglob(".writing-*"))
    assert not (job.run.results / "a.mkv").exists()
    again = colorize_film(job_of(tmp_path, small_model, film, goes_on=True))
    assert again.folder == job.run.results
    assert len(list(read_frames(examine_film(again.film)))) == 40
