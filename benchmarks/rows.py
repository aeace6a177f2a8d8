"""Rows of the benchmark: each compares the program with a reference in the same run."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measuring import Row, Times, alternate, rates, seconds
from benchmarks.peers import peers
from benchmarks.photos import write_jpegs
from benchmarks.processes import memory, scans, start, startup
from colorizer.dataset.check import check_photos
from colorizer.dataset.find import find_files
from colorizer.settings import ModelSettings, PhotoLimits, Reading, TrainingSettings

SMALL, LARGE = (500, 375), (6000, 4000)
CORES = os.cpu_count() or 1


def bare_pool() -> ProcessPoolExecutor:
    """Return a pool with one new process for each core.

    Forked processes would share our memory, and every page we write to would first have to be copied. That would slow
    down the program rather than speed up the reference.
    """
    return ProcessPoolExecutor(CORES, multiprocessing.get_context("spawn"))


def decode(path: Path) -> None:
    with Image.open(path) as image:
        image.load()


def decode_and_resize(path: Path, size: int = 256) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR))


def decode_and_encode(path: Path, target: Path) -> None:
    with Image.open(path) as image:
        image.load()
        image.save(target / path.name, quality=PhotoLimits.jpeg_quality, subsampling="4:2:0")


def check(folder: Path) -> Iterator[Row]:
    """Compare the whole dataset check with a bare pool of decoders, and a second check with the first."""
    paths = write_jpegs(folder / "photos", 1200, *SMALL)
    with bare_pool() as pool:
        for name, for_training in (("check", True), ("check, toned from colour", False)):
            result = alternate(
                lambda training=for_training: check_photos(find_files(folder / "photos"), training),
                lambda: list(pool.map(decode, paths, chunksize=16)),
            )
            yield rates(name, len(paths), "photos", result, 0.90)

    def remembered(number: int) -> None:
        check_photos(find_files(folder / "photos"), True, Reading(cache_folder=folder / f"cache-{number}"))

    first = Times(tuple(seconds(partial(remembered, number)) for number in range(5)))
    second = Times(tuple(seconds(partial(remembered, number)) for number in range(5)))
    result = (second, first, float(np.median(np.divide(first.each, second.each))))
    yield rates("re-check", len(paths), "photos", result, 20)


def feed(folder: Path) -> Iterator[Row]:
    """Compare batches alone: the first pass with a bare pool, and later passes with the first."""
    from colorizer.dataset.batches import PhotoBatches

    paths = write_jpegs(folder / "photos", 800, *SMALL) * 4
    filled: list[PhotoBatches] = []

    def first_pass() -> None:
        filled[:] = [PhotoBatches(paths, 256, 16)]
        _drain(filled[0])

    with bare_pool() as pool:
        result = alternate(first_pass, lambda: list(pool.map(decode_and_resize, paths, chunksize=16)))
    yield rates("feed, first pass", len(paths), "photos", result, 1.0)
    yield rates("feed, later passes", len(paths), "photos", alternate(lambda: _drain(filled[0]), first_pass), 8)

    of_tensorflow = _tensorflow_batches(paths, 256, 16)
    first_again = alternate(first_pass, lambda: _exhaust(_tensorflow_batches(paths, 256, 16)), repetitions=3)
    yield rates("feed, first pass, beside tf.data", len(paths), "photos", first_again, 1.0)
    later = alternate(lambda: _drain(filled[0]), lambda: _exhaust(of_tensorflow))
    yield rates("feed, later passes, beside tf.data", len(paths), "photos", later, 1.0)


def _tensorflow_batches(paths: list[Path], size: int, batch_size: int):
    """Build the same batches with `tf.data`: decoded, resized, cached as uint8, with AUTOTUNE wherever it applies."""
    import tensorflow as tf

    from colorizer.photos.color import LUMA_WEIGHTS

    def prepared(path):
        pixels = tf.io.decode_jpeg(tf.io.read_file(path), 3)
        small = tf.image.resize(pixels, (size, size), antialias=True)
        return tf.cast(tf.clip_by_value(small + 0.5, 0, 255), tf.uint8)

    def as_pair(pixels):
        rgb = tf.cast(pixels, tf.float32) / 255
        return tf.tensordot(rgb, LUMA_WEIGHTS[:, None], 1), rgb

    kept = tf.data.Dataset.from_tensor_slices([str(path) for path in paths]).map(prepared, tf.data.AUTOTUNE).cache()
    return kept.batch(batch_size).map(as_pair, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def _exhaust(batches) -> None:
    for _ in batches:
        pass


def _drain(batches) -> None:
    """Read one epoch as `fit` does, through Keras' own queue and workers."""
    from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter

    adapter = PyDatasetAdapter(batches, shuffle=False)
    adapter.on_epoch_begin()
    for _ in adapter.get_numpy_iterator():
        pass
    adapter.on_epoch_end()


def fit(folder: Path) -> Iterator[Row]:
    """Compare a training epoch from disk with training steps on tensors in memory."""
    from colorizer.dataset.batches import Augmentation, PhotoBatches
    from colorizer.network.architectures import build
    from colorizer.network.devices import in_precision
    from colorizer.training.phases import compile_model

    paths = write_jpegs(folder / "photos", 640, *SMALL)
    settings = TrainingSettings()
    network = build(ModelSettings())
    model = in_precision(network.model, settings.precision)
    compile_model(model, settings, settings.learning_rate)
    batches = PhotoBatches(paths, network.size, settings.batch_size, augmentation=Augmentation())
    ready = batches[0]

    def steps() -> None:
        for _ in range(len(batches)):
            model.train_on_batch(*ready)

    model.train_on_batch(*ready)
    first = PhotoBatches(paths, network.size, settings.batch_size, augmentation=Augmentation())
    model.fit(batches, epochs=1, verbose=0)
    first_epoch = seconds(lambda: model.fit(first, epochs=1, verbose=0))
    result = alternate(lambda: model.fit(batches, epochs=1, verbose=0), steps, repetitions=3, warm_up=False)
    share = result[1].median / first_epoch
    yield rates("fit", len(paths), "photos", result, 0.95, f"first epoch, decoding: {share:.2f}")


