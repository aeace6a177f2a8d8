import signal
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from benchmarks.kill import unreadable
from colorizer.dataset.find import find_files
from colorizer.errors import Interrupted
from colorizer.network.model_files import load_model
from colorizer.photos.color import luma
from colorizer.runs.colorize import ColorizeJob, colorize_photos
from colorizer.runs.folders import new_run
from tests.conftest import SHIPPED


@pytest.mark.slow
def test_ctrl_c_between_two_photos_stops_the_writing_before_the_complete_ones_are_counted(
    small_model, tmp_path, gray_folder
):
    at_work = set(threading.enumerate())
    photos = find_files(gray_folder)
    run = new_run(tmp_path / "out", "colorize")
    job = ColorizeJob(load_model(small_model), photos.files, photos.root, run)
    with pytest.raises(Interrupted) as interrupted:
        colorize_photos(job, lambda done, total: signal.raise_signal(signal.SIGINT))
    assert set(threading.enumerate()) <= at_work
    complete = len(list(run.results.glob("*.png")))
    assert 0 < complete < 200
    assert f"{complete} of 200 colour photos are complete" in str(interrupted.value)
    assert unreadable(tmp_path / "out") == []
    result = colorize_photos(replace(job, run=new_run(tmp_path / "out", "colorize"), goes_on=True))
    assert (result.folder, result.made_before) == (run.results, complete)
    assert len(result.pictures) == len(list(run.results.glob("*.png"))) == 200


def test_pictures_of_one_name_from_two_folders_stay_two(tmp_path, small_model):
    cat, coffee = tmp_path / "photos" / "a.png", tmp_path / "photos" / "sub" / "a.png"
    coffee.parent.mkdir(parents=True)
    Image.open(SHIPPED / "chelsea.png").save(cat)
    Image.open(SHIPPED / "coffee.png").save(coffee)
    run = new_run(tmp_path / "out", "colorize")
    result = colorize_photos(ColorizeJob(load_model(small_model), [cat, coffee], tmp_path / "photos", run))
    assert result.pictures == {cat: run.results / "a.png", coffee: run.results / "sub" / "a.png"}
    for photo, picture in result.pictures.items():
        true, made = (luma(np.asarray(Image.open(path).convert("RGB"))) for path in (photo, picture))
        assert np.abs(true - made).mean() < 1
