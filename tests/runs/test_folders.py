import json

import pytest

from colorizer.errors import ColorizeError
from colorizer.runs.folders import MADE_FROM, earlier_run, model_of_run, new_run, reserved_run, write_record


def test_a_clock_that_goes_backwards_overwrites_nothing(tmp_path, monkeypatch):
    for moment in ("20260102-000000", "20260101-000000", "20260102-000000"):
        monkeypatch.setattr("time.strftime", lambda form, moment=moment: moment)
        run = new_run(tmp_path, "train")
        (run.results / "graphs.png").write_text(moment)
    texts = sorted(path.read_text() for path in (tmp_path / "results").rglob("graphs.png"))
    assert texts == ["20260101-000000", "20260102-000000", "20260102-000000"]


def test_every_run_has_folders_of_its_own(tmp_path):
    runs = [new_run(tmp_path, "train") for _ in range(3)]
    assert len({run.results for run in runs}) == 3
    assert all(run.results.is_dir() and not run.models.exists() for run in runs)
    assert (tmp_path / "models").is_dir()


def test_a_run_in_which_nothing_was_written_is_given_back_and_another_kept(tmp_path):
    with reserved_run(tmp_path, "train") as empty, reserved_run(tmp_path, "train") as used:
        for run in (empty, used):
            run.models.mkdir()
        (used.models / "specification.json").write_text("{}")
    assert not empty.models.exists()
    assert not empty.results.exists()
    assert used.models.is_dir()
    assert used.results.is_dir()


def test_an_output_that_is_a_file_is_named(tmp_path):
    (tmp_path / "OUTPUT").write_text("a file")
    with pytest.raises(ColorizeError, match="OUTPUT"):
        new_run(tmp_path / "OUTPUT", "train")


def test_an_earlier_run_is_found_by_what_it_was_made_from(tmp_path):
    runs = [new_run(tmp_path, "colorize") for _ in range(3)]
    for run, vividness in zip(runs, (1.0, 1.0, 1.5), strict=True):
        write_record(run.results / MADE_FROM, {"photos": "here", "vividness": vividness})
    now = new_run(tmp_path, "colorize")
    assert earlier_run(now, {"photos": "here", "vividness": 1.0}).results == runs[1].results
    assert earlier_run(now, {"photos": "elsewhere", "vividness": 1.0}) is None
    assert earlier_run(new_run(tmp_path, "train"), {"photos": "here", "vividness": 1.0}) is None


def test_a_record_is_json_that_reads_back(tmp_path):
    write_record(tmp_path / "record.json", {"photos": 3, "folder": tmp_path, "name": "שלום"})
    assert json.loads((tmp_path / "record.json").read_text(encoding="utf-8")) == {
        "photos": 3,
        "folder": str(tmp_path),
        "name": "שלום",
    }


def test_a_run_may_have_a_name_which_is_then_taken(tmp_path):
    run = new_run(tmp_path, "train", "סבתא 1")
    assert (run.models, run.results) == (tmp_path / "models" / "סבתא 1", tmp_path / "results" / "סבתא 1")
    with pytest.raises(ColorizeError, match=r"A run named סבתא 1 already exists in .*. Choose another name"):
        new_run(tmp_path, "train", "סבתא 1")
    for name in ("..", "a/b", ".hidden", "a\nb", "x" * 81):
        with pytest.raises(ColorizeError, match="is not a valid name for a run"):
            new_run(tmp_path, "train", name)


def test_the_model_of_a_run_is_found_by_its_name(tmp_path):
    run = new_run(tmp_path, "train", "cats")
    run.models.mkdir()
    (run.models / "model.h5").touch()
    assert model_of_run(tmp_path, "cats") == run.models / "model.h5"
    with pytest.raises(
        ColorizeError, match=r"No model file or trained model named cat found in .*\. Did you mean cats\?"
    ):
        model_of_run(tmp_path, "cat")
