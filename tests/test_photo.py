import os

import numpy as np
import png
import pytest
import tifffile
from conftest import SHIPPED
from PIL import Image, ImageCms

from colorizer.color import luma
from colorizer.photo import Photo, Picture, examine, pixel_count, read_photo, read_square
from colorizer.settings import ColorizeError, PhotoLimits
from colorizer.writing import file_name, write_photo

MODES = [
    ("1", "png"),
    ("1", "tif"),
    ("L", "jpg"),
    ("L", "png"),
    ("L", "bmp"),
    ("L", "webp"),
    ("LA", "png"),
    ("RGB", "jpg"),
    ("RGB", "png"),
    ("RGB", "tif"),
    ("RGB", "bmp"),
    ("RGB", "webp"),
    ("RGBA", "png"),
    ("RGBA", "webp"),
    ("RGBA", "tif"),
    ("P", "png"),
    ("P", "gif"),
    ("P", "bmp"),
    ("CMYK", "jpg"),
    ("CMYK", "tif"),
    ("I;16", "png"),
    ("I;16", "tif"),
    ("F", "tif"),
]


def saved(path, mode: str):
    """Write the cat in a mode and return the gray levels a person sees in it."""
    image = Image.open(SHIPPED / "chelsea.png")
    if mode == "I;16":
        levels = np.asarray(image.convert("L")).astype(np.uint16) * 257
        Image.fromarray(levels).save(path)
    elif mode == "F":
        tifffile.imwrite(path, np.asarray(image.convert("L")).astype(np.float32) / 255)
    elif mode == "P":
        image.quantize(256).save(path)
    elif mode in ("LA", "RGBA"):
        image = image.convert(mode)
        image.putalpha(Image.linear_gradient("L").resize(image.size))
        image.save(path)
    else:
        image.convert(mode).save(path)
    shown = image.convert("1") if mode == "1" else image
    return luma(np.asarray(shown.convert("RGB"))) / 255


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


def test_counting_pixels_neither_warns_of_large_scans_nor_waits_for_what_is_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    Image.new("L", (100, 60)).save(tmp_path / "large.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert pixel_count(tmp_path / "large.png") == 6000
    assert pixel_count(tmp_path / "pipe.png") == 0


def test_orientation_is_made_true(tmp_path, astronaut):
    turned = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Kodak"
    wide = Image.fromarray(astronaut[:200])
    wide.transpose(Image.Transpose.ROTATE_90).save(turned, exif=exif, quality=95)
    photo = read_photo(turned)
    assert (photo.height, photo.width) == (200, 512)
    assert np.abs(photo.luma() - luma(astronaut[:200]) / 255).mean() < 0.02
    assert np.abs(read_square(turned, 64).astype(int) - np.asarray(wide.resize((64, 64))).astype(int)).mean() < 6
    write_photo(tmp_path / "written.jpg", Picture(photo.image), photo)
    with Image.open(tmp_path / "written.jpg") as written:
        assert written.size == (512, 200)
        assert written.getexif().get(0x0112, 1) == 1
        assert written.getexif()[0x010F] == "Kodak"


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


def test_a_gray_profile_is_not_stamped_on_a_colour_photo(tmp_path, camera):
    # The smallest valid gray profile: LittleCMS builds none, so an sRGB one stands in with its space renamed.
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[16:20] = b"GRAY"
    Image.fromarray(camera).save(tmp_path / "gray.png", icc_profile=bytes(profile))
    assert read_photo(tmp_path / "gray.png").icc_profile is None


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


def test_examining_tells_gray_from_colour(tmp_path, astronaut, camera):
    cases = {"gray.png": camera, "gray-as-rgb.jpg": np.repeat(camera[..., None], 3, -1), "colour.jpg": astronaut}
    found = {}
    for name, pixels in cases.items():
        Image.fromarray(pixels).save(tmp_path / name)
        found[name] = examine(tmp_path / name).colour_format
    assert found == {"gray.png": "gray", "gray-as-rgb.jpg": "gray", "colour.jpg": "RGB"}


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


@pytest.mark.parametrize("ending", ["jpg", "tif", "png"])
def test_details_of_the_exposure_go_where_the_format_holds_them(tmp_path, ending, astronaut):
    exif = Image.Exif()
    exif[0x010F] = "Kodak"
    exif.get_ifd(0x8769)[0x9003] = "1951:07:14 12:00:00"
    image = Image.fromarray(astronaut)
    image.save(tmp_path / "photo.jpg", exif=exif)
    write_photo(tmp_path / f"written.{ending}", Picture(image), read_photo(tmp_path / "photo.jpg"))
    with Image.open(tmp_path / f"written.{ending}") as written:
        written.load()
        assert written.getexif()[0x010F] == "Kodak"
        if ending != "tif":
            assert written.getexif().get_ifd(0x8769)[0x9003] == "1951:07:14 12:00:00"


def test_one_transparent_level_of_a_deep_photo_leaves_the_others_as_they_are(tmp_path, camera):
    Image.fromarray(camera.astype(np.uint16) * 257).save(tmp_path / "deep.png", transparency=257 * int(camera[0, 0]))
    photo = read_photo(tmp_path / "deep.png")
    assert np.abs(photo.luma() - camera / 255).max() < 0.001
    assert np.array_equal(photo.alpha == 0, camera == camera[0, 0])


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
