"""From Python the package says nothing by itself, whatever its libraries would like to say."""

import os
import subprocess
import sys

import pytest

from tests.conftest import PROJECT, SHIPPED

EVERYTHING = """
import sys
from pathlib import Path

from colorizer import colorize_photo, load_model
from colorizer.dataset import Split
from colorizer.network import build, save, save_weights
from colorizer.runs import EvaluateJob, RunSpecification, begin_training, new_run, save_evaluation, score_photos
from colorizer.runs import train_and_keep
from colorizer.settings import AdversarialSettings, ModelSettings, TrainingSettings

folder, *photos = map(Path, sys.argv[1:])
network = build(ModelSettings(size=64, filters=(8, 8, 16), dropout=0.1))
save_weights(network.model, folder / "weights.weights.h5")
for name in ("model.h5", "model.keras"):
    save(network.model, folder / name)
    colorize_photo(photos[0], load_model(folder / name)).save(folder / "photo.png")
settings = TrainingSettings(epochs=1, batch_size=2, tensorboard=True, adversarial=AdversarialSettings(filters=8))
specification = RunSpecification(photos[0].parent, Split((*photos[:2],), (photos[2],), (photos[3],)), settings, 10**7)
run = new_run(folder / "OUTPUT", "train", "cats")
train_and_keep(begin_training(network, specification, run))
job = EvaluateJob(load_model(), photos[:1], photos[0].parent, new_run(folder / "OUTPUT", "evaluate"), batch_size=1)
save_evaluation(job, score_photos(job))
"""


@pytest.mark.slow
def test_training_saving_loading_colorizing_and_evaluating_say_nothing(tmp_path):
    photos = [SHIPPED / name for name in ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run(
        [sys.executable, "-c", EVERYTHING, tmp_path, *photos],
        env={**environment, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    models = tmp_path / "OUTPUT" / "models" / "cats"
    assert (models / "model.h5").is_file()
    logs = {path.parent.name for path in (models / "tensorboard").rglob("events.out.tfevents.*")}
    assert logs == {"train", "validation"}


OVERLAPPING = """
import os, threading
from colorizer.libraries import suppressed_stderr

first_in, second_in = threading.Event(), threading.Event()

def second():
    first_in.wait()
    with suppressed_stderr():
        second_in.set()
        first.join()
        os.write(2, b"noise of a library")

def hold():
    with suppressed_stderr():
        first_in.set()
        second_in.wait()

first, last = threading.Thread(target=hold), threading.Thread(target=second)
first.start(), last.start()
last.join()
os.write(2, b"an error")
"""


def test_errors_are_shown_again_after_two_threads_suppressed_them_at_once():
    done = subprocess.run(
        [sys.executable, "-c", OVERLAPPING],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "an error")
