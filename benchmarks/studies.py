"""`python -m benchmarks.studies NAME PHOTOS OUTPUT`: study design choices of chroma_unet.

The studies cover capacity, nonlinearity, receptive field and regularization. Each trains its variants with everything
else equal, on photos chosen by seed from the folder PHOTOS, prints a table and conclusions, and plots training and
validation loss against steps into OUTPUT. Notebooks can call `run_study`.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STUDIES = ("capacity", "nonlinearity", "receptive_field", "regularization")
TRAINING_PHOTOS, VALIDATION_PHOTOS, BATCH_SIZE, EPOCHS, SEED = 800, 200, 16, 20, 42
_FILTERS = (16, 32, 64, 128, 256)
_DROPOUT, _L2 = 0.2, 1e-4
_NO_DIFFERENCE = 0.02
"""Decibels below which two gains count as equal: within one training, half a percent of the error is noise."""


@dataclass(frozen=True)
class Variant:
    """One network of a study."""

    name: str
    build: Callable[[], object]
    """Returns a `colorizer.network.Network`."""
    is_augmented: bool = True


@dataclass(frozen=True)
class Study:
    """Results of a study."""

    table: str
    """Markdown table with a row for each variant."""
    sentences: tuple[str, ...]
    """Conclusions from the results."""
    curves: Path


def variants(study: str, size: int | None = None) -> list[Variant]:
    """Return the networks of a study; `size` replaces the study's own photo size."""
    import keras

    from colorizer.network.architectures import build
    from colorizer.network.engines import KerasEngine
    from colorizer.network.network import Network
    from colorizer.settings import ModelSettings

    def network(filters: tuple[int, ...], own_size: int, slope: float | None = None, **settings: float) -> Network:
        built = build(ModelSettings(size=size or own_size, filters=filters, seed=SEED, **settings))
        if slope is None:
            return built

        def sloped(layer: keras.layers.Layer) -> keras.layers.Layer:
            changed = {"negative_slope": slope} if isinstance(layer, keras.layers.LeakyReLU) else {}
            return layer.__class__.from_config(layer.get_config() | changed)

        model = keras.models.clone_model(built.model, clone_function=sloped)
        model.set_weights(built.model.get_weights())
        return Network(KerasEngine(model), built.name, built.size)

    if study == "capacity":
        chosen = [tuple(count * factor // 8 for count in _FILTERS) for factor in (1, 2, 4, 8, 16, 32)]
        return [Variant(",".join(map(str, each)), lambda each=each: network(each, 64)) for each in chosen]
    if study == "nonlinearity":
        slopes = {"leaky ReLU (slope 0.2)": 0.2, "ReLU (slope 0)": 0.0, "none (slope 1)": 1.0}
        return [Variant(name, lambda slope=slope: network(_FILTERS, 128, slope)) for name, slope in slopes.items()]
    if study == "receptive_field":
        return [Variant(f"depth {depth}", lambda depth=depth: network(_FILTERS[:depth], 128)) for depth in range(1, 6)]
    return [
        Variant("nothing", lambda: network(_FILTERS, 128), is_augmented=False),
        Variant("augmentation", lambda: network(_FILTERS, 128)),
        Variant(f"dropout {_DROPOUT}", lambda: network(_FILTERS, 128, dropout=_DROPOUT), is_augmented=False),
        Variant(f"L2 {_L2:g}", lambda: network(_FILTERS, 128, l2=_L2), is_augmented=False),
        Variant("all three", lambda: network(_FILTERS, 128, dropout=_DROPOUT, l2=_L2)),
    ]


def run_study(
    study: str,
    learned: Sequence[Path],
    held_out: Sequence[Path],
    output: Path,
    epochs: int = EPOCHS,
    size: int | None = None,
    tell: Callable[[str], None] = lambda row: None,
) -> Study:
    """Train every variant of a study on some photos and validate it on others. Raises ColorizeError.

    `tell` is called with each row of the table as it is ready. The curves are saved in the folder `output`.
    """
    from colorizer.files import complete_file, unused_path

    rows, histories = [], {}
    for line in (_line(_COLUMNS), _line(["---"] * len(_COLUMNS))):
        rows.append(line)
        tell(line)
    for variant in variants(study, size):
        cells, histories[variant.name] = _trained(variant, learned, held_out, epochs)
        rows.append(_line(cells))
        tell(rows[-1])
    curves = unused_path(output / f"{study}.png")
    with complete_file(curves) as temporary:
        _drawn(histories, -(-len(learned) // BATCH_SIZE)).savefig(temporary, dpi=90)
    return Study("\n".join(rows), conclusions(histories), curves)


_COLUMNS = ("", "parameters", "receptive field", "last loss", "last val_loss", "best val_loss (epoch)", "PSNR gain")
_COLUMNS += ("CIEDE2000 (gray)", "colourfulness (truth)")


def _trained(
    variant: Variant, learned: Sequence[Path], held_out: Sequence[Path], epochs: int
) -> tuple[tuple, Mapping[str, Sequence[float]]]:
    """Train one variant and return its row of the table, and its history."""
    from colorizer.dataset.batches import Augmentation, PhotoBatches
    from colorizer.evaluation.evaluate import evaluate_network
    from colorizer.network.architectures import receptive_field
    from colorizer.settings import TrainingSettings
    from colorizer.training.train import train_network

    network = variant.build()
    augmentation = Augmentation(seed=SEED) if variant.is_augmented else None
    learning = PhotoBatches(learned, network.size, BATCH_SIZE, augmentation=augmentation)
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
    return cells, history


def conclusions(histories: Mapping[str, Mapping[str, Sequence[float]]]) -> tuple[str, ...]:
    """Describe which variant validates best, and which overfit, from their curves.

    Variants are ranked by the PSNR they gain over gray, because the loss of some contains a penalty on their weights.
    """
    from colorizer.training.diagnosis import outlook_of

    said, best = [], {name: max(history["val_gain"]) for name, history in histories.items()}
    first, winner = next(iter(best)), max(best, key=best.get)
    if best[winner] - best[first] > _NO_DIFFERENCE:
        said.append(f"{winner} validates best: {best[winner]:+.2f} dB over gray, {first} {best[first]:+.2f} dB.")
    else:
        said.append(
            f"Nothing validates better than {first} ({best[first]:+.2f} dB over gray) by more than {_NO_DIFFERENCE} dB."
        )
    for name, history in histories.items():
        seen = outlook_of(history)
        if seen and seen.is_overfitting:
            said.append(
                f"{name}: validation loss rises from epoch {seen.best_epoch + 1} on while training loss falls: "
                "overfitting."
            )
        elif seen and seen.is_improving:
            said.append(f"{name}: validation loss was still falling at the end: more epochs would say more.")
    return tuple(said)


def _drawn(histories: Mapping[str, Mapping[str, Sequence[float]]], steps: int) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    titles = {"loss": "Training loss", "val_loss": "Validation loss"}
    for axes, (name, title) in zip(figure.subplots(1, 2), titles.items(), strict=True):
        for variant, history in histories.items():
            axes.plot([steps * epoch for epoch in range(1, len(history[name]) + 1)], history[name], label=variant)
        axes.set(title=title, xlabel="steps", ylabel="mean squared error of RGB")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    return figure


def _line(cells: Sequence) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def main(study: str, photos: Path, output: Path) -> int:
    """Run one study."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from colorizer.dataset.check import check_photos
    from colorizer.dataset.find import find_files

    files = sorted(check_photos(find_files(photos), True).fine)
    wanted = TRAINING_PHOTOS + VALIDATION_PHOTOS
    if len(files) < wanted:
        sys.exit(f"{len(files):,} color photos are usable in {photos}, but a study needs {wanted:,}.")
    random.Random(SEED).shuffle(files)
    learned, held_out = files[:TRAINING_PHOTOS], files[TRAINING_PHOTOS : TRAINING_PHOTOS + VALIDATION_PHOTOS]
    result = run_study(study, learned, held_out, output, tell=lambda row: print(row, flush=True))
    print("\n".join(("", *result.sentences)))
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in STUDIES:
        sys.exit(f"{__doc__}\nNAME is one of {', '.join(STUDIES)}.")
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
