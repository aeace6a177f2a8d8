import io

import numpy as np
import pytest
from PIL import Image

from colorizer.photos.toning import is_gray, tonal_range


def jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


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


@pytest.mark.parametrize(
    ("black", "white", "is_faded"), [(0.3, 0.7, True), (0.0, 0.4, True), (0.0, 1.0, False), (0.5, 0.51, False)]
)
def test_a_faded_photo_is_told_from_a_full_and_from_a_blank_one(camera, black, white, is_faded):
    tones = tonal_range(black + (white - black) * camera / 255)
    assert (tones != (0.0, 1.0)) == is_faded
    if is_faded:
        assert tones == pytest.approx((black, white), abs=0.05)
