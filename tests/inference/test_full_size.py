import numpy as np
import pytest
from PIL import Image

from colorizer.inference.full_size import join
from colorizer.photos.color import luma
from colorizer.photos.photo import Photo
from colorizer.photos.reading import read_photo
from tests.conftest import SHIPPED, gray_photo


def random_offset(strength: float) -> np.ndarray:
    """Make offsets of 16 x 16 pixels that vary as slowly as a network's, whose chroma has a quarter of its size."""
    coarse = np.random.default_rng(0).normal(0, strength, (3, 4, 4)).astype(np.float32)
    planes = [np.asarray(Image.fromarray(plane).resize((16, 16), Image.Resampling.BICUBIC)) for plane in coarse]
    offset = np.stack(planes, axis=-1)
    return offset - luma(offset)[..., None]


def test_chroma_is_smooth_between_the_network_s_pixels():
    photo = gray_photo(np.full((640, 640), 128, np.uint8))
    offset = np.zeros((16, 16, 3), np.float32)
    offset[:, 8:, 0], offset[:, 8:, 2] = 0.2, -0.2 * 0.2126 / 0.0722
    steps = np.abs(np.diff(np.asarray(join(photo, offset).image, int), axis=1))
    assert steps.max() < 12


@pytest.mark.parametrize(("height", "width"), [(1200, 90), (61, 200), (4003, 31), (7, 9), (300, 2100)])
def test_tiles_and_rows_between_the_resized_ones_are_those_of_a_full_bicubic_resize(height, width):
    offset = random_offset(0.03)
    planes = [Image.fromarray(np.ascontiguousarray(offset[..., channel])) for channel in range(3)]
    full = np.stack([np.asarray(plane.resize((width, height), Image.Resampling.BICUBIC)) for plane in planes], axis=-1)
    expected = 128 + full * 255
    error = np.abs(np.asarray(join(gray_photo(np.full((height, width), 128, np.uint8)), offset).image) - expected)
    assert error.mean() < 0.4
    assert error.max() < 3


@pytest.mark.parametrize("strength", [0.05, 0.5])
def test_luma_is_the_photo_s_own_whatever_it_is_made_of(strength, astronaut, camera):
    for image in (Image.fromarray(astronaut), Image.fromarray(camera), Image.fromarray(camera.astype(np.uint16) * 257)):
        photo = Photo(image, None, "PNG", None, None, None)
        joined = np.asarray(join(photo, random_offset(strength)).image)
        assert np.abs(luma(joined) - photo.luma() * 255).max() < 1.01
        assert np.ptp(joined.astype(int), axis=-1).mean() > 5


def test_a_photo_is_not_changed_by_joining():
    photo = read_photo(SHIPPED / "chelsea.png")
    before = photo.image.tobytes()
    join(photo, random_offset(0.1))
    assert photo.image.tobytes() == before


def test_a_photo_of_sixteen_bits_keeps_its_luma_to_the_sixteenth_bit(camera):
    deep = camera.astype(np.uint16) * 257 + np.arange(512, dtype=np.uint16)[None] % 200
    photo = Photo(Image.fromarray(deep), None, "TIFF", None, None, None)
    picture = join(photo, random_offset(0.1))
    assert picture.deep.dtype == np.uint16
    assert np.abs(luma(picture.deep.astype(np.float64)) - deep).max() < 1
    assert np.abs(np.asarray(picture.image) - picture.deep / 257).max() <= 0.5 + 1e-3
    assert np.ptp(picture.deep.astype(int), axis=-1).mean() > 2000
