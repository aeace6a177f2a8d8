import json
from dataclasses import replace

import numpy as np
import pytest

from colorizer.dataset.find import find_files
from colorizer.dataset.split import split_photos
from colorizer.errors import Interrupted
from colorizer.network.architectures import build
from colorizer.network.model_files import load
from colorizer.runs.folders import new_run
from colorizer.runs.specification import RunSpecification, finished_epochs, read_specification, write_specification
from colorizer.runs.train import TrainJob, colorize_test_photos, evaluate_trained, train_and_keep, train_and_save
from colorizer.settings import ModelSettings, TrainingSettings

MODEL = ModelSettings(size=32, filters=(4, 8))


def job(folder, photos, **settings) -> TrainJob:
    files = find_files(photos)
    how = TrainingSettings(epochs=3, batch_size=2, precision="float32", **settings)
    specification = RunSpecification(files.root, split_photos(files.files, 6, 2), how, 1_000_000, MODEL)
    made = TrainJob(build(MODEL), specification, new_run(folder, "train"))
    write_specification(made.run, specification, made.network)
    return made


@pytest.mark.slow
def test_one_call_trains_evaluates_and_keeps_everything(tmp_path, colour_folder):
    done, epochs = job(tmp_path, colour_folder), []
    result = train_and_keep(done, lambda epoch: epochs.append(epoch.epoch) if epoch.finished else None)
    assert epochs == [1, 2, 3]
    assert {path.name for path in done.run.models.iterdir()} == {"model.h5", "model.weights.h5", "model.json"}
    kept = load(done.run.models / "model.h5")
    for one, other in zip(kept.model.get_weights(), done.network.model.get_weights(), strict=True):
        assert np.array_equal(one, other)
    record = json.loads(result.trained.record.read_text(encoding="utf-8"))
    assert record["version"] == 1
    assert record["model"]["filters"] == [4, 8]
    assert record["training"]["kept_epoch"] == result.training.kept_epoch
    assert result.trained.curves.is_file()
    assert result.trained.start is None
    assert result.trained.snapshots.is_file()
    assert len(list((done.run.results / "samples").glob("epoch-*.jpg"))) == 3
    assert sorted(result.colorized.pictures) == sorted(done.specification.split.test)
    assert all(path.is_file() for path in result.colorized.pictures.values())


@pytest.mark.slow
def test_a_job_that_was_stopped_ends_as_if_it_had_not_been(tmp_path, colour_folder):
    whole = job(tmp_path / "whole", colour_folder)
    train_and_keep(whole)
    stopped, seen = job(tmp_path / "parts", colour_folder), []
    with pytest.raises(Interrupted, match="Stopped in epoch 2"):
        train_and_keep(stopped, seen.append, lambda: seen[-1].epoch == 2)
    assert (stopped.run.models / "last.h5").is_file()
    run, specification, network = read_specification(stopped.run.models)
    train_and_keep(TrainJob(network, specification, run))
    for one, other in zip(whole.network.model.get_weights(), network.model.get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert not (run.models / "specification.json").exists()


@pytest.mark.slow
def test_a_loaded_model_is_compared_with_its_start_and_mixed_with_it(tmp_path, colour_folder):
    loaded = job(tmp_path, colour_folder, start_share=0.5, learning_rate=1e-3)
    loaded = replace(loaded, specification=replace(loaded.specification, model=None))
    before = loaded.network.model.get_weights()
    training = train_and_save(loaded)
    assert training.kept_epoch > 0
    share = training.start_share
    assert 0.5 <= share < 1
    trained = load(loaded.run.models / "best.h5").model.get_weights()
    for one, start, whole in zip(loaded.network.model.get_weights(), before, trained, strict=True):
        assert np.allclose(one, share * start + (1 - share) * whole, atol=1e-5)
    assert finished_epochs(loaded.run) == 3
    evaluated = evaluate_trained(loaded, training)
    assert evaluated.start.predicted != evaluated.evaluation.predicted
    assert evaluated.start.gray == evaluated.evaluation.gray
    record = json.loads(evaluated.record.read_text(encoding="utf-8"))
    assert record["start_evaluation"]["predicted"]["psnr"] == evaluated.start.predicted.psnr


@pytest.mark.parametrize(("has_all_sheets", "sheets"), [(False, 1), (True, 2)])
def test_every_test_photo_is_on_a_sheet_where_that_is_wanted(tmp_path, colour_folder, has_all_sheets, sheets):
    wanted = job(tmp_path, colour_folder)
    split = replace(wanted.specification.split, test=find_files(colour_folder).files)
    wanted = replace(wanted, specification=replace(wanted.specification, split=split))
    assert len(colorize_test_photos(wanted, has_all_sheets=has_all_sheets).sheets) == sheets


@pytest.mark.slow
def test_what_is_not_wanted_is_not_kept(tmp_path, colour_folder):
    unwanted = job(tmp_path, colour_folder)
    unwanted = replace(unwanted, specification=replace(unwanted.specification, save_model=False, save_results=False))
    result = train_and_keep(unwanted)
    assert not unwanted.run.models.exists()
    assert result.colorized is None
    assert result.trained.record == unwanted.run.results / "model.json"
