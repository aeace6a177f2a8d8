import json
import os

import pytest

from colorizer.dataset.split import Split
from colorizer.errors import ColorizeError, TrainingFinished
from colorizer.network.architectures import build
from colorizer.runs.folders import new_run
from colorizer.runs.specification import (
    RunSpecification,
    forget_specification,
    read_specification,
    write_specification,
)
from colorizer.settings import AdversarialSettings, AugmentationSettings, ModelSettings, TrainingSettings

MODEL = ModelSettings(size=32, filters=(4, 4))


@pytest.fixture
def specification(colour_folder) -> RunSpecification:
    photos = tuple(sorted(colour_folder.glob("*.jpg")))
    adversarial, augmentation = AdversarialSettings(l1_weight=3.0), AugmentationSettings(rotation=5.0)
    settings = TrainingSettings(epochs=7, average=0.9, adversarial=adversarial, augmentation=augmentation)
    split = Split(photos[:2], photos[2:3], photos[3:4])
    return RunSpecification(colour_folder, split, settings, 1_000_000, MODEL, save_results=False)


def test_what_was_written_down_is_read_again(tmp_path, specification):
    run, network = new_run(tmp_path, "train"), build(MODEL)
    write_specification(run, specification, network)
    again, read, begun_with = read_specification(run.models)
    assert (again.models, again.results) == (run.models.resolve(), run.results.resolve())
    assert read == specification
    assert (begun_with.name, begun_with.size) == ("chroma_unet", 32)
    forget_specification(run)
    assert not run.models.exists()


def test_a_plan_from_before_there_were_versions_is_read(tmp_path, specification):
    run = new_run(tmp_path, "train")
    write_specification(run, specification, build(MODEL))
    text = json.loads((run.models / "specification.json").read_text())
    for name in ("version", "model", "save_model", "save_results"):
        del text[name]
    (run.models / "plan.json").write_text(json.dumps(text))
    (run.models / "specification.json").unlink()
    _, read, _ = read_specification(run.models)
    assert read.settings == specification.settings
    assert read.split == specification.split
    assert (read.model, read.save_model, read.save_results) == (None, True, True)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 99}, "newer version of this program"),
        ({"settings": {"speed": 3}}, "cannot be read"),
        ({"train": None}, "cannot be read"),
        ({"train": "photo.jpg"}, "its photos are not a list"),
        ({"train": [3]}, "cannot be read"),
        ({"settings": {"epochs": "many"}}, "its epochs is invalid: 'many'"),
        ({"settings": {"epochs": True}}, "its epochs is invalid: True"),
        ({"settings": {"adversarial": {"l1_weight": [1]}}}, "its l1_weight"),
        ({"model": {"filters": ["4"]}}, "its filters"),
        ({"model": {"size": None}}, "its size is invalid: None"),
        ({"network": []}, "cannot be read"),
    ],
)
def test_a_specification_that_does_not_serve_is_a_sentence(tmp_path, specification, change, sentence):
    run = new_run(tmp_path, "train")
    write_specification(run, specification, build(MODEL))
    path = run.models / "specification.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ColorizeError, match=sentence):
        read_specification(run.models)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_in_the_place_of_a_specification_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "specification.json")
    with pytest.raises(ColorizeError, match="it is not a regular file"):
        read_specification(tmp_path)


def test_where_nothing_is_unfinished_it_is_said(tmp_path):
    with pytest.raises(ColorizeError, match="No unfinished training found in"):
        read_specification(tmp_path)


def test_a_finished_training_names_its_model(tmp_path):
    (tmp_path / "model.h5").touch()
    with pytest.raises(TrainingFinished, match=r"is finished\.") as finished:
        read_specification(tmp_path)
    assert finished.value.model == tmp_path / "model.h5"
