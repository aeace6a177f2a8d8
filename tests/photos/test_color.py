import numpy as np
import pytest
from skimage.color import rgb2gray, rgb2hsv

from colorizer.photos.color import CHROMA_TO_OFFSET, colourfulness, luma, merge


def merged(gray: np.ndarray, offset: np.ndarray) -> np.ndarray:
    return np.moveaxis(merge(gray, np.moveaxis(offset, -1, 0)), 0, -1)


def test_luma_agrees_with_scikit_image(astronaut):
    rgb = astronaut / 255
    assert np.abs(luma(rgb) - rgb2gray(rgb)).max() < 0.001


def test_luma_and_offset_rebuild_the_photo(astronaut):
    rgb = astronaut.astype(np.float32) / 255
    assert np.abs(merged(luma(rgb), rgb - luma(rgb)[..., None]) - rgb).max() < 1e-5


def test_half_a_unit_of_chroma_turns_the_luma_of_pure_blue_and_red_into_them():
    pure = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], np.float32)
    for rgb, row in zip(pure, CHROMA_TO_OFFSET, strict=True):
        assert luma(row) == pytest.approx(0, abs=1e-6)
        channel = rgb.argmax()
        assert (luma(rgb) + row / 2)[channel] == pytest.approx(1, abs=1e-6)


def test_colours_out_of_gamut_lose_chroma_but_neither_luma_nor_hue(astronaut):
    rgb = astronaut.astype(np.float32) / 255
    gray = luma(rgb)
    offset = rgb - gray[..., None]
    vivid = merged(gray, offset * 3)
    assert vivid.min() >= 0
    assert vivid.max() <= 1
    assert np.abs(luma(vivid) - gray).max() < 1e-5
    strong = np.ptp(rgb, axis=-1) > 0.1
    turned = np.abs(rgb2hsv(vivid)[..., 0] - rgb2hsv(rgb)[..., 0])[strong]
    assert np.minimum(turned, 1 - turned).max() < 1e-3
    assert colourfulness(vivid) > colourfulness(rgb)


def test_colourfulness_tells_gray_from_colour_and_grows_with_chroma(astronaut):
    rgb = astronaut.astype(np.float32) / 255
    gray = np.repeat(luma(rgb)[..., None], 3, axis=-1)
    assert colourfulness(gray) == pytest.approx(0, abs=1e-3)
    assert 0 < colourfulness((rgb + gray) / 2) < colourfulness(rgb)
    assert colourfulness((rgb + gray) / 2) == pytest.approx(colourfulness(rgb) / 2, rel=1e-3)
