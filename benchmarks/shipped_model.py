"""`python -m benchmarks.shipped_model PHOTOS FOLDER [epochs]`: how the model that ships was trained on.

PHOTOS holds one folder for each source. The network begins as the model that ships, gets a second way from the top of
its encoder to the decoder (the first is dead but for 33 of 960 channels), and learns from all sources but those that
are held out, whose photos choose what is kept. Photos that are nearly gray are left out. FOLDER keeps the state, so
that the same command goes on after an interruption, the network after every epoch, and at the end `final.keras`. A file
named STOP in it ends the training after the step it is in.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

HELD_OUT = {"coco_captions": 93, "deconv100": 71, "mosaics572": 200, "pacs_photo": 220, "zalo5k": 200}
"""Sources that validate, and how many photos of each: scenes, objects, landscapes and cities, seven classes, people."""
LEAST_COLOURFULNESS = 12.0
COLOURFULNESS_WEIGHT = 0.06
"""Decibels that a unit of colourfulness is worth."""
BATCH_SIZE, SEED = 32, 42
TOP, SECOND_TOP, INTO_DECODER = "block_16_project_BN", "block_15_add", "second_top"
TOP_SPREAD = 1 / 20
"""One over the standard deviation of what `SECOND_TOP` gives: a step of the optimizer should not upset the decoder."""


def choose(photos: Path) -> dict[str, list[str]]:
    """Return the paths to learn from and to validate with, drawn by seed."""
    from colorizer.photos import colourfulness, read_square

    def is_colourful(path: Path) -> bool:
        return colourfulness(read_square(path, 64).astype(np.float32) / 255) >= LEAST_COLOURFULNESS

    files = sorted(path for path in photos.rglob("*") if path.is_file())
    with ThreadPoolExecutor() as pool:
        kept = [path for path, is_kept in zip(files, pool.map(is_colourful, files), strict=True) if is_kept]
    sources: dict[str, list[str]] = {}
    for path in kept:
        sources.setdefault(path.relative_to(photos).parts[0], []).append(str(path))
    validation = [
        path
        for source, count in HELD_OUT.items()
        for path in random.Random(SEED).sample(sources[source], min(count, len(sources[source])))
    ]
    learning = [path for source, paths in sources.items() if source not in HELD_OUT for path in paths]
    random.Random(SEED).shuffle(learning)
    return {"train": learning[: len(learning) // BATCH_SIZE * BATCH_SIZE], "validation": validation}


def with_second_top(model: keras.Model) -> keras.Model:
    """Return the network with a way from the encoder's last but one block into the decoder, at first without effect.

    The layers are those of `model`, which computes the same still.
    """
    import keras
    from keras import layers

    if any(layer.name == INTO_DECODER for layer in model.layers):
        return model
    names = [layer.name for layer in model.layers]
    entrance = model.layers[names.index(TOP) + 1]
    x = layers.Rescaling(TOP_SPREAD, name="second_top_scaled")(model.get_layer(SECOND_TOP).output)
    x = layers.Conv2D(entrance.filters, 1, kernel_initializer="he_normal", name="second_top_features")(x)
    x = layers.LeakyReLU(negative_slope=0.2, name="second_top_activation")(x)
    x = layers.Conv2D(entrance.filters, 1, kernel_initializer="zeros", name=INTO_DECODER)(x)
    changed = {id(entrance.output): layers.Add(name="tops")([entrance.output, x])}
    for layer in model.layers[names.index(entrance.name) + 1 :]:
        given = layer.input if isinstance(layer.input, list) else [layer.input]
        if any(id(tensor) in changed for tensor in given):
            taken = [changed.get(id(tensor), tensor) for tensor in given]
            changed[id(layer.output)] = layer(taken if isinstance(layer.input, list) else taken[0])
    return keras.Model(model.input, changed[id(model.output)], name=model.name)


def main(photos: Path, folder: Path, epochs: int = 5) -> int:
    """Train, and print a line a minute."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    from colorizer.dataset import PhotoBatches
    from colorizer.network import load_model, save
    from colorizer.network.engines import KerasEngine
    from colorizer.network.network import Network
    from colorizer.settings import AugmentationSettings, TrainingSettings
    from colorizer.training import EpochReport, train_network

    folder.mkdir(parents=True, exist_ok=True)
    chosen = folder / "photos.json"
    if not chosen.exists():
        chosen.write_text(json.dumps(choose(photos)))
    parts = {name: [Path(path) for path in paths] for name, paths in json.loads(chosen.read_text()).items()}
    print({name: len(paths) for name, paths in parts.items()}, flush=True)
    shipped = load_model()
    network = Network(KerasEngine(with_second_top(shipped.model)), shipped.name, shipped.size)
    settings = TrainingSettings(
        epochs=epochs,
        batch_size=BATCH_SIZE,
        learning_rate=4e-4,
        loss="log_squared_error",
        colourfulness_weight=COLOURFULNESS_WEIGHT,
        schedule="cosine",
        average=0.999,
        frozen_epochs=0,
        fine_tune_from="block_3",
        seed=7,
    )
    learning = PhotoBatches(parts["train"], network.size, BATCH_SIZE, seed=7, augmentation=AugmentationSettings())
    validation = PhotoBatches(parts["validation"], network.size, BATCH_SIZE)
    told = time.monotonic()

    def report(epoch: EpochReport) -> None:
        nonlocal told
        if epoch.finished or time.monotonic() - told > 60:
            told = time.monotonic()
            figures = {name: round(value, 5) for name, value in epoch.figures.items()}
            print(
                f"{time.strftime('%H:%M')} epoch {epoch.epoch}, {epoch.batch} of {epoch.batches}: {figures}", flush=True
            )

    record = train_network(
        network,
        learning,
        validation,
        settings,
        folder,
        report,
        (folder / "STOP").exists,
        lambda epoch, shown: save(shown.model, folder / f"epoch-{epoch.epoch}.keras"),
    )
    save(network.model, folder / "final.keras")
    print(f"kept epoch {record.kept_epoch} of {record.seconds / 60:.0f} minutes: {record.history}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])))
