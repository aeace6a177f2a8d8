import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.repair import damaged, measure
from colorizer.photos.photo import Photo
from colorizer.photos.repair import repaired
from tests.conftest import SHIPPED


@pytest.fixture
def small(camera) -> np.ndarray:
    """A grayscale photograph of 256 pixels, for which damage is drawn as it is on most: some pixels wide."""
    return np.asarray(Image.fromarray(camera).resize((256, 256)))


@pytest.mark.parametrize(("kind", "number", "found"), [("dust", 3, 0.5), ("scratches", 6, 0.8), ("creases", 3, 0.25)])
def test_damage_drawn_onto_a_photo_is_mended_in_part(small, kind, number, found):
    figures = measure(small, kind, number)
    assert figures.found > found
    assert figures.after < 0.65 * figures.before
    assert figures.harmed < 0.03


@pytest.mark.parametrize("name", ["camera.png", "coins.png", "astronaut.png", "coffee.png"])
def test_little_of_an_undamaged_photo_is_taken_for_damage(name):
    gray = np.asarray(Image.open(SHIPPED / name).convert("L"))
    assert (np.asarray(repaired(Photo(Image.fromarray(gray))).image) != gray).mean() < 0.02


def test_photos_of_sixteen_bits_and_toned_ones_keep_what_they_are(small):
    scratched, _ = damaged(small, "scratches", 6)
    plain = np.asarray(repaired(Photo(Image.fromarray(scratched))).image, int)
    deep = repaired(Photo(Image.fromarray(scratched.astype(np.uint16) * 257))).image
    assert deep.mode == "I;16"
    assert np.abs(np.asarray(deep) / 257 - plain).max() <= 1
    toned = np.dstack([scratched, scratched, (scratched * 0.8).astype(np.uint8)])
    mended = np.asarray(repaired(Photo(Image.fromarray(toned))).image)
    changed = (mended != toned).any(axis=-1)
    assert 0.005 < changed.mean() < 0.05
    assert (np.ptp(mended[changed], axis=-1) == 0).all()  # only luma counts there


def test_a_large_scan_is_mended_at_its_own_size():
    with Image.open(SHIPPED / "coffee.png") as image:
        clean = image.convert("L").resize((3000, 2000), Image.Resampling.BICUBIC)
    scratched = clean.copy()
    ImageDraw.Draw(scratched).line((200, 300, 2700, 1500), fill=250, width=8)
    photo = Photo(scratched)
    mended = np.asarray(repaired(photo).image, float)
    line = np.asarray(scratched) != np.asarray(clean)
    before, after = (np.abs(picture - np.asarray(clean, float))[line].mean() for picture in (scratched, mended))
    assert after < 0.3 * before
    assert (mended != np.asarray(scratched)).mean() < 0.02
    assert np.asarray(photo.image).shape == mended.shape


def test_the_grid_of_a_print_is_no_damage():
    grid = np.full((256, 256), 100, np.uint8)
    grid[::8, ::8] = 255
    photo = Photo(Image.fromarray(grid))
    assert repaired(photo) is photo
