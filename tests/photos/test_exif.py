import numpy as np
import pytest
from PIL import Image

from colorizer.photos.color import luma
from colorizer.photos.photo import Picture
from colorizer.photos.reading import read_photo, read_square
from colorizer.photos.writing import write_photo


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
