import numpy as np
import pytest
from PIL import Image

from benchmarks.toning import CURVES, toned
from colorizer.photos.color import luma
from colorizer.photos.reading import examine
from colorizer.photos.toning import is_in_colour
from tests.conftest import SHIPPED

COLOUR = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "hubble_deep_field.jpg")


@pytest.mark.parametrize("name", COLOUR)
def test_colour_photos_are_in_colour(name):
    assert is_in_colour(Image.open(SHIPPED / name))


@pytest.mark.parametrize(("name", "share"), [("astronaut.png", 0.15), ("astronaut.png", 0.3), ("coffee.png", 0.6)])
def test_muted_colour_photos_are_in_colour(name, share):
    pixels = np.asarray(Image.open(SHIPPED / name).convert("RGB"), np.float32)
    gray = luma(pixels)[..., None]
    assert is_in_colour(Image.fromarray(np.rint(gray + share * (pixels - gray)).astype(np.uint8)))


@pytest.mark.parametrize("number", range(len(CURVES)))
@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png"])
def test_toned_prints_are_black_and_white_noisy_ones_too(name, number):
    pixels = np.asarray(Image.open(SHIPPED / name).convert("RGB"))
    assert not is_in_colour(toned(pixels, number))
    assert not is_in_colour(toned(pixels, number + 2 * len(CURVES)))


def test_a_yellowed_print_with_a_stain_is_black_and_white(camera):
    paper = camera[..., None] / 255 * np.array([245, 228, 190]) + 8
    down, across = np.mgrid[:512, :512]
    stain = np.exp(-((down - 100) ** 2 + (across - 400) ** 2) / 20_000)[..., None]
    print_ = paper * (1 - stain * np.array([0.05, 0.1, 0.2]))
    assert not is_in_colour(Image.fromarray(print_.clip(0, 255).astype(np.uint8)))


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK", "LAB", "1", "L"])
def test_photos_of_every_mode_are_looked_at(astronaut, mode):
    image = Image.fromarray(astronaut).convert("RGB")
    if mode == "LAB":
        from PIL import ImageCms

        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(image, *profiles, outputMode="LAB")
    else:
        image = image.convert(mode)
    assert is_in_colour(image) == (mode not in "1L")


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3, 2)])
def test_photos_of_extreme_shape_get_an_answer(size):
    assert not is_in_colour(Image.new("RGB", size, (200, 180, 150)))


def test_examining_tells_colour_from_toned_and_gray(tmp_path, astronaut, camera):
    Image.fromarray(camera).convert("RGB").save(tmp_path / "gray.png")
    Image.fromarray(astronaut).save(tmp_path / "colour.png")
    toned(astronaut, 0).save(tmp_path / "sepia.png")
    found = {path.stem: examine(path).in_colour for path in tmp_path.iterdir()}
    assert found == {"gray": False, "colour": True, "sepia": False}
    assert examine(tmp_path / "sepia.png").colour_format == "RGB"
