"""Score colour photos a network made from gray, each figure beside what leaving the photo gray would score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from colorizer.batches import PhotoBatches
from colorizer.color import colourfulness, luma
from colorizer.colorization import colorize_pixels
from colorizer.model import Network
from colorizer.photo import read_photo
from colorizer.settings import SCORED_SIDE, Progress, TrainingSettings, no_progress
from colorizer.training import compile_model


@dataclass(frozen=True)
class PhotoScores:
    """How near one picture is to the true photo, and how colourful it is."""

    psnr: float
    """Peak signal-to-noise ratio of RGB in dB; larger is nearer, 100 at most."""
    ciede2000: float
    """Mean CIEDE2000 colour difference; smaller is nearer, about 2 is just noticeable."""
    colourfulness: float
    """Hasler-Suesstrunk colourfulness; 0 is gray."""


@dataclass(frozen=True)
class Evaluation:
    """Figures of a network on test photos; scores are means over the photos."""

    photos: int
    loss: float
    accuracy: float
    """Share of pixels whose strongest channel is right."""
    predicted: PhotoScores
    gray: PhotoScores
    """What leaving every photo gray scores."""
    true_colourfulness: float
    """The colourfulness of the true photos, the one to reach."""


def evaluate(
    network: Network, photos: Sequence[Path], settings: TrainingSettings, progress: Progress = no_progress
) -> Evaluation:
    """Evaluate a network on colour photos; raise ColorizeError when one cannot be read.

    Loss and accuracy are taken at the network's size; the scores at the photo's own size, at most
    `settings.SCORED_SIDE` pixels on the longer side.
    """
    compile_model(network.model, settings)
    batches = PhotoBatches(photos, network.size, settings.batch_size)
    figures = network.model.evaluate(batches, verbose=0, return_dict=True)
    rows = []
    for done, path in enumerate(photos, 1):
        rows.append(_score(network, path))
        progress(done, len(photos))
    predicted, gray, true_colourfulness = zip(*rows, strict=True)
    return Evaluation(
        photos=len(photos),
        loss=float(figures["loss"]),
        accuracy=float(figures["accuracy"]),
        predicted=_mean(predicted),
        gray=_mean(gray),
        true_colourfulness=float(np.mean(true_colourfulness)),
    )


def score(picture: np.ndarray, truth: np.ndarray) -> PhotoScores:
    """Score RGB in [0, 1] of shape (h, w, 3) against the truth of the same shape.

    CIEDE2000: Sharma, Wu and Dalal 2005, https://doi.org/10.1002/col.20070, as scikit-image computes it (D65).
    """
    error = float(((picture - truth) ** 2).mean())
    difference = deltaE_ciede2000(rgb2lab(truth), rgb2lab(picture)).mean()
    return PhotoScores(-10 * np.log10(max(error, 1e-10)), float(difference), colourfulness(picture))


def _mean(scores: Sequence[PhotoScores]) -> PhotoScores:
    return PhotoScores(*np.mean([astuple(each) for each in scores], axis=0).tolist())


def _score(network: Network, path: Path) -> tuple[PhotoScores, PhotoScores, float]:
    original = read_photo(path)
    truth, picture = _scored(original.pixels), _scored(colorize_pixels(network, original))
    gray = np.repeat(luma(truth)[..., None], 3, axis=-1)
    return score(picture, truth), score(gray, truth), colourfulness(truth)


def _scored(pixels: np.ndarray) -> np.ndarray:
    """Return 8-bit RGB in [0, 1], reduced to the size at which photos are scored."""
    longest = max(pixels.shape[:2])
    if longest > SCORED_SIDE:
        height, width = (max(1, round(side * SCORED_SIDE / longest)) for side in pixels.shape[:2])
        pixels = np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))
    return pixels.astype(np.float32) / 255
