"""The program in a notebook's own kernel, as `%run` starts it there."""

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import SHIPPED

pytestmark = pytest.mark.slow


def test_a_notebook_shows_what_was_made_by_itself_and_goes_on_afterwards(program, small_model, tmp_path):
    flags = f"{SHIPPED / 'camera.png'} --model {small_model} --to '{tmp_path / 'in colour'}' --yes"
    cells = [
        "import signal; before = signal.getsignal(signal.SIGTERM)",
        f"%run {program.home / 'colorize.py'} {flags} --show-results",
        f"%run {program.home / 'colorize.py'} {flags} --skip-existing --no-show-results",
        "assert signal.getsignal(signal.SIGTERM) == before",
        f"%run {program.home / 'colorize.py'} train --epochs many",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    (tmp_path / "home").mkdir()
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute(cwd=str(tmp_path))
    made, made_before, wrong = (notebook.cells[number].outputs for number in (1, 2, 4))
    assert "color photo is at" in told(made)
    assert [kind for kind in shown(made) if kind.startswith("image/")] == ["image/jpeg"]
    assert shown(made_before) == []
    assert "'many' is not a whole number." in told(wrong)
    assert "Traceback" not in told(wrong)


def told(outputs) -> str:
    return "".join(output.get("text", "") for output in outputs)


def shown(outputs) -> list[str]:
    return [kind for output in outputs if output.output_type == "display_data" for kind in output.data]
