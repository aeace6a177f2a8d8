"""Batches of (grayscale, color) arrays from photos, prepared once and read while the network computes."""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

import keras
import numpy as np
from PIL import Image

from colorizer.files import Fingerprint, fingerprint
from colorizer.photos.color import LUMA_WEIGHTS
from colorizer.photos.reading import read_square
from colorizer.settings import DEFAULT_READING, AugmentationSettings, CacheSettings, Reading, worker_count


class PreparedPhotos:
    """Photos decoded and resized once: uint8, shape (side, side, 3), kept in memory while they fit, then in a file.

    The file is in `folder`, belongs to this object alone and disappears with it. Photos beyond both budgets, and photos
    that have changed, are prepared on each access. Safe to call from several threads.
    """

    def __init__(
        self,
        photos: Sequence[Path],
        side: int,
        prepare: Callable[[Path, int], np.ndarray],
        folder: Path | None = None,
        settings: CacheSettings | None = None,
    ):
        settings = settings or CacheSettings()
        self._photos, self._side, self._prepare = photos, side, prepare
        self._bytes = side * side * 3
        self._fingerprints: list[Fingerprint | None] = [None] * len(photos)
        in_memory = min(len(photos), settings.memory_bytes // self._bytes)
        self._memory = np.empty((in_memory, side, side, 3), np.uint8)
        self._slots = min(len(photos) - in_memory, settings.disk_bytes // self._bytes)
        self._folder, self._lock = folder, threading.Lock()
        self._file: IO[bytes] | None = None

    def __len__(self) -> int:
        return len(self._photos)

    def __getitem__(self, number: int) -> np.ndarray:
        now = fingerprint(self._photos[number])
        if now is not None and self._fingerprints[number] == now:
            kept = self._kept(number)
            if kept is not None:
                return kept
        pixels = self._prepare(self._photos[number], self._side)
        if self._keep(number, pixels):
            self._fingerprints[number] = now
        return pixels

    def forget(self) -> None:
        """Release memory and disk space; from then on, photos are prepared on each access.

        This cannot wait until the object is deleted, because TensorFlow keeps a reference to its data source.
        """
        with self._lock:
            self._fingerprints = [None] * len(self._photos)
            self._memory, self._slots = np.empty((0, self._side, self._side, 3), np.uint8), 0
            if self._file is not None:
                self._file.close()
                self._file = None

    def _kept(self, number: int) -> np.ndarray | None:
        if number < len(self._memory):
            return self._memory[number]
        with self._lock:
            if self._file is None:  # forgotten meanwhile
                return None
            self._file.seek((number - len(self._memory)) * self._bytes)
            pixels = np.frombuffer(self._file.read(self._bytes), np.uint8)
        return pixels.reshape(self._side, self._side, 3) if pixels.size == self._bytes else None

    def _keep(self, number: int, pixels: np.ndarray) -> bool:
        slot = number - len(self._memory)
        if slot < 0:
            self._memory[number] = pixels
            return True
        if slot >= self._slots:
            return False
        try:
            with self._lock:
                if self._file is None:
                    self._file = self._new_file()
                self._file.seek(slot * self._bytes)
                return self._file.write(pixels.tobytes()) == self._bytes
        except OSError:  # the disk is full or takes no files: these photos are prepared each time
            self._slots = 0
            return False

    def _new_file(self) -> IO[bytes]:
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(buffering=0, dir=self._folder, prefix="prepared-")


_BAND_PIXELS = 16_384
"""Pixels that are scaled before their luma is computed; also the limit of OpenBLAS's path for small matrices."""


@dataclass(frozen=True)
class Augmentation:
    """Random changes of photos, and of their order."""

    settings: AugmentationSettings = field(default_factory=AugmentationSettings)
    seed: int = 0


class PhotoBatches(keras.utils.PyDataset):
    """Batches of (luma, RGB): float32 in [0, 1], shapes (n, size, size, 1) and (n, size, size, 3).

    Each epoch contains every photo once; its last batch may be smaller. Photos are decoded by several threads ahead of
    the training step, and kept as uint8 for the next epochs (`PreparedPhotos`). A photo that can no longer be
    read raises ColorizeError.

    Args:
        photos: The photo files.
        size: Side of the square photos, in pixels.
        batch_size: Photos per batch.
        reading: How photos are read and cached.
        augmentation: If given, the order is shuffled and photos are mirrored, cropped and aged at random. This differs
            in each epoch and is reproducible for a seed.
        least: Minimum size of the last batch. A smaller one is joined to the batch before it, as each of several GPUs
            needs a photo.
    """

    def __init__(
        self,
        photos: Sequence[Path],
        size: int,
        batch_size: int,
        reading: Reading = DEFAULT_READING,
        augmentation: Augmentation | None = None,
        least: int = 1,
    ):
        super().__init__(workers=worker_count(reading.workers), use_multiprocessing=False, max_queue_size=8)
        self.size, self.batch_size = size, batch_size
        self.augmentation, self.seed = (augmentation.settings, augmentation.seed) if augmentation else (None, 0)
        self.least, self.epoch = max(1, least), 0
        side = size + round(size * augmentation.settings.crop) if augmentation else size
        # A random window of this grain works as well as fresh grain, which would cost more than all other processing.
        self._grain = np.random.default_rng(self.seed).standard_normal((2 * size, 2 * size), np.float32)
        self._photos = PreparedPhotos(
            photos, side, partial(read_square, limits=reading.limits), reading.cache_folder, reading.cache
        )
        self._order = self._shuffled()

    @property
    def first_batch(self) -> int:
        """Number of photos in the first batch."""
        return len(self._photos) if len(self) == 1 else self.batch_size

    def __len__(self) -> int:
        full, rest = divmod(len(self._photos), self.batch_size)
        return max(1, full + (rest >= self.least))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        end = (index + 1) * self.batch_size if index + 1 < len(self) else len(self._photos)
        chosen = self._order[index * self.batch_size : end]
        random = np.random.default_rng((self.seed, self.epoch, index))
        gray = np.empty((len(chosen), self.size, self.size, 1), np.float32)
        rgb = np.empty((len(chosen), self.size, self.size, 3), np.float32)
        for number, photo in enumerate(chosen):
            pixels = self._photos[photo]
            if self.augmentation:
                pixels = _cut(pixels, self.size, self.augmentation, random)
            _fill(rgb[number], gray[number], pixels)
            if self.augmentation and random.random() < self.augmentation.share:
                _age(gray[number, ..., 0], rgb[number], self._grain, self.augmentation, random)
        return gray, rgb

    def begin_epoch(self, epoch: int) -> None:
        """Switch to the batches of an epoch, counted from zero."""
        self.epoch = epoch
        self._order = self._shuffled()

    def on_epoch_end(self) -> None:
        self.begin_epoch(self.epoch + 1)

    def forget(self) -> None:
        """Release the memory and the disk space of prepared photos."""
        self._photos.forget()

    def _shuffled(self) -> np.ndarray:
        if self.augmentation is None:
            return np.arange(len(self._photos))
        return np.random.default_rng((self.seed, self.epoch)).permutation(len(self._photos))


def _fill(rgb: np.ndarray, gray: np.ndarray, pixels: np.ndarray) -> None:
    """Convert uint8 pixels to float32 RGB, shape (size, size, 3), and luma, shape (size, size, 1), both in [0, 1].

    A few rows are converted at a time, so that they are still in the processor's cache when their luma is computed.
    """
    rows = max(1, _BAND_PIXELS // len(pixels))
    for top in range(0, len(pixels), rows):
        part = rgb[top : top + rows]
        np.multiply(pixels[top : top + rows], np.float32(1 / 255), out=part)
        np.dot(part.reshape(-1, 3), LUMA_WEIGHTS, out=gray[top : top + rows].reshape(-1))


def _cut(photo: np.ndarray, size: int, settings: AugmentationSettings, random: np.random.Generator) -> np.ndarray:
    """Cut a random square of `size` out of a photo, and turn, enlarge and mirror it at random."""
    top, left = random.integers(0, photo.shape[0] - size, 2, endpoint=True)
    part = photo[top : top + size, left : left + size]
    if settings.rotation or settings.zoom:
        part = _turned(part, random.uniform(-1, 1) * settings.rotation, 1 + random.uniform(0, settings.zoom))
    return _mirrored(part) if random.random() < settings.flip else part


def _turned(part: np.ndarray, degrees: float, zoom: float) -> np.ndarray:
    """Turn a square around its middle and enlarge it, at least until no corner is empty."""
    angle, middle = math.radians(degrees), (len(part) - 1) / 2
    scale = 1 / (zoom * (abs(math.cos(angle)) + abs(math.sin(angle))))
    cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
    offset = middle * (1 - cosine + sine), middle * (1 - sine - cosine)
    # Pillow maps the place (x, y) of the result to a place of the photo by the two rows of this matrix.
    matrix = (cosine, -sine, offset[0], sine, cosine, offset[1])
    turned = Image.fromarray(part).transform(
        part.shape[1::-1], Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
    )
    return np.asarray(turned)


def _mirrored(part: np.ndarray) -> np.ndarray:
    """Mirror a photo channel by channel, which takes half as long as pixel by pixel."""
    mirrored = np.empty(part.shape, np.uint8)
    for channel in range(3):
        mirrored[..., channel] = part[:, ::-1, channel]
    return mirrored


def _age(
    gray: np.ndarray, rgb: np.ndarray, grain: np.ndarray, settings: AugmentationSettings, random: np.random.Generator
) -> None:
    """Change luma in place to resemble an old print, and RGB to the true colors on top of that luma."""
    mean = gray.mean()
    contrast = np.float32(1 + random.uniform(-settings.contrast, settings.contrast))
    shift = np.float32(random.uniform(-settings.brightness, settings.brightness))
    top, left = random.integers(0, len(grain) - len(gray), 2, endpoint=True)
    aged = grain[top : top + len(gray), left : left + len(gray)] * np.float32(random.uniform(0, settings.grain))
    aged += gray * contrast + (mean + shift - mean * contrast)
    np.clip(aged, 0, 1, out=aged)
    difference = aged - gray
    for channel in range(3):
        rgb[..., channel] += difference
    np.clip(rgb, 0, 1, out=rgb)
    gray[:] = aged