def step(folder: Path) -> Iterator[Row]:
    """Compare a training step of the default network with one of the plain autoencoder."""
    from colorizer.network.architectures import build
    from colorizer.network.devices import in_precision
    from colorizer.training.phases import compile_model

    settings = TrainingSettings()
    models = {}
    for name in ("chroma_unet", "rgb_unet"):
        models[name] = in_precision(build(ModelSettings(architecture=name)).model, settings.precision)
        compile_model(models[name], settings, settings.learning_rate)
    result = alternate(
        lambda: _steps(models["chroma_unet"], 256, 16, 8), lambda: _steps(models["rgb_unet"], 256, 4, 2), repetitions=3
    )
    mine, other, ratio = result
    ours, reference = 128 / mine.median, 8 / other.median
    yield Row("step", f"{ours:.1f} photos/s", f"{reference:.2f} photos/s", ratio * 16, 20)


def _steps(model, size: int, batch_size: int, count: int) -> None:
    random = np.random.default_rng(0)
    gray = random.random((batch_size, size, size, 1), np.float32)
    rgb = random.random((batch_size, size, size, 3), np.float32)
    for _ in range(count):
        model.train_on_batch(gray, rgb)


def precision(folder: Path) -> Iterator[Row]:
    """Compare training steps in bfloat16 with float32, for each network."""
    from colorizer.network.architectures import build
    from colorizer.network.devices import has_bfloat16, in_precision
    from colorizer.training.phases import compile_model

    if not has_bfloat16():
        yield Row("precision", "-", "-", 1.0, 1.3, True, "no bfloat16 in this hardware: float32 is used")
        return
    for name, batch_size, count in (("chroma_unet", 16, 8), ("rgb_unet", 4, 1)):
        models = {}
        for kind in ("mixed_bfloat16", "float32"):
            models[kind] = in_precision(build(ModelSettings(architecture=name)).model, kind)
            compile_model(models[kind], TrainingSettings(), TrainingSettings.learning_rate)
        result = alternate(
            lambda: _steps(models["mixed_bfloat16"], 256, batch_size, count),  # noqa: B023
            lambda: _steps(models["float32"], 256, batch_size, count),  # noqa: B023
            repetitions=3,
        )
        yield rates(f"precision, {name}", batch_size * count, "photos", result, 1.3)


def colorize(folder: Path) -> Iterator[Row]:
    """Compare whole folders: small photos with the network alone, large ones with decoding and encoding."""
    from colorizer.inference.colorize import propose
    from colorizer.network import load_model
    from colorizer.photos import read_photo
    from colorizer.runs import ColorizeJob, colorize_photos, new_run

    network = load_model()

    def whole(paths: list[Path]) -> None:
        colorize_photos(ColorizeJob(network, paths, paths[0].parent, new_run(folder / "out", "benchmark")))

    small = write_jpegs(folder / "small", 320, *SMALL)
    photos = [read_photo(path) for path in small[:16]]
    result = alternate(lambda: whole(small), lambda: [propose(network, photos) for _ in range(20)], repetitions=3)
    yield rates("colorize, small", len(small), "photos", result, 0.80)

    large = write_jpegs(folder / "large", 6, *LARGE)
    (folder / "copies").mkdir()
    with bare_pool() as pool:
        again = partial(decode_and_encode, target=folder / "copies")
        result = alternate(lambda: whole(large), lambda: list(pool.map(again, large)), repetitions=3)
    yield rates("colorize, large", len(large), "photos", result, 0.70)


def names(folder: Path) -> Iterator[Row]:
    """Compare finding names next to 8,000 originals, all colorized before, at once and 1,000 at a time."""
    from colorizer.marks import mark_beside
    from colorizer.runs.names import paths_beside

    photos = [folder / f"photo-{number:04}.jpg" for number in range(8000)]
    pictures = [photo.with_stem(f"{photo.stem}-colour") for photo in photos]
    for path in (*photos, *pictures):
        path.touch()
    mark_beside(folder, [picture.name for picture in pictures])

    def some_at_a_time() -> None:
        for first in range(0, len(photos), 1000):
            paths_beside(photos[first : first + 1000], keeps_existing=True)

    result = alternate(lambda: paths_beside(photos, keeps_existing=True), some_at_a_time)
    yield rates("names", len(photos), "photos", result, 0.8)


ROWS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "check": check,
    "feed": feed,
    "fit": fit,
    "step": step,
    "precision": precision,
    "colorize": colorize,
    "names": names,
    "startup": startup,
    "start": start,
    "memory": memory,
    "scans": scans,
}
APART: dict[str, Callable[[Path], Iterator[Row]]] = {"peers": peers}
"""Measured only when named, because it needs packages that the program does not."""


def measure(name: str) -> list[Row]:
    """Measure one row, or a group of rows that belong together."""
    with tempfile.TemporaryDirectory() as folder:
        return list((ROWS | APART)[name](Path(folder)))
