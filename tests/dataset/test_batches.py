from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from colorizer.dataset.batches import Augmentation, PhotoBatches
from colorizer.dataset.find import find_files
from colorizer.errors import ColorizeError
from colorizer.photos.color import luma
from colorizer.settings import AugmentationSettings, CacheSettings, Reading
from tests.conftest import SHIPPED


def epoch(batches: PhotoBatches) -> list[tuple[np.ndarray, np.ndarray]]:
    return [batches[index] for index in range(len(batches))]


def together(batches: PhotoBatches) -> np.ndarray:
    return np.concatenate([rgb for _, rgb in epoch(batches)])


def test_every_photo_is_counted_once_and_the_last_batch_is_short(colour_folder):
    photos = find_files(colour_folder).files
    batches = PhotoBatches(photos, 32, batch_size=3)
    assert [len(rgb) for _, rgb in epoch(batches)] == [3, 3, 2]
    assert len(np.unique(together(batches).mean(axis=(1, 2, 3)))) == len(photos)


def test_batches_hold_luma_and_rgb_between_zero_and_one(colour_folder):
    gray, rgb = PhotoBatches(find_files(colour_folder).files, 32, 8)[0]
    assert gray.shape == (8, 32, 32, 1)
    assert rgb.shape == (8, 32, 32, 3)
    assert gray.dtype == rgb.dtype == np.float32
    assert 0 <= rgb.min() < 0.1
    assert 0.9 < rgb.max() <= 1
    assert np.allclose(gray[..., 0], luma(rgb))


def test_augmented_batches_repeat_for_a_seed_and_differ_between_epochs_and_seeds(colour_folder):
    photos = find_files(colour_folder).files

    def two_epochs(seed: int) -> tuple[np.ndarray, np.ndarray]:
        batches = PhotoBatches(photos, 32, 4, augmentation=Augmentation(seed=seed))
        first = together(batches)
        batches.on_epoch_end()
        return first, together(batches)

    first, second = two_epochs(1)
    assert np.array_equal(first, two_epochs(1)[0])
    assert np.array_equal(second, two_epochs(1)[1])
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, two_epochs(2)[0])


def test_augmentation_changes_the_luma_but_not_the_colour_on_top_of_it():
    photos = [SHIPPED / "chelsea.png"] * 8
    aging = AugmentationSettings(crop=0, contrast=0.3, brightness=0.1, grain=0.02, share=1)
    gray, rgb = PhotoBatches(photos, 64, 8, augmentation=Augmentation(aging, 3))[0]
    plain_gray, plain_rgb = PhotoBatches(photos[:1], 64, 1)[0]
    assert np.abs(gray.mean(axis=(1, 2, 3)) - plain_gray.mean()).max() > 0.02
    colour, plain = (rgb - gray).mean(axis=(1, 2)), (plain_rgb - plain_gray).mean(axis=(1, 2))
    assert np.abs(colour - plain).max() < 0.02


def test_photos_kept_in_memory_are_those_read_from_disk(colour_folder):
    photos = find_files(colour_folder).files
    kept, read = PhotoBatches(photos, 32, 4), PhotoBatches(photos, 32, 4, Reading(cache=CacheSettings(0, 0)))
    together(kept)
    assert np.array_equal(together(kept), together(read))


def test_a_photo_that_vanished_is_named(colour_folder):
    photos = find_files(colour_folder).files
    batches = PhotoBatches(photos, 32, 8)
    photos[3].unlink()
    with pytest.raises(ColorizeError, match=photos[3].name):
        batches[0]


def test_a_last_batch_too_small_for_the_devices_joins_the_one_before(colour_folder):
    photos = find_files(colour_folder).files
    sizes = [len(rgb) for _, rgb in epoch(PhotoBatches(photos[:7], 32, 3, least=2))]
    assert sizes == [3, 4]
    assert [len(rgb) for _, rgb in epoch(PhotoBatches(photos[:1], 32, 3, least=2))] == [1]
    assert [len(rgb) for _, rgb in epoch(PhotoBatches(photos, 32, 3, least=2))] == [3, 3, 2]


def test_photos_are_turned_and_enlarged_without_empty_corners(tmp_path):
    Image.new("RGB", (64, 64), (200, 90, 40)).save(tmp_path / "plain.png")
    still = AugmentationSettings(flip=0, crop=0, share=0)
    plain = PhotoBatches(
        [tmp_path / "plain.png"] * 8, 64, 8, augmentation=Augmentation(replace(still, rotation=45, zoom=0.5))
    )
    assert np.allclose(plain[0][1], np.array([200, 90, 40]) / 255, atol=1e-6)
    photos = [SHIPPED / "chelsea.png"] * 8
    before = PhotoBatches(photos, 64, 8, augmentation=Augmentation(still))[0][1]
    assert np.array_equal(before[0], before[7])
    for changed in ({"rotation": 20.0}, {"zoom": 0.3}, {"flip": 1.0}):
        after = PhotoBatches(photos, 64, 8, augmentation=Augmentation(replace(still, **changed)))[0][1]
        assert np.abs(after - before).mean() > 0.02
    mirrored = PhotoBatches(photos, 64, 8, augmentation=Augmentation(replace(still, flip=1.0)))[0][1]
    assert np.array_equal(mirrored, before[:, :, ::-1])
