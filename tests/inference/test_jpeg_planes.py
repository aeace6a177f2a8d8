import io

import numpy as np
import pytest
from PIL import Image

from colorizer.inference.colorize import PhotoTask, colorize_files
from colorizer.inference.full_size import join
from colorizer.inference.jpeg_planes import join_planes
from colorizer.network import load_model
from colorizer.photos.color import luma
from colorizer.photos.photo import Photo
from colorizer.photos.reading import read_photo
from colorizer.photos.writing import write_photo
from tests.conftest import gray_photo
from tests.inference.test_full_size import random_offset


@pytest.mark.parametrize("strength", [0.05, 0.5])
@pytest.mark.parametrize("size", [(512, 512), (511, 507), (61, 45), (1, 1), (90, 2101), (270, 1200)])
def test_planes_have_the_photo_s_luma_and_the_colours_of_a_full_join(strength, size, astronaut):
    photo = Photo(Image.fromarray(astronaut).resize(size[::-1]))
    for own in (photo, Photo(photo.image.convert("L"))):
        planes, joined = join_planes(own, random_offset(strength)), join(own, random_offset(strength)).image
        assert planes.luma.shape == size
        rgb = np.asarray(planes.rgb(size[::-1], Image.Resampling.NEAREST), np.float32)
        error = np.abs(luma(rgb) - own.luma() * 255)
        assert error.mean() < 1 + 2 * strength  # what is out of gamut by less than its neighbours is cut off
        assert np.abs(rgb.mean(axis=(0, 1)) - np.asarray(joined).mean(axis=(0, 1))).max() < 1.5 + 3 * strength


def test_a_faded_photo_gets_its_black_and_white_back(camera):
    faded = gray_photo((camera * 0.4 + 70).astype(np.uint8))
    planes, joined = (way(faded, random_offset(0.05), (0.3, 0.65)) for way in (join_planes, join))
    rgb = np.asarray(planes.rgb((512, 512)), np.float32)
    assert np.abs(luma(rgb) - luma(np.asarray(joined.image, np.float32))).mean() < 1


def test_a_jpeg_keeps_luma_better_than_by_way_of_rgb_and_all_its_original_tells(tmp_path, astronaut):
    exif = Image.Exif()
    exif[0x010E] = "grandmother"
    icc = b"profile" * 10_000
    gray = Image.fromarray(astronaut).convert("L").crop((0, 0, 301, 233))
    gray.save(tmp_path / "a.jpg", quality=95, exif=exif, dpi=(300, 300))

    def shift(name: str, picture, original) -> float:
        write_photo(tmp_path / name, picture, original)
        return np.abs(luma(np.asarray(Image.open(tmp_path / name), np.float32)) - original.luma() * 255).mean()

    def both(task, original, picture) -> tuple[float, float]:
        original = Photo(original.image, None, "JPEG", icc, original.exif, original.resolution)
        assert picture.planes is not None
        return shift("planes.jpg", picture, original), shift("rgb.jpg", type(picture)(picture.image), original)

    task = PhotoTask(tmp_path / "a.jpg", target=tmp_path / "planes.jpg")
    (outcome,) = colorize_files(load_model(), [task], both)
    by_planes, by_rgb = outcome.delivered
    assert by_planes <= by_rgb < 1
    with Image.open(tmp_path / "planes.jpg") as written:
        assert (written.size, written.mode, written.info["dpi"]) == ((301, 233), "RGB", (300, 300))
        assert written.info["icc_profile"] == icc
        assert written.getexif()[0x010E] == "grandmother"
        again = io.BytesIO()
        written.save(again, "JPEG", quality="keep")  # the layout is the one Pillow writes
    assert read_photo(tmp_path / "planes.jpg").exif is not None
