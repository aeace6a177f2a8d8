import numpy as np
import pytest
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.network.model_files import load_model
from colorizer.pictures.sheets import SNAPSHOT_PHOTOS, Snapshots
from colorizer.training.callbacks import EpochReport
from tests.conftest import SHIPPED


def report(epoch: int) -> EpochReport:
    return EpochReport("adversarial", epoch, 2, 1, 1, {}, True)


def test_the_same_photos_are_shown_after_every_epoch_and_joined_at_the_end(tmp_path, small_model):
    photos = [SHIPPED / name for name in ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")] * 2
    snapshots = Snapshots(photos, tmp_path / "samples")
    assert snapshots.finish() is None
    network = load_model(small_model)
    for epoch in (1, 2):
        snapshots(report(epoch), network)
    names = sorted(path.name for path in (tmp_path / "samples").iterdir())
    assert names == ["epoch-00001.jpg", "epoch-00002.jpg", "gray.jpg", "true.jpg"]
    strip = Image.open(snapshots.finish())
    row = Image.open(tmp_path / "samples" / "gray.jpg")
    assert strip.size == (row.width, 4 * row.height)
    assert row.width > SNAPSHOT_PHOTOS * 200
    gray = np.asarray(row).astype(int)
    assert np.ptp(gray, axis=-1).mean() < 1 < np.ptp(np.asarray(strip).astype(int), axis=-1).mean()


def test_a_photo_that_is_gone_is_named(tmp_path, small_model):
    with pytest.raises(ColorizeError, match=r"gone\.png"):
        Snapshots([tmp_path / "gone.png"], tmp_path / "samples")(report(1), load_model(small_model))
