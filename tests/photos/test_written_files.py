"""What the files themselves hold that are written: headers, chunks and tags, as their specifications have them."""

import struct
from dataclasses import replace

import numpy as np
import png
import pytest
import tifffile
from PIL import Image, ImageCms, JpegImagePlugin

from colorizer.errors import ColorizeError
from colorizer.photos.photo import Photo, Picture
from colorizer.photos.writing import write_pages, write_photo, written_name
from colorizer.settings import PhotoLimits

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def small(astronaut) -> Image.Image:
    return Image.fromarray(astronaut).crop((180, 60, 276, 124))


def described() -> Photo:
    """A photo with all a file may have beside its pixels."""
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    return Photo(Image.new("L", (96, 64)), None, "PNG", PROFILE, exif.tobytes(), (300.0, 150.0))


def plain(form: str = "PNG") -> Photo:
    return Photo(Image.new("L", (96, 64)), None, form)


def test_a_jpeg_is_of_the_quality_that_was_asked_for_with_chroma_at_half_the_size(tmp_path, small):
    small.save(tmp_path / "reference.jpg", quality=71)
    write_photo(tmp_path / "a.jpg", Picture(small), described(), PhotoLimits(jpeg_quality=71))
    with Image.open(tmp_path / "a.jpg") as written, Image.open(tmp_path / "reference.jpg") as reference:
        assert written.quantization == reference.quantization
        assert JpegImagePlugin.get_sampling(written) == 2  # 4:2:0
        assert written.info["icc_profile"] == PROFILE
        assert written.info["dpi"] == (300, 150)
        assert written.getexif()[0x010F] == "Camera"


def test_a_heic_is_of_the_quality_that_was_asked_for(tmp_path, small):
    for quality in (20, 90):
        write_photo(tmp_path / f"{quality}.heic", Picture(small), plain("HEIF"), PhotoLimits(heif_quality=quality))
    assert (tmp_path / "20.heic").stat().st_size < 0.5 * (tmp_path / "90.heic").stat().st_size


def test_a_webp_loses_nothing_not_even_under_what_is_transparent(tmp_path, small):
    alpha = np.zeros((64, 96), np.uint8)
    write_photo(tmp_path / "a.webp", Picture(small), replace(plain("WEBP"), alpha=alpha))
    with Image.open(tmp_path / "a.webp") as written:
        assert np.array_equal(np.asarray(written)[..., :3], np.asarray(small))
        assert np.array_equal(np.asarray(written)[..., 3], alpha)


def test_a_tiff_is_packed_without_loss(tmp_path, small):
    write_photo(tmp_path / "a.tif", Picture(small), described())
    with Image.open(tmp_path / "a.tif") as written:
        assert written.info["compression"] == "tiff_lzw"
        assert written.info["icc_profile"] == PROFILE
        assert np.array_equal(np.asarray(written), np.asarray(small))


@pytest.mark.parametrize(("form", "written"), [("TIFF", "TIFF"), ("MPO", "JPEG"), ("", "PNG"), ("PPM", "PNG")])
def test_a_name_that_says_nothing_keeps_the_format_the_photo_had(tmp_path, small, form, written):
    write_photo(tmp_path / "scan", Picture(small), plain(form))
    with Image.open(tmp_path / "scan") as image:
        assert image.format == written


def test_under_which_name_a_photo_is_written_is_seen_without_opening_it_where_its_name_says(tmp_path, small):
    assert written_name(tmp_path / "gone.JPG") == "gone.JPG"
    assert written_name(tmp_path / "gone.pgm") == "gone.pgm.png"
    assert written_name(tmp_path / "gone") == "gone"
    small.save(tmp_path / "scan", format="TIFF")
    assert written_name(tmp_path / "scan") == "scan"
    small.save(tmp_path / "old", format="PPM")
    assert written_name(tmp_path / "old") == "old.png"


@pytest.mark.parametrize("resolution", [None, (300.0, 150.0)])
def test_the_header_of_a_transparent_bmp_is_as_microsoft_has_it(tmp_path, small, resolution):
    """https://learn.microsoft.com/en-us/windows/win32/api/wingdi/ns-wingdi-bitmapv4header"""
    alpha = np.asarray(Image.linear_gradient("L").resize((96, 64)))
    write_photo(tmp_path / "a.bmp", Picture(small), replace(plain("BMP"), alpha=alpha, resolution=resolution))
    data = (tmp_path / "a.bmp").read_bytes()
    pixels = 4 * 96 * 64
    assert struct.unpack("<2sIII", data[:14]) == (b"BM", 122 + pixels, 0, 122)
    dots = (0, 0) if resolution is None else (11_811, 5_906)
    assert struct.unpack("<IiiHHIIiiII", data[14:54]) == (108, 96, 64, 1, 32, 3, pixels, *dots, 0, 0)
    assert struct.unpack("<4I", data[54:70]) == (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    assert data[70:74] == b"BGRs"  # LCS_sRGB
    assert data[74:122] == bytes(48)
    last_row = np.frombuffer(data[122 : 122 + 4 * 96], np.uint8).reshape(96, 4)
    assert np.array_equal(last_row[:, 2::-1], np.asarray(small)[-1])
    assert np.array_equal(last_row[:, 3], alpha[-1])
    assert len(data) == 122 + pixels


@pytest.fixture
def deep() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 65_536, (64, 96, 3), np.uint16)


