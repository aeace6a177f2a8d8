import struct

import numpy as np
import png
import pytest
import tifffile
from PIL import Image, ImageCms

from colorizer.errors import ColorizeError
from colorizer.photos.color import luma
from colorizer.photos.photo import Photo, Picture
from colorizer.photos.reading import read_photo
from colorizer.photos.writing import file_name, write_photo
from tests.conftest import SHIPPED
from tests.photo_modes import MODES, saved


def test_written_photos_keep_alpha_profile_and_resolution(tmp_path, astronaut):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.fromarray(astronaut)
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(tmp_path / "photo.png", icc_profile=profile, dpi=(300, 300))
    photo = read_photo(tmp_path / "photo.png")
    write_photo(tmp_path / "copy.png", Picture(photo.image), photo)
    with Image.open(tmp_path / "copy.png") as copy:
        assert np.array_equal(np.asarray(copy), np.asarray(image))
        assert copy.info["icc_profile"] == profile
        assert copy.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_writing_leaves_nothing_half_done(tmp_path, astronaut):
    photo = read_photo(SHIPPED / "astronaut.png")
    with pytest.raises(ColorizeError, match="Could not write"):
        write_photo(tmp_path / ("x" * 300 + ".png"), Picture(Image.fromarray(astronaut)), photo)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "form", "written"),
    [
        ("a.jpg", "JPEG", "a.jpg"),
        ("a.JPEG", "PNG", "a.JPEG"),
        ("a", "TIFF", "a"),
        ("a.gif", "GIF", "a.gif"),
        ("a.pgm", "PPM", "a.pgm.png"),
    ],
)
def test_a_colorized_photo_keeps_its_name_where_the_format_holds_colour(name, form, written):
    assert file_name(name, form) == written


@pytest.mark.parametrize(("mode", "ending"), MODES)
def test_every_format_is_written_as_a_file_that_opens_in_colour(tmp_path, mode, ending):
    saved(tmp_path / f"photo.{ending}", mode)
    photo = read_photo(tmp_path / f"photo.{ending}")
    picture = Image.open(SHIPPED / "chelsea.png")
    write_photo(tmp_path / f"written.{ending}", Picture(picture), photo)
    with Image.open(tmp_path / f"written.{ending}") as written:
        shown = np.asarray(written.convert("RGB")).astype(int)
        assert written.has_transparency_data == (mode in ("LA", "RGBA"))
    tolerance = {"jpg": 2, "gif": 8}.get(ending, 0)
    assert np.abs(shown - np.asarray(picture)).mean() <= tolerance


@pytest.mark.parametrize("stored", ["group4", "tiff_lzw", "packbits"])
def test_a_scanned_tiff_is_written_as_a_tiff_that_opens(tmp_path, stored):
    scan = Image.open(SHIPPED / "page.png").convert("1" if stored == "group4" else "L")
    scan.save(tmp_path / "scan.tif", compression=stored, dpi=(600, 600), software="Scanner")
    photo = read_photo(tmp_path / "scan.tif")
    write_photo(tmp_path / "written.tif", Picture(scan.convert("RGB")), photo)
    with Image.open(tmp_path / "written.tif") as written:
        assert np.array_equal(np.asarray(written), np.asarray(scan.convert("RGB")))
        assert written.info["dpi"] == pytest.approx((600, 600))
        assert written.getexif()[0x0131] == "Scanner"


def test_what_a_format_cannot_hold_is_a_sentence(tmp_path):
    photo = read_photo(SHIPPED / "camera.png")
    with pytest.raises(ColorizeError, match="Could not write"):
        write_photo(tmp_path / "wide.webp", Picture(Image.new("RGB", (17_000, 2))), photo)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("alpha", [False, True])
