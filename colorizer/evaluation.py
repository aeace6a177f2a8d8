"""Score colour photos a network made from gray, each figure beside what leaving the photo gray would score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity

from colorizer.batches import PhotoBatches
from colorizer.color import HUE_BINS, colourfulness, hue_histogram, luma
from colorizer.colorization import AS_MEANT, Adjustment, Failure, colorize_files
from colorizer.course import compile_model
from colorizer.devices import enough_memory
from colorizer.model import Network
from colorizer.photo import DEFAULT_LIMITS, Photo, Picture
from colorizer.settings import SCORED_SIDE, ColorizeError, PhotoLimits, Progress, TrainingSettings, no_progress


@dataclass(frozen=True)
class PhotoScores:
    """How near one picture is to the true photo, and how colourful it is."""

    psnr: float
    """Peak signal-to-noise ratio of RGB in dB; larger is nearer, 100 at most."""
    ssim: float
    """Structural similarity of RGB; 1 is equal. Luma is nearly the true one here, so it is high even for gray."""
    ciede2000: float
    """Mean CIEDE2000 colour difference; smaller is nearer, about 2 is just noticeable."""
    colourfulness: float
    """Hasler-Suesstrunk colourfulness; 0 is gray."""


@dataclass(frozen=True)
class ScoredPhoto:
    """The scores of one photo."""

    path: Path
    predicted: PhotoScores
    gray: PhotoScores
    """What leaving the photo gray scores."""
    true_colourfulness: float

    @property
    def gain(self) -> float:
        """PSNR gained over leaving the photo gray, in dB."""
        return self.predicted.psnr - self.gray.psnr


@dataclass(frozen=True)
class Evaluation:
    """Figures of a network on test photos; scores are means over the photos."""

    loss: float
    accuracy: float
    """Share of pixels whose strongest channel is right."""
    predicted: PhotoScores
    gray: PhotoScores
    true_colourfulness: float
    """The colourfulness of the true photos, the one to reach."""
    hues: tuple[tuple[float, ...], ...]
    """How much chroma of which true hue became which: `color.hue_histogram`, as shares of all true chroma."""
    photos: tuple[ScoredPhoto, ...]


def evaluate(
    network: Network,
    photos: Sequence[Path],
    settings: TrainingSettings,
    adjustment: Adjustment = AS_MEANT,
    workers: int | None = None,
    progress: Progress = no_progress,
    limits: PhotoLimits = DEFAULT_LIMITS,
) -> Evaluation:
    """Evaluate a network on colour photos; raise ColorizeError when one cannot be read.

    Loss and accuracy are taken at the network's size; the scores at the photo's own size, at most
    `settings.SCORED_SIDE` pixels on the longer side.
    """
    compile_model(network.model, settings)
    batches = PhotoBatches(photos, network.size, settings.batch_size, workers=workers, limits=limits)
    with enough_memory(settings.batch_size):
        figures = network.model.evaluate(batches, verbose=0, return_dict=True)
    batches.forget()
    scored: list[ScoredPhoto] = []
    hues = np.zeros((HUE_BINS + 1, HUE_BINS + 1))
    for outcome in colorize_files(network, photos, _score, adjustment, limits, workers):
        if isinstance(outcome, Failure):
            raise ColorizeError(outcome.reason)
        photo, its_hues = outcome.delivered
        scored.append(photo)
        hues += its_hues
        progress(len(scored), len(photos))
    return Evaluation(
        loss=float(figures["loss"]),
        accuracy=float(figures["accuracy"]),
        predicted=_mean([photo.predicted for photo in scored]),
        gray=_mean([photo.gray for photo in scored]),
        true_colourfulness=float(np.mean([photo.true_colourfulness for photo in scored])),
        hues=tuple(map(tuple, (hues / max(hues[:-1].sum(), 1e-9)).tolist())),
        photos=tuple(scored),
    )


def score(picture: np.ndarray, truth: np.ndarray) -> PhotoScores:
    """Score RGB in [0, 1], float32, of shape (h, w, 3) against the truth of the same shape.

    CIEDE2000: Sharma, Wu and Dalal 2005, https://doi.org/10.1002/col.20070; SSIM: Wang et al. 2004,
    https://doi.org/10.1109/TIP.2003.819861; both as scikit-image computes them, SSIM with its window of 7 pixels, which
    shrinks for smaller photos.
    """
    error = float(((picture - truth) ** 2).mean())
    difference = deltaE_ciede2000(rgb2lab(truth), rgb2lab(picture)).mean()
    window = min(7, (min(truth.shape[:2]) - 1) // 2 * 2 + 1)
    similarity = structural_similarity(
        truth, picture, channel_axis=-1, data_range=1, win_size=window, use_sample_covariance=window > 1
    )
    return PhotoScores(
        -10 * float(np.log10(max(error, 1e-10))), float(similarity), float(difference), float(colourfulness(picture))
    )


def _mean(scores: Sequence[PhotoScores]) -> PhotoScores:
    return PhotoScores(*np.mean([astuple(each) for each in scores], axis=0).tolist())


def _score(path: Path, original: Photo, picture: Picture) -> tuple[ScoredPhoto, np.ndarray]:
    truth, predicted = _scored(original.rgb()), _scored(picture.image)
    gray = np.repeat(luma(truth)[..., None], 3, axis=-1)
    scored = ScoredPhoto(path, score(predicted, truth), score(gray, truth), float(colourfulness(truth)))
    return scored, hue_histogram(truth, predicted)


def _scored(picture: Image.Image) -> np.ndarray:
    """Return an RGB picture in [0, 1], reduced to the size at which photos are scored."""
    longest = max(picture.size)
    if longest > SCORED_SIDE:
        width, height = (max(1, round(side * SCORED_SIDE / longest)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(picture, np.float32) / 255
