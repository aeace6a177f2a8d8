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

MEMORY_BUDGET = 2 * 1024**3
"""Bytes of prepared photos kept in memory between epochs; past it every epoch decodes its photos again."""


class PhotoBatches(keras.utils.PyDataset):
    """Batches of (luma, RGB): float32 in [0, 1], shapes (n, size, size, 1) and (n, size, size, 3).

    Every photo is in exactly one batch of an epoch, the last, shorter batch included. With `augment`, the order is
    shuffled and photos are mirrored at random, anew each epoch and repeatably for a seed. Photos are decoded by
    several threads ahead of the training step and kept as uint8, if all of them fit `memory_budget` bytes. A photo
    that can no longer be read raises ColorizeError.
    """

    def __init__(
        self,
        photos: Sequence[Path],
        size: int,
        batch_size: int,
        seed: int = 0,
        augment: bool = False,
        workers: int | None = None,
        memory_budget: int = MEMORY_BUDGET,
    ):
        super().__init__(workers=workers or os.cpu_count() or 1, use_multiprocessing=False, max_queue_size=8)
        self.photos, self.size, self.batch_size, self.seed, self.augment = (photos, size, batch_size, seed, augment)
        self.epoch = 0
        fits = len(photos) * size * size * 3 <= memory_budget
        self._kept = np.empty((len(photos), size, size, 3), np.uint8) if fits else None
        self._is_kept = np.zeros(len(photos), bool)
        self._order = self._shuffled()

    def __len__(self) -> int:
        return math.ceil(len(self.photos) / self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        pixels = np.stack([self._read(photo) for photo in chosen])
        if self.augment:
            mirrored = np.random.default_rng((self.seed, self.epoch, index)).random(len(chosen)) < 0.5
            pixels[mirrored] = pixels[mirrored, :, ::-1]
        rgb = pixels.astype(np.float32) / 255
        return luma(rgb)[..., None], rgb

    def on_epoch_end(self) -> None:
        self.epoch += 1
        self._order = self._shuffled()

    def _shuffled(self) -> np.ndarray:
        if not self.augment:
            return np.arange(len(self.photos))
        return np.random.default_rng((self.seed, self.epoch)).permutation(len(self.photos))

    def _read(self, photo: int) -> np.ndarray:
        if self._is_kept[photo]:
            return self._kept[photo]
        pixels = read_square(self.photos[photo], self.size)
        if self._kept is not None:
            self._kept[photo] = pixels
            self._is_kept[photo] = True
        return pixels
