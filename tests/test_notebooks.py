"""The notebooks: each from top to bottom, as a person runs it, on the photographs inside scikit-image."""

import os
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from tests.conftest import PROJECT

NOTEBOOKS = PROJECT / "notebooks"
_SMALL_TRAINING = {"output": "OUTPUT", "size": 64, "epochs": 20, "learning_rate": 5e-3}


def test_notebooks_are_kept_without_what_they_gave_and_each_cell_is_told():
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    assert [path.stem for path in paths] == ["colorize", "inside", "kaggle", "train"]
    for path in paths:
        cells = nbformat.read(path, as_version=4).cells
        for before, cell in pairwise(cells):
            if cell.cell_type == "code":
                assert cell.outputs == [] and cell.execution_count is None, path
                assert before.cell_type == "markdown", f"{path}: {cell.source[:40]}"
        told = [cell.source for cell in cells[1:] if cell.cell_type == "markdown"]
        assert all(text.count(". ") <= 2 for text in told), path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "parameters", "least_pictures", "end"),
    [
        ("colorize", {"results": "results"}, 3, "assert target.is_file()"),
        ("inside", {"filters_shown": 1}, 10, "assert explained.signed.any()"),
        ("train", {**_SMALL_TRAINING, "studied_epochs": 1}, 6, "assert gain_on_its_own > 0.1"),
        ("kaggle", {**_SMALL_TRAINING, "program": str(PROJECT)}, 5, "assert gain_on_its_own > 0.1"),
    ],
)
def test_a_notebook_runs_from_top_to_bottom(name, parameters, least_pictures, end, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (PROJECT, *_path()))))
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    place = next(number for number, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", ()))
    chosen = "\n".join(f"{key} = {value!r}" for key, value in parameters.items())
    notebook.cells.insert(place + 1, new_code_cell(chosen))
    notebook.cells.append(new_code_cell(end))
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= least_pictures
    assert not any(output.get("name") == "stderr" and "Traceback" in output["text"] for output in outputs)


def _path() -> list[Path]:
    return [Path(each) for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
