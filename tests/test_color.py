import io

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2gray, rgb2hsv

from colorizer.color import CHROMA_TO_OFFSET, colourfulness, hue_histogram, is_gray, luma, merge, tonal_range


def jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


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


@pytest.mark.parametrize("quality", [20, 50, 95])
def test_gray_stored_as_rgb_jpeg_is_gray(camera, quality):
    assert is_gray(jpeg(np.repeat(camera[..., None], 3, axis=-1), quality))


def test_gray_with_scanner_noise_is_gray(camera):
    noise = np.random.default_rng(0).normal(0, 1, (*camera.shape, 3))
    noisy = np.clip(camera[..., None] + noise, 0, 255).astype(np.uint8)
    assert is_gray(jpeg(noisy, 75))


def test_colour_photos_and_one_small_colourful_thing_are_not_gray(astronaut, camera):
    assert not is_gray(astronaut)
    spot = np.repeat(camera[..., None], 3, axis=-1)
    spot[:30, :30] = (200, 30, 30)
    assert not is_gray(spot)


def test_every_hue_of_a_photo_is_counted_where_it_went(astronaut):
    rgb = astronaut.astype(np.float32) / 255
    same = hue_histogram(rgb, rgb)
    assert same.sum() > 0
    assert np.count_nonzero(same - np.diag(np.diag(same))) == 0
    gray = luma(rgb)
    opposite = merged(gray, (gray[..., None] - rgb) * 0.2)
    turned = hue_histogram(rgb, opposite)
    hues, none = turned[:-1, :-1], len(turned) - 1
    assert np.trace(np.roll(hues, none // 2, axis=1)) > 0.95 * hues.sum()
    assert np.allclose(turned.sum(axis=1), same.sum(axis=1))
    assert turned[:, none].sum() == pytest.approx(0.8 * same.sum(), rel=0.02)


def test_a_gray_prediction_has_no_hue(astronaut):
    rgb = astronaut.astype(np.float32) / 255
    counted = hue_histogram(rgb, np.repeat(luma(rgb)[..., None], 3, axis=-1))
    assert counted[:, :-1].sum() < 1e-4 * counted.sum()


@pytest.mark.parametrize(
    ("black", "white", "is_faded"), [(0.3, 0.7, True), (0.0, 0.4, True), (0.0, 1.0, False), (0.5, 0.51, False)]
)
def test_a_faded_photo_is_told_from_a_full_and_from_a_blank_one(camera, black, white, is_faded):
    tones = tonal_range(black + (white - black) * camera / 255)
    assert (tones != (0.0, 1.0)) == is_faded
    if is_faded:
        assert tones == pytest.approx((black, white), abs=0.05)


@pytest.mark.parametrize(("rgb", "hue"), [((0, 0, 1), 0), ((1, 0, 0), 6), ((1, 1, 0), 12), ((0, 1, 1), 18)])
def test_hues_begin_at_blue_and_turn_towards_red(rgb, hue):
    pixel = np.array([[rgb]], np.float32)
    counted = hue_histogram(pixel, pixel)
    distance = abs(int(counted.diagonal().argmax()) - hue)
    assert min(distance, 24 - distance) <= 2
