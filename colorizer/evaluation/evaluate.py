"""Score photos that a network colorized, automatically or with true hints, compared with leaving them gray."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from colorizer.dataset.batches import PhotoBatches
from colorizer.evaluation.kernel_distance import KernelDistanceMeter, KernelDistances, feature_square
from colorizer.evaluation.scores import HUE_BINS, PhotoScores, hue_histogram, score
from colorizer.inference.colorize import AS_MEANT, Adjustment, HintsOf, PhotoTask, colorize_all
from colorizer.inference.hints import Hint
from colorizer.libraries import suppressed_logger
from colorizer.network.devices import compiled_by_xla, enough_memory
from colorizer.network.network import Network
from colorizer.photos.color import colourfulness, luma
from colorizer.photos.photo import Photo, Picture
from colorizer.progress import Progress, no_progress
from colorizer.settings import DEFAULT_READING, Reading, TrainingSettings
from colorizer.training.losses import regression_loss

_REACH = 3
"""Radius of the patch whose mean is the true color: 7 x 7 pixels, because a single pixel may be noise. Zhang et al.
2017, "Real-time user-guided image colorization", https://doi.org/10.1145/3072959.3073703, use such patches too."""


def hints_of_truth(count: int, seed: int) -> HintsOf:
    """Return a function that gives hints with the true colors of random places in a photo.

    The places depend only on the seed and the photo's file name.

    Args:
        count: Number of places per photo.
        seed: Seed for choosing the places.
    """
    return partial(_true_hints, count, seed)


def _true_hints(count: int, seed: int, path: Path, photo: Photo) -> list[Hint]:
    places = np.random.default_rng([seed, zlib.crc32(path.name.encode(errors="surrogateescape"))])
    hints = []
    for across, down in places.random((count, 2)):
        x, y = int(across * photo.width), int(down * photo.height)
        box = (
            max(x - _REACH, 0),
            max(y - _REACH, 0),
            min(x + _REACH + 1, photo.width),
            min(y + _REACH + 1, photo.height),
        )
        levels = np.rint(photo.levels(box).mean(axis=(0, 1))).astype(int)
        red, green, blue = np.broadcast_to(levels, 3)
        hints.append(Hint(x, y, f"#{red:02x}{green:02x}{blue:02x}"))
    return hints


SCORED_SIDE = 512
"""Longest side, in pixels, at which photos are scored, because CIEDE2000 of a 24-megapixel photo takes a minute."""


@dataclass(frozen=True)
class ScoredPhoto:
    """The scores of one photo."""

    path: Path
    predicted: PhotoScores
    gray: PhotoScores
    """Scores of the photo left gray."""
    true_colourfulness: float

    @property
    def gain(self) -> float:
        """Gain in PSNR over leaving the photo gray, in dB."""
        return self.predicted.psnr - self.gray.psnr


@dataclass(frozen=True)
class Evaluation:
    """Figures of a network on test photos. Scores are averaged over the photos."""

    loss: float
    accuracy: float
    """Fraction of pixels whose strongest channel is correct."""
    predicted: PhotoScores
    gray: PhotoScores
    true_colourfulness: float
    """Colorfulness of the true photos, which is the target."""
    hues: tuple[tuple[float, ...], ...]
    """Chroma by true and predicted hue (`scores.hue_histogram`), as fractions of all true chroma."""
    photos: tuple[ScoredPhoto, ...]
    kernel_distances: KernelDistances | None = None
    """Distances between the sets of predicted and true photos; None if not requested, or for a single photo."""
    true_chroma: float = 0.0
    """Total true chroma, summed over pixels, to which the fractions in `hues` refer."""


@dataclass(frozen=True)
class EvaluationOptions:
    """What a network is asked for, and how its colors are scored."""

    loss: str = TrainingSettings.loss
    batch_size: int = TrainingSettings.batch_size
    """Photos per batch for loss and accuracy."""
    adjustment: Adjustment = AS_MEANT
    """Options for the colorized pictures."""
    reading: Reading = DEFAULT_READING
    """Number of threads and limits for reading photos."""
    hints_of: HintsOf | None = None
    """Returns the hints for a photo, such as `hints_of_truth`."""
    features: keras.Model | None = None
    """Feature network for the kernel inception distance (`network.photo_features`); None skips that score."""


DEFAULT_OPTIONS = EvaluationOptions()


