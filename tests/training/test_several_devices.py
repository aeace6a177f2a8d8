"""Training divided over several devices; here the parts of a CPU, which TensorFlow divides only before it starts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from colorizer.training.checkpoint import load_checkpoint
from tests.conftest import PROJECT, SHIPPED

pytestmark = pytest.mark.slow

TRAIN_ON = f"""
import json, sys
from itertools import count
from pathlib import Path

import tensorflow as tf

devices, folder = int(sys.argv[1]), Path(sys.argv[2])
parts = [tf.config.LogicalDeviceConfiguration()] * devices
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)

from colorizer.dataset.batches import PhotoBatches
from colorizer.network.architectures import build
from colorizer.settings import AdversarialSettings, ModelSettings, TrainingSettings
from colorizer.training.train import TrainingControl, TrainingStopped, train_network

PHOTOS = [Path({str(SHIPPED)!r}, name) for name in ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")] * 2
adversarial = AdversarialSettings(epochs=2, filters=8)
settings = TrainingSettings(
    epochs=2, batch_size=4, schedule="cosine", average=0.9, precision="float32", adversarial=adversarial
)


def once(folder, should_stop=lambda: False, validated=4, settings=settings):
    network = build(ModelSettings(size=64, filters=(8, 16, 16)))
    learning, validation = PhotoBatches(PHOTOS, 64, 4), PhotoBatches(PHOTOS[:validated], 64, 4)
    return train_network(network, learning, validation, settings, folder, TrainingControl(should_stop=should_stop))


from colorizer.network.devices import evenly_divided, mirrored, strategy

assert [evenly_divided(count) for count in (7, 4, 1)] == ([6, 4, 1] if devices > 1 else [7, 4, 1])
assert devices == 1 or strategy(evenly_divided(7), evenly_divided(3)) is mirrored()
print(json.dumps(once(folder / "whole").history))
if devices > 1:
    asked = count()
    try:
        once(folder / "parts", lambda: next(asked) >= 6)  # in the first adversarial epoch
        sys.exit("was not stopped")
    except TrainingStopped:
        once(folder / "parts")
    once(folder / "odd", validated=3, settings=TrainingSettings(epochs=1, batch_size=4))
"""


def trained_on(devices: int, folder: Path) -> dict[str, list]:
    """Train into `folder`, on several devices also in parts; return the history of the whole training."""
    done = subprocess.run(
        [sys.executable, "-c", TRAIN_ON, str(devices), folder],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[0])


def test_two_devices_learn_what_one_learns_and_go_on_where_they_were_interrupted(tmp_path):
    on_one, on_two = (trained_on(devices, tmp_path / str(devices)) for devices in (1, 2))
    assert on_two["learning_rate"] == on_one["learning_rate"]
    for figure in ("loss", "val_loss"):
        # In the adversarial phase each device's discriminator sees the batch statistics of its own photos alone.
        assert on_two[figure][:2] == pytest.approx(on_one[figure][:2], rel=1e-3)
    assert np.isfinite(on_two["val_gain"][2:]).all()
    whole, parts = (load_checkpoint(tmp_path / "2" / name / "state.npz").arrays for name in ("whole", "parts"))
    for group in ("model", "average", "discriminator"):
        for one, other in zip(whole[group], parts[group], strict=True):
            assert np.abs(one - other).max() < 1e-5
