"""Records of the program's own with contents that Hypothesis makes up: thrown away, or refused in a sentence."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from colorizer.dataset.check import Findings
from colorizer.dataset.unpacking import came_from
from colorizer.errors import ColorizeError
from colorizer.marks import made_beside, mark_beside
from colorizer.runs.folders import earlier_run, new_run
from colorizer.runs.names import picture_paths
from colorizer.runs.specification import learned_from, read_specification

A_TEXT = some.sampled_from(["a.png", "b/a.png", "../x", "/tmp/x", "", "\0", "network", "size", "train", "settings"])
A_VALUE = some.none() | some.booleans() | some.integers(-1, 2**70) | some.floats() | A_TEXT | some.text(max_size=4)
ANYTHING = some.recursive(
    A_VALUE, lambda inner: some.lists(inner, max_size=4) | some.dictionaries(A_TEXT, inner, max_size=4), max_leaves=12
)
A_FINDING = some.lists(A_VALUE | some.lists(A_VALUE, max_size=3), min_size=2, max_size=3)
NAMES = some.dictionaries(A_TEXT, some.tuples(A_TEXT, some.none() | some.lists(A_VALUE, max_size=3)) | ANYTHING)
SPECIFICATION = some.fixed_dictionaries(
    {},
    optional={
        "version": A_VALUE,
        "network": some.fixed_dictionaries({"name": A_VALUE, "size": A_VALUE}) | ANYTHING,
        "root": A_VALUE,
        "settings": some.dictionaries(some.sampled_from(["epochs", "loss", "adversarial"]), ANYTHING) | ANYTHING,
        "model": ANYTHING,
        "maximum_pixels": A_VALUE,
        **{part: some.lists(A_TEXT, max_size=2) | ANYTHING for part in ("train", "validation", "test")},
    },
)
FILE = some.binary(max_size=20) | ANYTHING.map(lambda value: json.dumps(value).encode())
quickly = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def is_inside(path: Path, folder: Path) -> bool:
    return Path(os.path.normpath(path)).is_relative_to(folder)


@quickly
@given(content=FILE | NAMES.map(lambda value: json.dumps(value).encode()))
def test_names_lead_nowhere_else(tmp_path_factory, content):
    place = tmp_path_factory.mktemp("names")
    run = new_run(place / "out", "colorize")
    photos = [place / "a.png", place / "b" / "a.png"]
    (place / "b").mkdir()
    for photo in photos:
        photo.write_bytes(b"never opened")
    (run.results / ".names.json").write_bytes(content)
    paths = picture_paths(run, place, photos)
    assert len(set(paths.values())) == 2
    assert all(is_inside(path, run.results) and path != run.results for path in paths.values())


@quickly
@given(content=FILE | some.dictionaries(A_TEXT, A_FINDING).map(lambda value: json.dumps(value).encode()))
def test_a_cache_recalls_a_finding_or_nothing(tmp_path_factory, content):
    place = tmp_path_factory.mktemp("cache")
    Findings(place, place).remember("a.png", (1, 1), ["RGB", 1])
    fresh = Findings(place, place)
    fresh.remember("a.png", (1, 1), ["RGB", 1])
    fresh.save()
    (file,) = place.rglob("*.json")
    file.write_bytes(content)
    found = Findings(place, place)
    assert all(isinstance(found.recall(name, (1, 1)), list | None) for name in ("a.png", "../x", ""))
    found.save()


@quickly
@given(content=FILE)
def test_what_is_beside_a_file_is_believed_only_if_it_fits(tmp_path_factory, content):
    place = tmp_path_factory.mktemp("records")
    run = new_run(place, "colorize")
    for name in (".made-from.json", ".unpacked-from.json", ".colorizer-beside.json", "model.json"):
        (run.results / name).write_bytes(content)
    (place / "archive.zip").write_bytes(b"no zip")
    assert not came_from(run.results, place / "archive.zip")
    assert earlier_run(run, {"photos": "none of these"}) is None
    assert all(isinstance(name, str) for name in made_beside(run.results))
    assert learned_from(run.results / "model.h5", [place / "archive.zip"]) == 0
    mark_beside(run.results, ["new.jpg"])
    assert "new.jpg" in made_beside(run.results)


@quickly
@given(content=FILE | SPECIFICATION.map(lambda value: json.dumps(value).encode()))
def test_a_specification_is_refused_in_a_sentence(tmp_path_factory, content):
    models = tmp_path_factory.mktemp("out") / "models" / "train-20260101-000000"
    models.mkdir(parents=True)
    (models / "specification.json").write_bytes(content)
    with pytest.raises(ColorizeError) as refusal:
        read_specification(models)
    assert str(models) in str(refusal.value)
