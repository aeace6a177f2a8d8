import os
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.photos.color import luma
from colorizer.photos.reading import bytes_needed, examine, read_photo, read_square
from colorizer.settings import PhotoLimits
from tests.conftest import SHIPPED
from tests.photo_modes import MODES, saved


@pytest.mark.parametrize(("mode", "ending"), MODES)
def test_every_photographic_format_is_read_at_its_size_and_brightness(tmp_path, mode, ending):
    path = tmp_path / f"photo.{ending}"
    expected = saved(path, mode)
    photo = read_photo(path)
    assert (photo.height, photo.width) == expected.shape
    assert np.abs(photo.luma() - expected).mean() < 0.03
    assert (photo.alpha is not None) == (mode in ("LA", "RGBA"))
    assert np.abs(photo.square(64).mean() - expected.mean()) < 0.03
    assert read_square(path, 64).shape == (64, 64, 3)
    assert abs(luma(read_square(path, 64)).mean() / 255 - expected.mean()) < 0.03


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "bmp", "webp", "gif"])
def test_a_truncated_photo_is_unreadable_and_the_sentence_names_it(tmp_path, ending):
    whole = tmp_path / f"whole.{ending}"
    Image.open(SHIPPED / "astronaut.png").save(whole)
    data = whole.read_bytes()
    for share in (0.02, 0.5, 0.9):
        cut = tmp_path / f"cut.{ending}"
        cut.write_bytes(data[: int(len(data) * share)])
        for read in (examine, read_photo):
            with pytest.raises(ColorizeError, match=f"cut.{ending}"):
                read(cut)


@pytest.mark.parametrize("content", [b"", b"not a photo", b"\xff\xd8\xff\xe0", b"%PDF-1.4", bytes(1000)])
def test_files_that_only_look_like_photos_are_unreadable(tmp_path, content):
    path = tmp_path / "fake.jpg"
    path.write_bytes(content)
    with pytest.raises(ColorizeError, match="Cannot read"):
        examine(path)


def test_a_photo_above_the_pixel_limit_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "large.png"
    Image.new("L", (400, 300)).save(path)
    with pytest.raises(ColorizeError, match="400 x 300"):
        read_photo(path, PhotoLimits(maximum_pixels=100_000))