def test_a_deep_png_has_the_chunks_of_what_it_holds_and_no_others(tmp_path, small, deep):
    write_photo(tmp_path / "plain.png", Picture(small, deep), plain())
    assert [name for name, _ in png.Reader(filename=str(tmp_path / "plain.png")).chunks()] == [
        b"IHDR",
        b"IDAT",
        b"IEND",
    ]
    write_photo(tmp_path / "all.png", Picture(small, deep), described())
    chunks = dict(png.Reader(filename=str(tmp_path / "all.png")).chunks())
    assert chunks.keys() == {b"IHDR", b"pHYs", b"iCCP", b"eXIf", b"IDAT", b"IEND"}
    assert struct.unpack(">2I5B", chunks[b"IHDR"]) == (96, 64, 16, 2, 0, 0, 0)
    assert struct.unpack(">2IB", chunks[b"pHYs"]) == (11_811, 5_906, 1)
    assert chunks[b"iCCP"].startswith(b"ICC profile\0\0")
    assert chunks[b"eXIf"][:2] in (b"II", b"MM")
    with Image.open(tmp_path / "all.png") as opened:
        assert opened.info["icc_profile"] == PROFILE


def test_a_deep_tiff_has_the_tags_of_what_it_holds_and_no_others(tmp_path, small, deep):
    alpha = np.full((64, 96), 100, np.uint8)
    write_photo(tmp_path / "plain.tif", Picture(small, deep), plain())
    write_photo(tmp_path / "all.tif", Picture(small, deep), replace(described(), alpha=alpha))
    with tifffile.TiffFile(tmp_path / "plain.tif") as opened:
        page = opened.pages[0]
        assert (page.photometric.name, page.compression.name, page.extrasamples) == ("RGB", "ADOBE_DEFLATE", ())
        assert {"ImageDescription", "Software", "Make", "InterColorProfile"}.isdisjoint(tag.name for tag in page.tags)
        assert page.tags["ResolutionUnit"].value == 1  # of no absolute unit: TIFF 6.0, page 38
        assert np.array_equal(page.asarray(), deep)
    with tifffile.TiffFile(tmp_path / "all.tif") as opened:
        page = opened.pages[0]
        assert [kind.name for kind in page.extrasamples] == ["UNASSALPHA"]
        assert page.tags["Make"].value == "Camera"
        assert page.tags["ResolutionUnit"].value == 2  # inches
        assert (page.asarray()[..., 3] == 100 * 257).all()


def test_sixteen_bits_go_into_a_jpeg_as_eight(tmp_path, small, deep):
    write_photo(tmp_path / "a.jpg", Picture(small, deep), plain("JPEG"))
    with Image.open(tmp_path / "a.jpg") as written:
        assert np.abs(np.asarray(written).astype(int) - np.asarray(small)).mean() < 3


def test_pages_fill_a_tiff_to_its_last_byte_and_no_further(tmp_path, small, monkeypatch):
    def pages() -> list:
        for number in range(2):
            small.save(tmp_path / f"{number}.tif")
        return [tmp_path / "0.tif", tmp_path / "1.tif"]

    first, second = (page.stat().st_size for page in pages())
    room = -(-first // 16) * 16 + second  # Pillow begins a page at a multiple of 16
    monkeypatch.setattr("colorizer.photos.writing._MAXIMUM_TIFF_BYTES", room)
    write_pages(tmp_path / "joined.tif", pages())
    with Image.open(tmp_path / "joined.tif") as joined:
        assert joined.n_frames == 2
    assert [path.name for path in tmp_path.iterdir()] == ["joined.tif"]
    monkeypatch.setattr("colorizer.photos.writing._MAXIMUM_TIFF_BYTES", room - 1)
    with pytest.raises(ColorizeError, match="its pages exceed the 4 GB limit"):
        write_pages(tmp_path / "larger.tif", pages())
    assert not (tmp_path / "larger.tif").exists()
