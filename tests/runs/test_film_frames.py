from fractions import Fraction

import pytest

from benchmarks.film_frames import Trial, tried
from colorizer.network.model_files import load_model

TRIALS = (
    Trial("a.mp4", "libx264", "yuv420p", 7, Fraction(25), is_variable=False, encoding="h264"),
    Trial("a.mp4", "libx264", "yuv420p", 23, Fraction(25), is_variable=False, encoding="h264"),
    Trial("slides.mp4", "mpeg4", "yuv420p", 5, Fraction(1, 5), is_variable=False, encoding="h264"),
    Trial("a.mp4", "mpeg4", "yuv420p", 19, Fraction(60), is_variable=True, encoding="h265"),
    Trial("a.mkv", "libx265", "yuv420p", 18, Fraction(24), is_variable=True, encoding="h264"),
    Trial("a.mkv", "mjpeg", "yuvj420p", 1, Fraction(25), is_variable=False, encoding="h264"),
    Trial("a.webm", "libvpx-vp9", "yuv420p", 20, Fraction(30_000, 1001), is_variable=True, encoding="h264"),
)


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: f"{trial.frames} frames, {trial.codec}, {trial.name}")
def test_as_many_frames_come_out_at_the_same_times_as_went_in(tmp_path, small_model, short_parts, trial):
    assert tried(trial, load_model(small_model), tmp_path) == ""
