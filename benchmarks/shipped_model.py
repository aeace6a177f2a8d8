"""`python -m benchmarks.shipped_model PHOTOS FOLDER [epochs]`: train the shipped model further, as was done for it.

PHOTOS holds one folder for each source. Training starts from the shipped model, and dead channels of its encoder get
new weights. It trains on all sources except the held-out ones, whose photos determine which weights are kept. Nearly
gray photos are left out. FOLDER stores the state, so that the same command resumes after an interruption, the network
after every epoch, and at the end `final.keras`. A file named STOP in it ends the training after the current step.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

HELD_OUT = {"coco_captions": 93, "deconv100": 71, "mosaics572": 200, "pacs_photo": 220, "zalo5k": 200}
"""Validation sources, with photos from each: scenes, objects, landscapes and cities, seven classes, people."""
LEAST_COLOURFULNESS = 12.0
BATCH_SIZE, SEED = 32, 42
TOP_BLOCKS = ("block_13", "block_14", "block_15", "block_16")
DEAD = 1e-3
"""Standard deviation below which a channel counts as dead; active ones have about 0.5."""
LOOKED_AT = 512
"""Number of photos used to detect dead channels."""


def choose(photos: Path) -> dict[str, list[str]]:
    """Return the paths for training and validation, chosen by seed."""
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


def revive(model: keras.Model, luma: np.ndarray) -> dict[str, int]:
    """Give the encoder's dead channels new weights, in place, and return the number of dead channels in each block.

    `luma` is float32 in [0, 1], shape (n, size, size, 1). A channel is dead if the output of a block's depthwise
    convolution is the same at every place of every photo, so that no gradient passes through it. The constant
    contribution of a dead channel is moved into the batch normalization after it, and its new output weights start at
    zero, so the network's function does not change.
    """
    random_numbers = np.random.default_rng(SEED)
    return {block: _revive_block(model, block, luma, random_numbers) for block in TOP_BLOCKS}


def _revive_block(model: keras.Model, block: str, luma: np.ndarray, random_numbers: np.random.Generator) -> int:
    expand, expand_norm, depthwise, depthwise_norm, relu, project, project_norm = (
        model.get_layer(f"{block}_{name}")
        for name in ("expand", "expand_BN", "depthwise", "depthwise_BN", "depthwise_relu", "project", "project_BN")
    )
    given = _activations(model, relu, luma)
    dead = given.std(axis=(0, 1, 2)) < DEAD
    count = int(dead.sum())
    way_out = project.get_weights()[0]
    gamma, beta, mean, variance = project_norm.get_weights()
    mean -= (given.mean(axis=(0, 1, 2)) * dead) @ way_out[0, 0]
    project_norm.set_weights([gamma, beta, mean, variance])
    project.set_weights([np.where(dead[:, None], 0, way_out)])
    for layer, norm in ((expand, expand_norm), (depthwise, depthwise_norm)):
        kernel = layer.get_weights()[0]
        channels = np.moveaxis(kernel, 3 if layer is expand else 2, 0)
        channels[dead] = random_numbers.standard_normal(channels[dead].shape)
        layer.set_weights([kernel])
        computed = _activations(model, layer, luma)
        mean, spread = computed.mean(axis=(0, 1, 2)), computed.std(axis=(0, 1, 2))
        # The variance of block_15's output does not fit into half precision, in which the model ships.
        channels[dead] /= spread[dead].reshape(-1, *[1] * (channels.ndim - 1))
        layer.set_weights([kernel])
        statistics = (1, 0, mean / spread, 1)
        norm.set_weights([np.where(dead, new, old) for new, old in zip(statistics, norm.get_weights(), strict=True)])
    return count


def _activations(model: keras.Model, layer: keras.layers.Layer, luma: np.ndarray) -> np.ndarray:
    import keras

    return keras.Model(model.input, layer.output).predict(luma, verbose=0)


def main(photos: Path, folder: Path, epochs: int = 5) -> int:
    """Train, and print a line per minute."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    from colorizer.dataset import Augmentation, PhotoBatches
    from colorizer.network import load_model, save
    from colorizer.network.engines import KerasEngine
    from colorizer.network.network import Network
    from colorizer.photos import luma, read_square
    from colorizer.settings import FINE_TUNING
    from colorizer.training import EpochReport, TrainingControl, train_network

    folder.mkdir(parents=True, exist_ok=True)
    chosen = folder / "photos.json"
    if not chosen.exists():
        chosen.write_text(json.dumps(choose(photos)))
    parts = {name: [Path(path) for path in paths] for name, paths in json.loads(chosen.read_text()).items()}
    print({name: len(paths) for name, paths in parts.items()}, flush=True)
    shipped = load_model()
    network = Network(KerasEngine(shipped.model), shipped.name, shipped.size)
    looked_at = [luma(read_square(path, network.size).astype(np.float32) / 255) for path in parts["train"][:LOOKED_AT]]
    print("revived:", revive(network.model, np.stack(looked_at)[..., None]), flush=True)
    settings = replace(
        FINE_TUNING,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        learning_rate=5e-4,
        average=0.999,
        start_share=0.0,
        seed=7,
    )
    learning = PhotoBatches(parts["train"], network.size, BATCH_SIZE, augmentation=Augmentation(seed=7))
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
        TrainingControl(
            report,
            (folder / "STOP").exists,
            lambda epoch, shown: save(shown.model, folder / f"epoch-{epoch.epoch}.keras"),
        ),
    )
    save(network.model, folder / "final.keras")
    print(f"kept epoch {record.kept_epoch} of {record.seconds / 60:.0f} minutes: {record.history}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])))
