"""Photos to batches of (grayscale, colour) tensors, read from disk while the network computes."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from colorizer.color import luma
from colorizer.photo import read_square
from colorizer.settings import AugmentationSettings

MEMORY_BUDGET = 2 * 1024**3
"""Bytes of prepared photos kept in memory between epochs; past it every epoch decodes its photos again."""


class PhotoBatches(keras.utils.PyDataset):
    """Batches of (luma, RGB): float32 in [0, 1], shapes (n, size, size, 1) and (n, size, size, 3).

    Every photo is in exactly one batch of an epoch, the last, shorter batch included. With `augmentation`, the order
    is shuffled and photos are mirrored, cropped and aged at random, anew each epoch and repeatably for a seed. Photos
    are decoded by several threads ahead of the training step and kept as uint8, if all of them fit `memory_budget`
    bytes. A photo that can no longer be read raises ColorizeError.
    """

    def __init__(
        self,
        photos: Sequence[Path],
        size: int,
        batch_size: int,
        seed: int = 0,
        augmentation: AugmentationSettings | None = None,
        workers: int | None = None,
        memory_budget: int = MEMORY_BUDGET,
    ):
        super().__init__(workers=workers or os.cpu_count() or 1, use_multiprocessing=False, max_queue_size=8)
        self.photos, self.size, self.batch_size, self.seed = photos, size, batch_size, seed
        self.augmentation = augmentation
        self.epoch = 0
        self._side = size + round(size * augmentation.crop) if augmentation else size
        fits = len(photos) * self._side**2 * 3 <= memory_budget
        self._kept = np.empty((len(photos), self._side, self._side, 3), np.uint8) if fits else None
        self._is_kept = np.zeros(len(photos), bool)
        self._order = self._shuffled()

    def __len__(self) -> int:
        return math.ceil(len(self.photos) / self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        photos = [self._read(photo) for photo in chosen]
        if self.augmentation is None:
            rgb = np.stack(photos).astype(np.float32) / 255
            return luma(rgb)[..., None], rgb
        random = np.random.default_rng((self.seed, self.epoch, index))
        rgb = np.stack([_cut(photo, self.size, random) for photo in photos]).astype(np.float32) / 255
        return _aged(rgb, self.augmentation, random)

    def on_epoch_end(self) -> None:
        self.epoch += 1
        self._order = self._shuffled()

    def _shuffled(self) -> np.ndarray:
        if self.augmentation is None:
            return np.arange(len(self.photos))
        return np.random.default_rng((self.seed, self.epoch)).permutation(len(self.photos))

    def _read(self, photo: int) -> np.ndarray:
        if self._is_kept[photo]:
            return self._kept[photo]
        pixels = read_square(self.photos[photo], self._side)
        if self._kept is not None:
            self._kept[photo] = pixels
            self._is_kept[photo] = True
        return pixels


def _cut(photo: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    """Cut a random square of `size` out of a photo, mirrored every other time."""
    top, left = random.integers(0, photo.shape[0] - size, 2, endpoint=True)
    part = photo[top : top + size, left : left + size]
    return part[:, ::-1] if random.random() < 0.5 else part


def _aged(
    rgb: np.ndarray, settings: AugmentationSettings, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return luma as an old print might show it, and the true colours under that luma."""
    level = luma(rgb)[..., None]
    aged = level.copy()
    for photo in np.nonzero(random.random(len(rgb)) < settings.share)[0]:
        mean = level[photo].mean()
        contrast = 1 + random.uniform(-settings.contrast, settings.contrast)
        shift = random.uniform(-settings.brightness, settings.brightness)
        grain = random.standard_normal(level[photo].shape, np.float32) * random.uniform(0, settings.grain)
        aged[photo] = (level[photo] - mean) * contrast + mean + shift + grain
    np.clip(aged, 0, 1, out=aged)
    return aged, np.clip(rgb + (aged - level), 0, 1)
