"""Run each notebook from top to bottom, as users do, on photos from scikit-image."""

import json
import os
from itertools import pairwise

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from tests.conftest import PROJECT

NOTEBOOKS = PROJECT / "notebooks"
_SMALL_TRAINING = {"output": "OUTPUT", "size": 64, "epochs": 20, "learning_rate": 5e-3}
_EMPTY_ENVIRONMENT = os.environ.get("NOTEBOOK_PYTHON")
"""Python of an environment that holds only ipykernel (`.ci/run`): the first cell of a notebook installs the rest."""


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
        ("train", {**_SMALL_TRAINING, "studied_epochs": 1}, 6, "assert record.kept_epoch and trained.curves.is_file()"),
        ("kaggle", _SMALL_TRAINING, 5, "assert record.kept_epoch and trained.curves.is_file()"),
    ],
    ids=["colorize", "inside", "train", "kaggle"],
)
def test_a_notebook_runs_from_top_to_bottom(name, parameters, least_pictures, end, tmp_path, monkeypatch):
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    place = next(number for number, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", ()))
    written = {key: str(tmp_path / value) for key, value in parameters.items() if key in ("output", "results")}
    chosen = "\n".join(f"{key} = {value!r}" for key, value in {**parameters, **written}.items())
    notebook.cells.insert(place + 1, new_code_cell(chosen))
    notebook.cells.append(new_code_cell(end))
    client = NotebookClient(
        notebook, timeout=900, kernel_name=_kernel(tmp_path, monkeypatch), resources={"metadata": {"path": NOTEBOOKS}}
    )
    client.execute()
    installing, *others = (cell for cell in notebook.cells if cell.cell_type == "code")
    assert installing.id.endswith("install")
    outputs = [output for cell in others for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= least_pictures
    assert not any(output.get("name") == "stderr" and "Traceback" in output["text"] for output in outputs)


def _kernel(tmp_path, monkeypatch) -> str:
    """Return the name of the kernel to run, which finds the program by its place next to the notebooks alone."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    if not _EMPTY_ENVIRONMENT:
        return "python3"
    folder = tmp_path / "kernels" / "empty"
    folder.mkdir(parents=True)
    command = [_EMPTY_ENVIRONMENT, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (folder / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "empty", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return "empty"
