"""Formats that phones, scanners and cameras write: read, and written where they can be."""

import sys

import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image, ImageCms

from colorizer.errors import ColorizeError
from colorizer.photos import formats
from colorizer.photos.color import luma
from colorizer.photos.photo import Photo, Picture
from colorizer.photos.reading import bytes_needed, examine, read_photo, read_square
from colorizer.photos.writing import write_photo, written_name
from colorizer.settings import PhotoLimits


@pytest.fixture
def heic(tmp_path, astronaut):
    """A photo as phones write it: lying, with the orientation that sets it upright."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Phone"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = tmp_path / "IMG_0001.HEIC"
    lying = Image.fromarray(astronaut[:200]).transpose(Image.Transpose.ROTATE_90)
    heif = pillow_heif.from_pillow(lying)
    heif.save(path, quality=95, exif=exif.tobytes(), icc_profile=profile)
    return path


def test_a_phones_heic_is_read_by_every_reader_and_written_as_one(heic, tmp_path, astronaut):
    upright = astronaut[:200]
    assert examine(heic).colour_format == "RGB"
    assert bytes_needed(heic) == 200 * 512 * 8
    photo = read_photo(heic)
    assert (photo.width, photo.height, photo.format) == (512, 200, "HEIF")
    assert np.abs(np.asarray(photo.image).astype(int) - upright).mean() < 3
    expected = np.asarray(Image.fromarray(upright).resize((64, 64)), int)
    assert np.abs(read_square(heic, 64) - expected).mean() < 6
    assert written_name(heic) == "IMG_0001.HEIC"
    write_photo(tmp_path / "out" / "IMG_0001.HEIC", Picture(Image.fromarray(upright)), photo)
    again = read_photo(tmp_path / "out" / "IMG_0001.HEIC")
    assert (again.format, again.icc_profile) == ("HEIF", photo.icc_profile)
    assert np.abs(again.luma() * 255 - luma(upright)).mean() < 0.5
    assert Image.open(tmp_path / "out" / "IMG_0001.HEIC").getexif()[0x010F] == "Phone"


def test_a_transparent_heic_keeps_its_alpha(tmp_path, astronaut):
    alpha = np.asarray(Image.linear_gradient("L").resize((512, 512)))
    photo = Photo(Image.fromarray(astronaut), alpha, "HEIF")
    write_photo(tmp_path / "a.heic", Picture(photo.image), photo)
    assert np.abs(read_photo(tmp_path / "a.heic").alpha.astype(int) - alpha).max() <= 1


def test_a_heic_is_written_as_jpeg_where_none_can_be_made(heic, monkeypatch):
    monkeypatch.setattr(pillow_heif, "libheif_info", lambda: {"HEIF": ""})
    formats._heif_can_be_written.cache_clear()
    try:
        assert written_name(heic) == "IMG_0001.HEIC.jpg"
    finally:
        formats._heif_can_be_written.cache_clear()


def test_a_damaged_or_too_large_heic_is_one_sentence(heic, tmp_path):
    with pytest.raises(ColorizeError, match="exceed the limit"):
        read_photo(heic, PhotoLimits(maximum_pixels=100_000))
    data = heic.read_bytes()
    for share in (0.01, 0.5, 0.95):
        (tmp_path / "cut.heic").write_bytes(data[: int(len(data) * share)])
        for read in (examine, read_photo, lambda path: read_square(path, 32)):
            with pytest.raises(ColorizeError, match=r"cut\.heic: damaged [^\n]*\.$"):
                read(tmp_path / "cut.heic")


@pytest.mark.parametrize("ending", ["avif", "jp2"])
def test_avif_and_jpeg_2000_are_read_and_written_as_png(tmp_path, ending, astronaut):
    path = tmp_path / f"photo.{ending}"
    Image.fromarray(astronaut).save(path)
    assert np.abs(read_photo(path).luma() * 255 - luma(astronaut)).mean() < 3
    assert written_name(path) == f"photo.{ending}.png"


def raw_photo(path, pixels):
    """Write what a camera's sensor would see as a DNG with a preview of 16 pixels; Adobe's DNG 1.4, chapter 4."""
    light = (pixels.astype(float) / 255) ** 2.2 * 65_535
    mosaic = np.empty(pixels.shape[:2], np.uint16)
    for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        mosaic[row::2, column::2] = light[row::2, column::2, channel]
    to_camera = [3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.204, 1.057]
    fractions = [part for value in to_camera for part in (round(value * 10_000), 10_000)]
    with tifffile.TiffWriter(path) as file:
        file.write(
            mosaic,
            photometric=32803,
            metadata=None,
            extratags=[
                (33421, "H", 2, (2, 2), True),
                (33422, "B", 4, bytes((0, 1, 1, 2)), True),
                (50706, "B", 4, bytes((1, 4, 0, 0)), True),
                (50707, "B", 4, bytes((1, 1, 0, 0)), True),
                (50708, "s", 0, "Camera", True),
                (50717, "H", 1, 65_535, True),
                (50721, "2i", 9, fractions, True),
                (50728, "2I", 3, (1, 1, 1, 1, 1, 1), True),
                (50778, "H", 1, 21, True),
                (271, "s", 0, "Maker", True),
            ],
        )


def test_a_raw_photo_is_developed_at_its_size(tmp_path, astronaut):
    pytest.importorskip("rawpy")
    path = tmp_path / "photo.dng"
    raw_photo(path, astronaut)
    assert examine(path).colour_format == "RGB"
    assert bytes_needed(path) == 512 * 512 * 8
    photo = read_photo(path)
    assert (photo.width, photo.height, photo.format) == (512, 512, "RAW")
    seen, true = photo.luma(), luma(astronaut) / 255
    assert np.corrcoef(seen[8:-8, 8:-8].ravel(), true[8:-8, 8:-8].ravel())[0, 1] > 0.95
    assert read_square(path, 64).shape == (64, 64, 3)
    assert written_name(path) == "photo.dng.png"
    assert photo.exif is not None and b"Maker" in photo.exif
    with pytest.raises(ColorizeError, match="exceed the limit"):
        read_photo(path, PhotoLimits(maximum_pixels=100_000))


def test_without_the_extra_a_raw_photo_is_one_sentence_naming_it(tmp_path, astronaut, monkeypatch):
    path = tmp_path / "photo.dng"
    raw_photo(path, astronaut)
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(ColorizeError, match="it is a raw photo; to develop it, install rawpy"):
        read_photo(path)
    assert bytes_needed(path) == 0


def test_another_photo_with_the_ending_of_a_raw_one_is_read_as_what_it_is(tmp_path, astronaut):
    Image.fromarray(astronaut).save(tmp_path / "photo.nef", "JPEG", quality=95)
    assert read_photo(tmp_path / "photo.nef").format == "JPEG"
