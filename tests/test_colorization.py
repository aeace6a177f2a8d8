import numpy as np
import pytest
from conftest import SHIPPED
from PIL import Image

from colorizer import ColorizeError, colorize_photo, load_model
from colorizer.color import luma
from colorizer.colorization import Colorized, Failure, colorize_files, colorize_pixels, join
from colorizer.dataset import find_files
from colorizer.photo import Photo, read_photo


def gray_photo(pixels: np.ndarray) -> Photo:
    return Photo(pixels, None, "PNG", None, None, None)


def test_a_photo_comes_back_at_its_own_size_with_its_own_luma(small_model):
    photo = read_photo(SHIPPED / "camera.png")
    rgb = colorize_pixels(load_model(small_model), photo)
    assert rgb.shape == (512, 512, 3)
    assert np.abs(luma(rgb) - photo.pixels).max() < 1.01
    assert np.ptp(rgb.astype(int), axis=-1).mean() > 5


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 3000), (2000, 1), (4000, 6000), (333, 777)])
def test_every_size_is_kept(small_model, height, width):
    pixels = np.linspace(0, 255, height * width, dtype=np.uint8).reshape(height, width)
    assert colorize_pixels(load_model(small_model), gray_photo(pixels)).shape == (height, width, 3)


def test_strips_join_without_a_seam(monkeypatch):
    photo = gray_photo(np.full((300, 200), 128, np.uint8))
    offset = np.random.default_rng(0).normal(0, 0.05, (16, 16, 3)).astype(np.float32)
    offset -= luma(offset)[..., None]
    whole = join(photo, offset)
    monkeypatch.setattr("colorizer.colorization._STRIP_PIXELS", 200 * 7)
    assert np.abs(join(photo, offset).astype(int) - whole).max() <= 1


def test_chroma_is_smooth_between_the_network_s_pixels(small_model):
    photo = gray_photo(np.full((640, 640), 128, np.uint8))
    offset = np.zeros((16, 16, 3), np.float32)
    offset[:, 8:, 0], offset[:, 8:, 2] = 0.2, -0.2 * 0.2126 / 0.0722
    steps = np.abs(np.diff(join(photo, offset).astype(int), axis=1))
    assert steps.max() < 12


def test_a_colour_photo_is_judged_by_its_luma_alone(small_model, tmp_path, astronaut):
    gray = np.rint(luma(astronaut)).astype(np.uint8)
    Image.fromarray(gray).save(tmp_path / "gray.png")
    network = load_model(small_model)
    from_gray = np.asarray(colorize_photo(tmp_path / "gray.png", network)).astype(int)
    from_colour = np.asarray(colorize_photo(SHIPPED / "astronaut.png", network)).astype(int)
    assert np.abs(from_gray - from_colour).mean() < 1


def test_sixteen_bit_and_transparent_photos_are_colorized(small_model, tmp_path, camera):
    network = load_model(small_model)
    Image.fromarray(camera.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    transparent = Image.fromarray(camera).convert("LA")
    transparent.putalpha(Image.linear_gradient("L").resize(transparent.size))
    transparent.save(tmp_path / "transparent.png")
    deep, plain = colorize_photo(tmp_path / "deep.png", network), colorize_photo(SHIPPED / "camera.png", network)
    assert np.abs(np.asarray(deep).astype(int) - np.asarray(plain)).mean() < 1
    with_alpha = colorize_photo(tmp_path / "transparent.png", network)
    assert with_alpha.mode == "RGBA"
    assert np.array_equal(np.asarray(with_alpha.getchannel("A")), np.asarray(transparent.getchannel("A")))


def test_many_photos_come_in_order_and_a_failure_stops_nothing(small_model, colour_folder):
    (colour_folder / "broken.jpg").write_bytes(b"broken")
    files = find_files(colour_folder).files
    network = load_model(small_model)
    outcomes = list(colorize_files(network, files, lambda path, photo, rgb: rgb))
    assert [outcome.path for outcome in outcomes] == list(files)
    assert [outcome.path.name for outcome in outcomes if isinstance(outcome, Failure)] == ["broken.jpg"]
    for outcome in outcomes:
        if isinstance(outcome, Colorized):
            alone = np.asarray(colorize_photo(outcome.path, network)).astype(int)
            assert np.abs(outcome.delivered.astype(int) - alone).max() <= 1


def test_a_delivery_that_fails_is_a_failure_of_that_photo(small_model, colour_folder):
    files = find_files(colour_folder).files

    def deliver(path, photo, rgb):
        if path.name == "coffee.jpg":
            raise ColorizeError("The disk is full.")

    outcomes = list(colorize_files(load_model(small_model), files, deliver))
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    assert [(failure.path.name, failure.reason) for failure in failures] == [("coffee.jpg", "The disk is full.")]


def test_vividness_goes_from_gray_to_twice_the_chroma(small_model):
    network, photo = load_model(small_model), read_photo(SHIPPED / "camera.png")
    chroma = [np.ptp(colorize_pixels(network, photo, dial).astype(int), axis=-1) for dial in (0, 0.5, 1, 2)]
    assert chroma[0].max() == 0
    gray, half, plain, double = (plane.mean() for plane in chroma)
    assert gray < half < plain < double
    assert half == pytest.approx(plain / 2, rel=0.2)


@pytest.mark.parametrize(("height", "width"), [(1200, 90), (61, 200), (4003, 31), (7, 9)])
def test_rows_between_the_computed_ones_are_those_of_a_full_bicubic_resize(height, width):
    offset = np.random.default_rng(0).normal(0, 0.03, (16, 16, 3)).astype(np.float32)
    planes = [Image.fromarray(np.ascontiguousarray(offset[..., channel])) for channel in range(3)]
    full = np.stack([np.asarray(plane.resize((width, height), Image.Resampling.BICUBIC)) for plane in planes], axis=-1)
    expected = 128 + full * 255
    error = np.abs(join(gray_photo(np.full((height, width), 128, np.uint8)), offset) - expected)
    assert error.mean() < 0.4
    assert error.max() < 3
