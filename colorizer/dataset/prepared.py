"""Photos decoded once and kept for the next epochs, in memory or on disk."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from colorizer.files import Fingerprint, fingerprint
from colorizer.settings import CacheSettings


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
        self._folder, self._file, self._lock = folder, None, threading.Lock()

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
