import numpy as np
import pytest
from PIL import Image

from colorizer.settings import SHEET_ROWS, STRIP_EPOCHS
from colorizer.sheets import COMPARED, SheetWriter, save_row, save_strip


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


def test_a_strip_joins_all_epochs_in_order_and_of_a_long_game_evenly_chosen_ones(tmp_path):
    paths = []
    for number in range(STRIP_EPOCHS + 40):
        shade = 255 - 2 * number
        paths.append(tmp_path / f"{number:03}.jpg")
        save_row(paths[-1], f"epoch {number}", [Image.new("RGB", (40, 40), (shade, shade, shade))] * 2)
    strip = np.asarray(Image.open(save_strip(tmp_path / "short.jpg", paths[:5])))
    with Image.open(paths[0]) as row:
        height = row.height
    assert strip.shape[0] == 5 * height
    middles = strip[height - 30 :: height, 30, 0].astype(int)
    assert np.abs(middles - [255, 253, 251, 249, 247]).max() <= 1
    long = np.asarray(Image.open(save_strip(tmp_path / "long.jpg", paths)))
    assert long.shape[0] == (2 + STRIP_EPOCHS) * height
    shades = long[height - 30 :: height, 30, 0].astype(int)
    assert shades[0] >= 254
    assert shades[-1] == pytest.approx(255 - 2 * (STRIP_EPOCHS + 39), abs=2)
    assert (np.diff(shades) < 0).all()
