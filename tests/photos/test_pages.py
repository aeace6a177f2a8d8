import numpy as np
import pytest
import tifffile
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.photos.photo import Photo, Picture
from colorizer.photos.reading import bytes_needed, examine, page_count, read_photo
from colorizer.photos.writing import write_pages, write_photo
from colorizer.settings import PhotoLimits
from tests.conftest import SHIPPED
from tests.photos.test_writing import gray_profile


@pytest.fixture
def scan(tmp_path, camera):
    """A TIFF of a deep page with a profile, a small copy of it, a page of one bit and a gray one lying on its side."""
    path = tmp_path / "scan.tif"
    page = np.asarray(Image.open(SHIPPED / "page.png").convert("L"))
    with tifffile.TiffWriter(path) as file:
        deep = camera[:128].astype(np.uint16) * 257
        file.write(deep, resolution=(300, 300), resolutionunit="INCH", iccprofile=gray_profile(1.8))
        file.write(camera[:128:8, ::8], subfiletype=1)
        file.write(page > 128, photometric="minisblack", resolution=(600, 600), resolutionunit="INCH")
        file.write(camera[:, :300], extratags=[(274, "H", 1, 6, True), (315, "s", 0, "Müller".encode("latin-1"), True)])
    return path


def test_every_page_is_read_with_what_it_has_and_small_copies_are_none(scan, camera):
    assert page_count(scan) == examine(scan).pages == 3
    first, second, third = (read_photo(scan, page=number) for number in range(3))
    assert (first.image.mode, first.resolution, first.page) == ("I;16", (300, 300), 0)
    assert (second.image.mode, second.resolution, second.page) == ("L", (600, 600), 1)
    assert np.asarray(second.image).shape == np.asarray(Image.open(SHIPPED / "page.png")).shape
    assert (third.resolution, third.image.size) == (None, (512, 300))  # 1 is what is said where nothing is
    assert np.array_equal(np.asarray(third.image), np.rot90(camera[:, :300], -1))
    assert bytes_needed(scan, page=2) == 5 * 512 * 300
    with pytest.raises(ColorizeError, match=r"scan.tif: it has no page 4"):
        read_photo(scan, page=3)


def test_a_preview_before_the_pages_is_none(tmp_path, camera):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(camera[::8, ::8], subfiletype=1)
        file.write(camera)
    assert np.array_equal(np.asarray(read_photo(tmp_path / "a.tif").image), camera)
    assert (examine(tmp_path / "a.tif").pages, examine(tmp_path / "a.tif").most_pixels) == (1, 512 * 512)


def test_what_is_wrong_with_a_later_page_is_found_by_the_check(scan, tmp_path):
    cut = tmp_path / "cut.tif"
    cut.write_bytes(scan.read_bytes()[:-100_000])
    with pytest.raises(ColorizeError, match=r"cut.tif, page 3: damaged"):
        examine(cut)
    with pytest.raises(ColorizeError, match=r"scan.tif, page 3: .* exceed the limit"):
        examine(scan, PhotoLimits(maximum_pixels=512 * 299))


def test_a_file_of_which_every_page_is_in_colour_is_in_colour(tmp_path, astronaut, camera):
    with tifffile.TiffWriter(tmp_path / "colour.tif") as file:
        file.write(astronaut, photometric="rgb")
        file.write(astronaut[::-1], photometric="rgb")
    with tifffile.TiffWriter(tmp_path / "mixed.tif") as file:
        file.write(astronaut, photometric="rgb")
        file.write(camera)
    assert examine(tmp_path / "colour.tif").in_colour
    assert not examine(tmp_path / "mixed.tif").in_colour


def test_pages_are_joined_in_order_whoever_wrote_each(tmp_path, astronaut):
    deep = astronaut.astype(np.uint16) * 257
    exif = Image.Exif()
    exif[0x013B] = "Someone"
    originals = [
        Photo(Image.new("I;16", (512, 512)), None, "TIFF", None, None, (300.0, 300.0)),
        Photo(Image.new("L", (512, 512)), astronaut[..., 0], "TIFF", b"profile", exif.tobytes(), (600.0, 600.0)),
    ] * 2
    files = [tmp_path / f"{number}.tif" for number in range(4)]
    for file, original in zip(files, originals, strict=True):
        is_deep = original.image.mode == "I;16"
        write_photo(file, Picture(Image.fromarray(astronaut), deep if is_deep else None), original)
    write_pages(tmp_path / "joined.tif", iter(files))
    assert [path.name for path in tmp_path.iterdir()] == ["joined.tif"]
    with tifffile.TiffFile(tmp_path / "joined.tif") as joined:
        assert [page.dtype for page in joined.pages] == [np.uint16, np.uint8] * 2
        assert all(np.array_equal(page.asarray()[..., :3], deep) for page in joined.pages[::2])
    for number in (1, 3):
        assert np.array_equal(np.asarray(read_photo(tmp_path / "joined.tif", page=number).image), astronaut)
    last = read_photo(tmp_path / "joined.tif", page=3)
    assert np.array_equal(last.alpha, astronaut[..., 0])
    assert last.resolution == (600, 600)
    with Image.open(tmp_path / "joined.tif") as image:
        image.seek(3)
        assert image.getexif()[0x013B] == "Someone"
        assert image.tag_v2[34675] == b"profile"


def test_of_pages_that_are_not_all_there_nothing_is_written(tmp_path):
    write_photo(tmp_path / "1.tif", Picture(Image.new("RGB", (9, 9))), Photo(Image.new("L", (9, 9))))

    def pages():
        yield tmp_path / "1.tif"
        raise ColorizeError("Cannot read page 2.")

    with pytest.raises(ColorizeError, match=r"Cannot read page 2"):
        write_pages(tmp_path / "joined.tif", pages())
    assert list(tmp_path.iterdir()) == []
