"""`python -m benchmarks.studies NAME PHOTOS OUTPUT`: what capacity, nonlinearity and receptive field do to chroma_unet.

Trains each variant of a study with everything else equal, on photos drawn by seed from the folder PHOTOS, prints a
table, and draws training and validation loss against steps into OUTPUT.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

STUDIES = ("capacity", "nonlinearity", "receptive_field")
TRAINING_PHOTOS, VALIDATION_PHOTOS, BATCH_SIZE, SEED = 800, 200, 16, 42


@dataclass(frozen=True)
class Variant:
    """One network of a study."""

    name: str
    build: Callable[[], object]
    """Returns a `colorizer.network.Network`."""


def variants(study: str) -> list[Variant]:
    """Return the networks of a study."""
    import keras

    from colorizer.network.architectures import build
    from colorizer.network.engines import KerasEngine
    from colorizer.network.network import Network
    from colorizer.settings import ModelSettings

    def network(filters: tuple[int, ...], size: int, slope: float | None = None) -> Network:
        built = build(ModelSettings(size=size, filters=filters, seed=SEED))
        if slope is None:
            return built

        def sloped(layer: keras.layers.Layer) -> keras.layers.Layer:
            changed = {"negative_slope": slope} if isinstance(layer, keras.layers.LeakyReLU) else {}
            return layer.__class__.from_config(layer.get_config() | changed)

        model = keras.models.clone_model(built.model, clone_function=sloped)
        model.set_weights(built.model.get_weights())
        return Network(KerasEngine(model), built.name, size)

    filters = (16, 32, 64, 128, 256)
    if study == "capacity":
        chosen = [tuple(count * factor // 8 for count in filters) for factor in (1, 2, 4, 8, 16, 32)]
        return [Variant(",".join(map(str, each)), lambda each=each: network(each, 64)) for each in chosen]
    if study == "nonlinearity":
        slopes = {"leaky ReLU (slope 0.2)": 0.2, "ReLU (slope 0)": 0.0, "none (slope 1)": 1.0}
        return [Variant(name, lambda slope=slope: network(filters, 128, slope)) for name, slope in slopes.items()]
    return [Variant(f"depth {depth}", lambda depth=depth: network(filters[:depth], 128)) for depth in range(1, 6)]


def main(study: str, photos: Path, output: Path, epochs: int = 20) -> int:
    """Run one study."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from matplotlib.figure import Figure

    from colorizer.dataset.batches import PhotoBatches
    from colorizer.dataset.check import check_photos
    from colorizer.dataset.find import find_files
    from colorizer.evaluation.evaluate import evaluate_network
    from colorizer.files import complete_file
    from colorizer.network.drawing import receptive_field
    from colorizer.settings import AugmentationSettings, TrainingSettings
    from colorizer.training.train import train_network

    files = sorted(check_photos(find_files(photos), True).fine)
    random.Random(SEED).shuffle(files)
    learned, held_out = files[:TRAINING_PHOTOS], files[TRAINING_PHOTOS : TRAINING_PHOTOS + VALIDATION_PHOTOS]
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    panels = dict(zip(("loss", "val_loss"), figure.subplots(1, 2), strict=True))
    columns = ("", "parameters", "receptive field", "last loss", "last val_loss", "best val_loss (epoch)", "PSNR gain")
    columns += ("CIEDE2000 (gray)", "colourfulness (truth)")
    print(_line(columns))
    print(_line(["---"] * len(columns)))
    for variant in variants(study):
        network = variant.build()
        learning = PhotoBatches(learned, network.size, BATCH_SIZE, seed=SEED, augmentation=AugmentationSettings())
        validation = PhotoBatches(held_out, network.size, BATCH_SIZE)
        settings = TrainingSettings(epochs=epochs, batch_size=BATCH_SIZE, monitor="none", seed=SEED)
        with tempfile.TemporaryDirectory() as folder:
            history = train_network(network, learning, validation, settings, Path(folder)).history
        scores = evaluate_network(network, held_out)
        best = min(history["val_loss"])
        cells = (
            variant.name,
            f"{network.model.count_params():,}",
            receptive_field(network.model, "chroma"),
            f"{history['loss'][-1]:.5f}",
            f"{history['val_loss'][-1]:.5f}",
            f"{best:.5f} ({history['val_loss'].index(best) + 1})",
            f"{scores.predicted.psnr - scores.gray.psnr:+.2f} dB",
            f"{scores.predicted.ciede2000:.2f} ({scores.gray.ciede2000:.2f})",
            f"{scores.predicted.colourfulness:.1f} ({scores.true_colourfulness:.1f})",
        )
        print(_line(cells), flush=True)
        for name, axes in panels.items():
            steps = [len(learning) * epoch for epoch in range(1, epochs + 1)]
            axes.plot(steps, history[name], label=variant.name)
    for axes, title in zip(panels.values(), ("Training loss", "Validation loss"), strict=True):
        axes.set(title=title, xlabel="steps", ylabel="mean squared error of RGB")
        axes.grid(alpha=0.3)
    panels["val_loss"].legend(fontsize=8)
    with complete_file(output / f"{study}.png") as temporary:
        figure.savefig(temporary, dpi=90)
    return 0


def _line(cells: Sequence) -> str:
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in STUDIES:
        sys.exit(f"{__doc__}\nNAME is one of {', '.join(STUDIES)}.")
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
