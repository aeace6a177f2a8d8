import numpy as np
import pytest
from PIL import Image

from colorizer.photos.color import luma
from colorizer.photos.photo import Photo


def test_a_photo_says_its_luma_whatever_its_depth(astronaut, camera):
    colour, gray = Photo(Image.fromarray(astronaut)), Photo(Image.fromarray(camera))
    deep = Photo(Image.fromarray(camera.astype(np.uint16) * 257))
    assert np.allclose(colour.luma(), luma(astronaut) / 255)
    assert np.array_equal(gray.luma(), camera / np.float32(255))
    assert np.allclose(deep.luma(), gray.luma(), atol=1e-6)


def test_levels_beyond_the_photo_are_black(camera):
    levels = Photo(Image.fromarray(camera)).levels((500, 500, 520, 530))
    assert levels.shape == (30, 20, 1)
    assert np.array_equal(levels[:12, :12, 0], camera[500:, 500:])
    assert levels[12:].max() == levels[:, 12:].max() == 0


def test_what_a_network_sees_is_the_photo_squeezed(astronaut):
    square = Photo(Image.fromarray(astronaut)).square(64)
    assert square.shape == (64, 64)
    assert square.dtype == np.float32
    blocks = luma(astronaut).reshape(64, 8, 64, 8).mean((1, 3)) / 255
    assert np.abs(square - blocks).mean() < 0.02


def test_sixteen_bits_are_rounded_to_eight():
    deep = np.array([[0, 128, 129, 257 * 99, 65535]], np.uint16)
    picture = Photo(Image.fromarray(deep)).eight_bits()
    assert picture.mode == "L"
    assert np.asarray(picture).tolist() == [[0, 0, 1, 99, 255]]


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_an_rgb_picture_is_to_be_had_of_any_photo(astronaut, mode):
    image = Image.fromarray(astronaut).convert(mode)
    assert Photo(image).rgb().mode == "RGB"