def test_counting_bytes_neither_warns_of_large_scans_nor_waits_for_what_is_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    Image.new("L", (100, 60)).save(tmp_path / "large.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert bytes_needed(tmp_path / "large.png") == 5 * 6000
    assert bytes_needed(tmp_path / "pipe.png") == 0


def test_examining_tells_gray_from_colour(tmp_path, astronaut, camera):
    cases = {"gray.png": camera, "gray-as-rgb.jpg": np.repeat(camera[..., None], 3, -1), "colour.jpg": astronaut}
    found = {}
    for name, pixels in cases.items():
        Image.fromarray(pixels).save(tmp_path / name)
        found[name] = examine(tmp_path / name).colour_format
    assert found == {"gray.png": "gray", "gray-as-rgb.jpg": "gray", "colour.jpg": "RGB"}


def test_one_transparent_level_of_a_deep_photo_leaves_the_others_as_they_are(tmp_path, camera):
    Image.fromarray(camera.astype(np.uint16) * 257).save(tmp_path / "deep.png", transparency=257 * int(camera[0, 0]))
    photo = read_photo(tmp_path / "deep.png")
    assert np.abs(photo.luma() - camera / 255).max() < 0.001
    assert np.array_equal(photo.alpha == 0, camera == camera[0, 0])


def test_gray_multiplied_by_its_alpha_is_read_by_every_reader(tmp_path, camera):
    alpha = np.full_like(camera, 128)
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, np.dstack([camera // 2, alpha]), photometric="minisblack", extrasamples=["assocalpha"])
    assert Image.open(path).mode == "La"
    assert examine(path).colour_format == "gray"
    photo = read_photo(path)
    assert np.abs(photo.luma() * 255 - camera).mean() < 2
    assert np.array_equal(photo.alpha, alpha)
    assert abs(read_square(path, 64).mean() - camera.mean()) < 2


def test_a_lossless_jpeg_is_read_by_every_reader(tmp_path, astronaut):
    small = astronaut[100:260, 150:310]
    path = tmp_path / "lossless.jpg"
    path.write_bytes(lossless_jpeg(small))
    assert examine(path).colour_format == "RGB"
    assert np.array_equal(np.asarray(read_photo(path).image), small)
    expected = np.asarray(Image.fromarray(small).resize((32, 32), Image.Resampling.BILINEAR), int)
    assert np.abs(read_square(path, 32) - expected).mean() < 2


def lossless_jpeg(pixels: np.ndarray) -> bytes:
    """Write RGB as JPEG of process 14, each sample predicted by its left neighbour; ITU-T T.81, annex H."""
    height, width, channels = pixels.shape
    values = pixels.astype(int)
    predicted = np.empty_like(values)
    predicted[:, 1:], predicted[1:, 0], predicted[0, 0] = values[:, :-1], values[:-1, 0], 128
    bits = ""
    for difference in (values - predicted).ravel().tolist():
        size = abs(difference).bit_length()
        low = difference if difference >= 0 else difference + (1 << size) - 1
        bits += f"{size:04b}" + (f"{low:0{size}b}" if size else "")
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    frame = b"".join(bytes((name, 0x11, 0)) for name in b"RGB")
    selected = b"".join(bytes((name, 0)) for name in b"RGB")
    sizes = bytes((0, 0, 0, 9)) + bytes(12)  # nine codes of four bits: how many bits a difference has
    segments = (
        (b"\xff\xc3", struct.pack(">BHHB", 8, height, width, channels) + frame),
        (b"\xff\xc4", b"\0" + sizes + bytes(range(9))),
        (b"\xff\xda", bytes((channels,)) + selected + bytes((1, 0, 0))),
    )
    headers = b"".join(mark + struct.pack(">H", len(body) + 2) + body for mark, body in segments)
    return b"\xff\xd8" + headers + scan + b"\xff\xd9"


def test_a_photo_may_come_from_anywhere(tmp_path, astronaut):
    path = tmp_path / "astronaut.png"
    Image.fromarray(astronaut).save(path)
    given = Image.open(path)
    with path.open("rb") as opened:
        photos = [read_photo(source) for source in (path, str(path), path.read_bytes(), opened, given, astronaut)]
        assert not opened.closed
    assert given.getpixel((0, 0)) == tuple(astronaut[0, 0])  # it is still open
    assert all(np.array_equal(np.asarray(photo.image), astronaut) for photo in photos)


@pytest.mark.parametrize("array", [np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4, 3), int), np.zeros(4)])
def test_an_array_that_is_no_photo_is_refused_with_those_that_are(array):
    with pytest.raises(ColorizeError, match=r"is not a photo. Pass uint8 of shape \(h, w\)"):
        read_photo(array)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floating_point_arrays_are_levels_from_0_to_1(astronaut, camera, dtype):
    read = read_photo((astronaut / 255).astype(dtype))
    assert np.abs(np.asarray(read.image, int) - astronaut).max() <= (dtype == np.float16)
    gray = read_photo((camera / 255).astype(dtype))
    assert gray.image.mode == "I;16"
    assert np.abs(gray.luma() - camera / 255).max() < 1e-3
    for wrong in (camera.astype(dtype), np.full((4, 4), np.nan, dtype), -(camera / 255).astype(dtype)):
        with pytest.raises(ColorizeError, match=r"outside \[0, 1\]"):
            read_photo(wrong)


@pytest.mark.parametrize("source", [None, 12, [1, 2], {"a": 1}])
def test_what_is_not_an_image_is_a_type_error(source):
    with pytest.raises(TypeError, match=r"is not an image\. Pass a path"):
        read_photo(source)


def test_bytes_that_are_no_photo_are_a_sentence():
    with pytest.raises(ColorizeError, match="Cannot read the photo: not a photo"):
        read_photo(b"nothing")


@pytest.mark.parametrize("turned", [5, 6, 7, 8])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_tiff_that_lies_on_its_side_is_read_upright_however_it_is_stored(tmp_path, camera, turned, compression):
    steps = {5: "TRANSPOSE", 6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90"}  # CIPA DC-008, tag 274
    upright = Image.fromarray(camera[:, :300]).transpose(Image.Transpose[steps[turned]])
    path = tmp_path / "side.tif"
    tifffile.imwrite(path, camera[:, :300], compression=compression, extratags=[(274, "H", 1, turned, True)])
    assert np.array_equal(np.asarray(read_photo(path).image), np.asarray(upright))
