import numpy as np
import pytest
from PIL import Image

from colorizer.pictures.sheets import COMPARED, SHEET_ROWS, SheetWriter


def test_sheets_hold_all_rows_and_names_of_every_script(tmp_path):
    writer = SheetWriter(tmp_path / "sheets", COMPARED)
    tall = Image.new("RGB", (100, 320), "purple")
    names = ["plain.jpg", "שלום.jpg", "😀.jpg", "x" * 400 + ".jpg", "bad\udcff.jpg"] + ["more.jpg"] * (SHEET_ROWS - 4)
    for name in names:
        writer.add(name, [tall] * 3)
    sheets = writer.finish()
    assert [path.name for path in sheets] == ["sheet-001.jpg", "sheet-002.jpg"]
    first, second = (np.asarray(Image.open(path)) for path in sheets)

    def rows_of_three(sheet: np.ndarray) -> float:
        purple = np.abs(sheet.astype(int) - (128, 0, 128)).max(axis=-1) < 20
        return purple.sum() / (3 * tall.width * tall.height)

    assert rows_of_three(first) == pytest.approx(SHEET_ROWS, rel=0.02)
    assert rows_of_three(second) == pytest.approx(1, rel=0.02)
    assert first.shape[1] == second.shape[1]


def test_a_name_of_several_lines_does_not_end_the_sheet(tmp_path):
    writer = SheetWriter(tmp_path / "sheets", COMPARED)
    writer.add("a\nb\u202e\x1b[31m\udcff.jpg", [Image.new("RGB", (100, 100))] * 3)
    assert len(writer.finish()) == 1
