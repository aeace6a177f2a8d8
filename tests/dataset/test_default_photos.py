import numpy as np
import pytest
from PIL import Image

from colorizer.dataset.check import check_photos
from colorizer.dataset.default_photos import fill_default_dataset, holds_only_samples, true_colours
from colorizer.dataset.find import find_files
from colorizer.photos.color import luma
from tests.conftest import zipped


@pytest.mark.parametrize("for_training", [True, False])
def test_the_default_dataset_is_filled_once_with_photos_that_pass_the_check(tmp_path, for_training):
    folder = fill_default_dataset(tmp_path / "default", for_training)
    check = check_photos(find_files(folder), for_training)
    assert len(check.fine) >= 6
    assert not check.unreadable
    assert not check.wrong_format
    for path in check.fine[1:]:
        path.unlink()
    fill_default_dataset(folder, for_training)
    assert find_files(folder).files == check.fine[:1]


def test_samples_are_told_from_photos_of_ones_own(tmp_path, colour_folder):
    samples = find_files(fill_default_dataset(tmp_path / "default", for_training=True)).files
    assert holds_only_samples(samples)
    assert not holds_only_samples(find_files(colour_folder).files)


def test_a_zip_dropped_into_the_default_dataset_is_unpacked(tmp_path, colour_folder):
    folder = tmp_path / "dataset"
    folder.mkdir()
    zipped(colour_folder, folder / "holiday.zip")
    found = find_files(fill_default_dataset(folder, True)).files
    assert len(found) == 8
    assert {path.relative_to(folder).parts[0] for path in found} == {"holiday"}
    found[0].unlink()  # a photo the person does not want
    assert find_files(fill_default_dataset(folder, True)).files == found[1:]


def test_the_true_colours_of_the_default_photos_are_known_until_they_are_others(tmp_path):
    fill_default_dataset(tmp_path, for_training=False)
    truths = true_colours(tmp_path)
    assert {path.name for path in truths} == {
        "astronaut.png", "chelsea.png", "coffee.png", "grace_hopper.png", "rocket.png"
    }  # fmt: skip
    for path, truth in truths.items():
        gray, colour = np.asarray(Image.open(path)), np.asarray(Image.open(truth))
        assert gray.ndim == 2
        assert np.abs(luma(colour) - gray).max() <= 0.5
    Image.fromarray(255 - gray).save(tmp_path / "coffee.png")
    (tmp_path / "rocket.png").unlink()
    assert {path.name for path in true_colours(tmp_path)} == {"astronaut.png", "chelsea.png", "grace_hopper.png"}
    assert true_colours(tmp_path / "elsewhere") == {}