def test_sixteen_bits_are_written_with_all_they_had(tmp_path, ending, alpha):
    ramp = np.arange(300 * 256, dtype=np.uint32).reshape(300, 256) * 65535 // (300 * 256 - 1)
    deep = np.dstack([ramp, ramp[::-1], np.full_like(ramp, 12_345)]).astype(np.uint16)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010F] = "Scanner"
    transparency = (ramp // 257).astype(np.uint8) if alpha else None
    original = Photo(Image.new("I;16", (256, 300)), transparency, "PNG", profile, exif.tobytes(), (600.0, 300.0))
    path = tmp_path / f"deep.{ending}"
    write_photo(path, Picture(Image.new("RGB", (256, 300)), deep), original)
    if ending == "png":
        width, height, rows, facts = png.Reader(filename=str(path)).read()
        written = np.vstack(list(rows)).reshape(height, width, -1)
        assert facts["bitdepth"] == 16
    else:
        written = tifffile.imread(path)
    assert written.dtype == np.uint16
    assert np.array_equal(written[..., :3], deep)
    assert written.shape[2] == (4 if alpha else 3)
    if alpha:
        assert np.array_equal(written[..., 3] // 257, transparency)
    with Image.open(path) as shown:
        assert shown.size == (256, 300)
        assert shown.info["icc_profile"] == profile
        assert shown.info["dpi"] == pytest.approx((600, 300), rel=1e-3)
        assert shown.getexif()[0x010F] == "Scanner"


def test_deep_gray_with_a_profile_of_its_own_keeps_its_depth(tmp_path, camera):
    ramp = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    Image.fromarray(ramp).save(tmp_path / "scan.png", icc_profile=gray_profile(1.8), transparency=7)
    photo = read_photo(tmp_path / "scan.png")
    assert photo.image.mode == "I;16"
    light = (ramp / 65_535) ** gamma_of(1.8)
    expected = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)  # IEC 61966-2-1
    assert np.abs(np.asarray(photo.image) - expected * 65_535).max() < 2
    assert (photo.alpha == 0).sum() == 1 and photo.alpha[0, 7] == 0
    assert photo.icc_profile is None


def gamma_of(gamma: float) -> float:
    """As a profile holds it: in steps of 1/256."""
    return int(gamma * 256) / 256


def gray_profile(gamma: float) -> bytes:
    """Make a GRAY profile with a plain gamma, as scanners' programs do; ICC.1:2022, 10.6."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, int(gamma * 256)) + bytes(2)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63_190, 65_536, 54_061)
    first = 132 + 2 * 12
    table = struct.pack(">I4sII4sII", 2, b"wtpt", first, 20, b"kTRC", first + 20, 16)
    return struct.pack(">I", first + 36) + srgb[4:16] + b"GRAY" + srgb[20:84] + bytes(44) + table + white + curve


def test_a_transparent_bmp_stays_one(tmp_path, astronaut):
    alpha = np.asarray(Image.linear_gradient("L").resize((512, 512)))
    photo = Photo(Image.fromarray(astronaut), alpha, "BMP", resolution=(300.0, 150.0))
    write_photo(tmp_path / "written.bmp", Picture(Image.fromarray(astronaut)), photo)
    again = read_photo(tmp_path / "written.bmp")
    assert again.format == "BMP"
    assert np.array_equal(np.asarray(again.image), astronaut)
    assert np.array_equal(again.alpha, alpha)
    assert again.resolution == pytest.approx((300, 150), abs=0.1)


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png", "noise"])
@pytest.mark.parametrize("transparent", [False, True])
def test_luma_holds_in_the_256_colours_of_a_gif(tmp_path, name, transparent):
    if name == "noise":  # colours all over: the hardest there is
        pixels = np.random.default_rng(0).normal(128, 60, (200, 300, 3)).clip(0, 255).astype(np.uint8)
    else:
        pixels = np.asarray(Image.open(SHIPPED / name).convert("RGB"))
    alpha = None
    if transparent:
        alpha = np.full(pixels.shape[:2], 255, np.uint8)
        alpha[:50, :70] = 0
    write_photo(tmp_path / "a.gif", Picture(Image.fromarray(pixels)), Photo(Image.fromarray(pixels), alpha, "GIF"))
    again = read_photo(tmp_path / "a.gif")
    shown = slice(None) if alpha is None else alpha > 0
    written = np.asarray(again.image)
    assert np.abs(luma(written) - luma(pixels))[shown].mean() <= 1.5
    assert np.abs(written.astype(int) - pixels)[shown].mean() < (20 if name == "noise" else 4)
    assert np.array_equal(again.alpha, alpha) if transparent else again.alpha is None