def evaluate_network(
    network: Network,
    photos: Sequence[Path],
    options: EvaluationOptions = DEFAULT_OPTIONS,
    progress: Progress = no_progress,
) -> Evaluation:
    """Evaluate a network on color photos, without changing it.

    Loss and accuracy are computed at the network's size and without hints. The scores are computed at the photo's own
    size, limited to `SCORED_SIDE` pixels on the longer side.

    Args:
        network: The network.
        photos: The color photos.
        options: What is predicted and scored.
        progress: Called with the number of scored photos and the total.

    Raises:
        ColorizeError: A photo cannot be read.
    """
    figures = _loss_and_accuracy(network, photos, options)
    scored: list[ScoredPhoto] = []
    hues = np.zeros((HUE_BINS + 1, HUE_BINS + 1))
    meter = KernelDistanceMeter(options.features) if options.features else None
    deliver = partial(_score, meter is not None)
    tasks = [PhotoTask(photo, hints=options.hints_of or ()) for photo in photos]
    for outcome in colorize_all(network, tasks, deliver, options.adjustment, options.reading):
        photo, its_hues, squares = outcome.delivered
        scored.append(photo)
        hues += its_hues
        if meter:
            meter.add(squares)
        progress(len(scored), len(photos))
    return Evaluation(
        loss=float(figures["loss"]),
        accuracy=float(figures["accuracy"]),
        **_means(scored),
        hues=_shares(hues),
        photos=tuple(scored),
        kernel_distances=meter.result() if meter else None,
        true_chroma=float(hues[:-1].sum()),
    )


def joined_evaluations(parts: Sequence[Evaluation]) -> Evaluation:
    """Combine evaluations of parts, at least one, as if all photos had been scored together.

    Sums agree up to rounding in the last digits. Means over photos are identical, unless the network's output depends
    in its last digits on the other photos of a batch. Kernel distances are omitted, because they cannot be combined.
    """
    photos = sorted((photo for part in parts for photo in part.photos), key=lambda photo: photo.path)
    shares = [len(part.photos) / len(photos) for part in parts]
    return Evaluation(
        loss=sum(share * part.loss for share, part in zip(shares, parts, strict=True)),
        accuracy=sum(share * part.accuracy for share, part in zip(shares, parts, strict=True)),
        **_means(photos),
        hues=_shares(np.sum([np.asarray(part.hues) * part.true_chroma for part in parts], axis=0)),
        photos=tuple(photos),
        true_chroma=sum(part.true_chroma for part in parts),
    )


def _means(photos: Sequence[ScoredPhoto]) -> dict[str, Any]:
    return {
        "predicted": _mean([photo.predicted for photo in photos]),
        "gray": _mean([photo.gray for photo in photos]),
        "true_colourfulness": float(np.mean([photo.true_colourfulness for photo in photos])),
    }


def _shares(hues: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, (hues / max(hues[:-1].sum(), 1e-9)).tolist()))


@suppressed_logger("tensorflow")  # TensorFlow warns about retracing for every network
def _loss_and_accuracy(network: Network, photos: Sequence[Path], options: EvaluationOptions) -> dict[str, float]:
    # A separate model on the same layers leaves the caller's compile settings unchanged.
    scored_model = keras.Model(network.model.inputs, network.model.outputs)
    accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
    loss = regression_loss(options.loss)
    scored_model.compile(optimizer=None, loss=loss, metrics=[accuracy], jit_compile=compiled_by_xla())
    batches = PhotoBatches(photos, network.size, options.batch_size, options.reading)
    try:
        with enough_memory(options.batch_size):
            return scored_model.evaluate(batches, verbose=0, return_dict=True)
    finally:
        batches.forget()


def _mean(scores: Sequence[PhotoScores]) -> PhotoScores:
    return PhotoScores(*np.mean([astuple(each) for each in scores], axis=0).tolist())


def _score(
    has_squares: bool, task: PhotoTask, original: Photo, picture: Picture
) -> tuple[ScoredPhoto, np.ndarray, Sequence[np.ndarray]]:
    """Return a photo's scores, its hues and, if requested, squares of truth, prediction and gray for features."""
    true_picture = original.rgb()
    truth, predicted = _scored(true_picture), _scored(picture.image)
    gray = np.repeat(luma(truth)[..., None], 3, axis=-1)
    scored = ScoredPhoto(task.path, score(predicted, truth), score(gray, truth), float(colourfulness(truth)))
    gray_picture = Image.fromarray(np.rint(gray * 255).astype(np.uint8))
    squares = [feature_square(each) for each in (true_picture, picture.image, gray_picture) if has_squares]
    return scored, hue_histogram(truth, predicted), squares


def _scored(picture: Image.Image) -> np.ndarray:
    """Return an RGB picture in [0, 1], reduced to the size for scoring."""
    longest = max(picture.size)
    if longest > SCORED_SIDE:
        width, height = (max(1, round(side * SCORED_SIDE / longest)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(picture, np.float32) / 255
