import gc
import os
import threading
from pathlib import Path

import pytest

from colorizer.dataset.batches import PhotoBatches
from colorizer.dataset.check import check_photos
from colorizer.dataset.find import find_files
from colorizer.evaluation.evaluate import evaluate_network
from colorizer.inference.colorize import colorize_files
from colorizer.network.architectures import build
from colorizer.settings import CacheSettings, ModelSettings, Reading, TrainingSettings
from colorizer.training.train import train_network

pytestmark = pytest.mark.slow


def test_files_threads_and_processes_are_given_back(tmp_path, colour_folder, gray_folder):
    network = build(ModelSettings(size=64, filters=(8, 8)))
    settings = TrainingSettings(epochs=2, batch_size=2)

    def held(number: int) -> tuple[int, int, int]:
        photos = check_photos(find_files(colour_folder), True, Reading(cache_folder=tmp_path / "cache")).fine
        cache = CacheSettings(memory_bytes=0)  # so that photos are kept in an open file
        batches = PhotoBatches(photos, 64, 2, Reading(cache_folder=tmp_path, cache=cache))
        train_network(network, batches, batches, settings, tmp_path / f"{number}")
        evaluate_network(network, photos)
        for _ in colorize_files(network, sorted(gray_folder.iterdir())[:20], lambda *given: None):
            pass
        batches.forget()
        gc.collect()
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        return len(os.listdir("/proc/self/fd")), threading.active_count(), len(children)  # noqa: PTH208

    first = held(1)  # TensorFlow's own threads and files come with its first work, and stay
    assert all(now <= before for now, before in zip(held(2), first, strict=True))
