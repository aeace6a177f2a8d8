"""The start: what colorizing imports, and what it does not."""

import pytest

from tests.conftest import SHIPPED, pictures

RUN = """
import sys
sys.argv = ["colorize.py", *sys.argv[1:]]
from colorizer.console.command_line import main
code = main()
print("imported:", *sorted({name.partition(".")[0] for name in sys.modules}))
sys.exit(code)
"""
SLOW_TO_IMPORT = {"tensorflow", "keras", "scipy", "skimage", "matplotlib", "pandas", "h5py", "http", "email"}


def test_a_photo_is_colorized_without_what_takes_long_to_import(program, tmp_path):
    (program.home / "colorize.py").write_text(RUN)
    done = program("colorize", SHIPPED / "camera.png", "--yes", "--output", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert pictures(tmp_path / "out" / "results") == {"camera.png": (512, 512)}
    assert "The network runs on: CPU, by LiteRT." in done.stdout
    assert "Starting TensorFlow" not in done.stdout
    assert done.stderr == ""
    imported = set(done.stdout.partition("imported:")[2].split())
    assert "numpy" in imported
    assert imported.isdisjoint(SLOW_TO_IMPORT)


@pytest.mark.slow
def test_hints_need_nothing_more_that_takes_long_to_import(program, tmp_path):
    (program.home / "colorize.py").write_text(RUN)
    (tmp_path / "hints.json").write_text('{"camera.png": [{"x": 120, "y": 80, "colour": "#6080b0"}]}')
    flags = ("--hints", tmp_path / "hints.json", "--yes", "--output", tmp_path / "out")
    done = program("colorize", SHIPPED / "camera.png", *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    imported = set(done.stdout.partition("imported:")[2].split())
    assert imported.isdisjoint(SLOW_TO_IMPORT)


def test_without_litert_keras_does_the_same(program, tmp_path):
    (program.home / "ai_edge_litert.py").write_text("raise ImportError('there is no wheel for this machine')")
    (program.home / "tensorflow.py").write_text("raise ImportError('TensorFlow was asked for')")
    done = program("colorize", SHIPPED / "camera.png", "--yes", "--output", tmp_path / "out")
    assert done.returncode == 1
    assert "TensorFlow was asked for" in done.stdout


@pytest.mark.slow
def test_a_model_of_one_s_own_needs_tensorflow_once(program, small_model, tmp_path):
    flags = ("colorize", SHIPPED / "camera.png", "--model", small_model, "--yes", "--output", tmp_path / "out")
    first = program(*flags)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "Starting TensorFlow" in first.stdout
    assert first.stdout.rstrip().endswith(
        "Preparing this model to start without TensorFlow next time, which takes up to a minute…"
    )
    (program.home / "tensorflow.py").write_text("raise SystemExit('TensorFlow was imported')")
    second = program(*flags)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "by LiteRT" in second.stdout
    assert "Preparing this model" not in second.stdout
