import numpy as np
import pytest

from colorizer.inference.spreading import GRID, SIDE, Sample, Spreading


@pytest.fixture
def luma(camera) -> np.ndarray:
    return camera.reshape(SIDE, 512 // SIDE, SIDE, 512 // SIDE).mean(axis=(1, 3), dtype=np.float32) / 255


GRAY = np.zeros((GRID, GRID, 2), np.float32)


def hint(row: int, column: int, *chroma: float, reach: float = 1.0) -> Sample:
    return Sample((row, column), np.float32(chroma), np.zeros(2, np.float32), reach)


def test_hints_of_different_reach_next_to_each_other_keep_their_colors():
    narrow, wide = hint(30, 30, 0.2, -0.1), hint(30, 32, -0.2, 0.1, reach=4.0)
    change = Spreading(np.full((SIDE, SIDE), 0.5, np.float32), GRAY).spread([narrow, wide])
    for each in (narrow, wide):
        assert np.abs(change[each.cell] - each.wanted).max() < 0.05


def test_a_mirrored_photo_takes_mirrored_colors(luma):
    change = Spreading(luma, GRAY).spread([hint(40, 20, 0.2, -0.1), hint(10, 50, -0.1, 0.1)])
    mirrored = [hint(40, GRID - 1 - 20, 0.2, -0.1), hint(10, GRID - 1 - 50, -0.1, 0.1)]
    assert np.abs(change - Spreading(luma[:, ::-1], GRAY).spread(mirrored)[:, ::-1]).max() < 0.002
