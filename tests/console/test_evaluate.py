import csv

import pytest

from tests.conftest import only

pytestmark = pytest.mark.slow


def test_evaluating_gives_a_table_and_sheets_of_the_best_and_the_worst(command, small_model, tmp_path, colour_folder):
    flags = ["--dataset", colour_folder, "--model", small_model, "--count", 7, "--output", tmp_path / "out", "--yes"]
    done = command("evaluate", *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 photos: loss" in done.stdout
    run = only(tmp_path / "out" / "results", "evaluate-*")
    with (run / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7
    assert all(float(row["gray_colourfulness"]) < 0.1 < float(row["true_colourfulness"]) for row in rows)
    assert all((run / name).is_file() for name in ("best/sheet-001.jpg", "worst/sheet-001.jpg", "hues.png"))
