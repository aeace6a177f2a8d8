"""All defaults and limits of the program.

Only the standard library is imported here: the first question must appear before arrays or networks are loaded.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from colorizer.ranges import Counts, Number, OneOf, Ranged, WholeNumber

LOSSES = {"squared": "mean_squared_error", "absolute": "mean_absolute_error", "log": "log_squared_error"}
"""Losses for a regression, by the short names that users type."""
VIVIDNESS_RANGE = Number(0, 2)
RUN_NAME = r"\w(?:[\w .+-]{0,78}[\w+-])?"
"""Pattern of the names of runs, and so of their folders: letters of any script, digits and a few signs between them."""
RECORD_VERSION = 1
"""Version of the record next to a trained model, which can be read as a settings file; without a number it is 1."""
MAXIMUM_COUNT = 10_000_000
"""Upper limit of a typed number of photos: far above any folder, low enough to catch a typing error."""
MAXIMUM_EPOCHS = 10_000
MAXIMUM_SIZE = 2048
MAXIMUM_BATCH_SIZE = 4096
MAXIMUM_SEED = 2**32 - 1
SIZE_MULTIPLE = 32
"""The networks halve their input five times: both sides must be divisible by two to the fifth."""


@dataclass(frozen=True)
class PhotoLimits:
    """Limits on photos, and how their colorized copies are written."""

    maximum_pixels: int = 300_000_000
    """Photos above this many pixels are refused as decompression bombs; a 100-megapixel scan passes."""
    takes_cut_off: bool = False
    """Whether to read the beginning of a JPEG or PNG whose end is missing; otherwise such a photo is refused."""
    keeps_dates: bool = True
    """Whether a written photo gets the modification time of its original."""
    jpeg_quality: int = 97
    """Rounding changes luma, which comes from the photo, by 0.50 levels on average; 95 changed it by 0.67. Files do not
    get larger, since chroma is stored at half the size (4:2:0), and predicted chroma is far coarser than that.
    """
    heif_quality: int = 95
    """Quality of HEIC. It changes luma by 0.39 levels on average; higher values of x265 changed it as much, and 90 by
    0.42.
    """
    gray_difference: int = 8
    """Two channels closer than this (8-bit levels) count as equal: see `color.is_gray`."""
    faded_range: float = 0.65
    """A photo is faded when the luma of all but one pixel in a hundred lies within this share of black to white. One in
    ten modern photos counts as faded and loses some tenths of a decibel: docs/EXPERIMENTS.md.
    """
    blank_range: float = 0.15
    """With an even smaller range, a photo shows fog, paper or night rather than fading; stretching would only amplify
    noise.
    """
    gray_share: float = 0.999
    """A photo is gray when at least this share of its pixels have equal channels."""
    toned_least: float = 0.4
    """Chroma (root mean square, 8-bit levels) of a black-and-white photo that luma need not explain: compression and
    noise. docs/EXPERIMENTS.md describes how this and the next two limits were measured.
    """
    toned_share: float = 0.28
    """Additional unexplained chroma that is allowed for each level of the photo's chroma: a strong toner is less even.
    """
    toned_most: float = 4.0
    """With more unexplained chroma, in levels, a photo is in color however strong its colors are."""


@dataclass(frozen=True)
class ArchiveLimits:
    """Limits on zips. Photos are already compressed, so a harmless archive is hardly smaller than its contents."""

    maximum_files: int = 1_000_000
    maximum_depth: int = 100
    """Levels of nested folders."""
    maximum_ratio: int = 100
    """Largest ratio of unpacked to packed bytes; uncompressed scans reach 10."""
    bytes_never_refused: int = 100_000_000
    """Below this size the ratio does not matter: a few blank pages."""
    bytes_left_free: int = 100_000_000
    """Disk space that must remain free."""


@dataclass(frozen=True)
class DatasetSettings:
    """How photos are divided; every photo belongs to exactly one part."""

    validation_share: float = 0.2
    """Share of the training photos that is held back to detect overfitting: two of every ten."""
    minimum_training_photos: int = 2
    """One for learning and one for validation."""
    minimum_test_photos: int = 1
    default_test_share: float = 0.1
    """Share of all usable photos that is proposed for the final test."""
    maximum_default_test: int = 200
    few_photos: int = 2_000
    """With fewer, a network from scratch learns hardly more than a tint: docs/EXPERIMENTS.md."""
    seed: int = 42


ARCHITECTURES = {
    "chroma_unet": "lean, predicts color and keeps the photo's own brightness",
    "rgb_unet": "the plain autoencoder, predicts all three channels; 20 times slower and more",
    "book_unet": "the autoencoder of the book, layer by layer; predicts all three channels, for a GPU",
    "mobilenet_unet": "chroma_unet with an encoder that learned from ImageNet, MobileNetV2",
    "resnet18_unet": "the same with ResNet-18; needs the package keras-hub",
}
"""Networks that can be built, in the order they are offered, and what each is."""
PROPOSED_ARCHITECTURE, PROPOSED_SIZE, BOOK_SIZE = "mobilenet_unet", 128, 256
"""What is proposed for a new network: a pretrained encoder, and a size at which training is fast; `book_unet` has its
own size."""
RANDOM_WEIGHTS, SHIPPED_WEIGHTS, IMAGENET_WEIGHTS = "random", "shipped", "imagenet"
"""Instead of a file with an encoder's weights: random ones, those of the shipped model, or ImageNet's by download."""


@dataclass(frozen=True)
class ModelSettings(Ranged):
    """Settings to build a new network."""

    architecture: Annotated[str, OneOf(tuple(ARCHITECTURES))] = "chroma_unet"
    """One of `ARCHITECTURES`."""
    size: Annotated[int, WholeNumber(SIZE_MULTIPLE, MAXIMUM_SIZE, SIZE_MULTIPLE)] = 256
    """Side of the square the network works on, in pixels; a multiple of 32."""
    filters: Annotated[tuple[int, ...], Counts(2, 5, WholeNumber(1, 4096))] = ()
    """Filters of each encoder block; empty uses the architecture's default."""
    dropout: Annotated[float, Number(0, 0.9)] = 0.0
    """Share of activations dropped after each decoder block while training."""
    l2: Annotated[float, Number(0, 1)] = 0.0
    """Weight of the L2 penalty on convolution kernels."""
    head: Annotated[str, OneOf(("regression", "classification"))] = "regression"
    """"regression" predicts chroma itself; "classification" how likely each of 291 chroma bins is (Zhang, Isola and
    Efros 2016, https://arxiv.org/abs/1603.08511). Not for `rgb_unet` and `book_unet`, which predict no chroma."""
    temperature: Annotated[float, Number(0.01, 1)] = 0.38
    """With classification: the color is the mean of the bins after their probabilities are sharpened by this
    temperature, the paper's annealed mean and its value. 1 is the plain mean, less saturated but more accurate; toward
    0, it becomes the likeliest bin.
    """
    encoder_weights: str = ""
    """File with ImageNet weights for a pretrained encoder, `SHIPPED_WEIGHTS` or `RANDOM_WEIGHTS`; empty downloads them.
    """
    seed: Annotated[int, WholeNumber(0, MAXIMUM_SEED)] = 42


@dataclass(frozen=True)
class ModelLimits:
    """Limits on model files."""

    maximum_bytes: int = 2_000_000_000
    """Size of the file and of the weights in it; `rgb_unet` with its optimizer takes 360 MB."""
    maximum_inflated_bytes: int = 500_000_000
    """Size of the weights in a smaller file, which may be compressed."""
    maximum_seconds: int = 10
    """Processor time to read a file; each 20 MB of the file adds one second."""
    maximum_config_bytes: int = 5_000_000
    """Size of the network's description; MobileNetV2's is 200 kB."""
    maximum_config_depth: int = 100
    """Nesting of lists and objects in it; a model within a model adds five levels."""
    maximum_objects: int = 20_000
    """Groups and arrays of an HDF5 file; MobileNetV2 has a few thousand."""
    maximum_layers: int = 2_000
    """MobileNetV2 has 155, EfficientNetB7 over 800."""
    maximum_layer_bytes: int = 2_000_000_000
    """Size of the output of one layer for one photo, as float32."""


@dataclass(frozen=True)
class AdversarialSettings(Ranged):
    """How a trained generator continues against a discriminator.

    The two losses, their weights and, except for the generator's learning rate, the optimizers follow Isola et al.
    2017, "Image-to-Image Translation with Conditional Adversarial Networks" (pix2pix),
    https://arxiv.org/abs/1611.07004, sections 3 and 6 of the paper and its appendix.
    """

    epochs: Annotated[int, WholeNumber(1, MAXIMUM_EPOCHS)] = 2
    """Epochs after those of `TrainingSettings.epochs`."""
    loss: Annotated[str, OneOf(("cross_entropy", "least_squares", "hinge"))] = "cross_entropy"
    """Loss that distinguishes patches: "cross_entropy" (pix2pix), "least_squares" (Mao et al. 2017,
    https://arxiv.org/abs/1611.04076) or "hinge" (Lim and Ye 2017, https://arxiv.org/abs/1705.02894).
    """
    l1_weight: Annotated[float, Number(0, 1e6)] = 100.0
    """Lambda: weight of the mean absolute error of RGB in [-1, 1] relative to the adversarial loss."""
    label_smoothing: Annotated[float, Number(0, 0.5)] = 0.0
    """How far below 1 the discriminator's target for a real patch is (Salimans et al. 2016,
    https://arxiv.org/abs/1606.03498, section 3.4: 0.1).
    """
    learning_rate: Annotated[float, Number(1e-8, 1)] = 5e-5
    """Learning rate of the generator's Adam, a quarter of pix2pix's: that training starts from noise, this one with
    colors that it would lose again (docs/EXPERIMENTS.md). Two learning rates: Heusel et al. 2017,
    https://arxiv.org/abs/1706.08500.
    """
    discriminator_learning_rate: Annotated[float, Number(1e-8, 1)] = 2e-4
    """Learning rate of the discriminator's Adam. Both rates fall to zero over the second half of the phase, as in
    pix2pix's own program.
    """
    beta_1: Annotated[float, Number(0, 0.999)] = 0.5
    """Momentum of both optimizers."""
    filters: Annotated[int, WholeNumber(1, 512)] = 64
    """Filters of the discriminator's first convolution; the next have two, four and eight times as many."""
    kept_gain: Annotated[float, Number(0, 1)] = 0.25
    """Share of the generator's PSNR gain over gray before the phase that an epoch must preserve for its generator to be
    kept, however vivid its colors.
    """
    collapse_loss: Annotated[float, Number(0, 10)] = 0.01
    """A discriminator with a loss below this always distinguishes real from generated, so nothing more can be learned
    from it. An undecided one has 0.69 (cross-entropy), 0.25 (least squares) or 1 (hinge).
    """
    collapse_steps: Annotated[int, WholeNumber(1, 1_000_000_000)] = 100
    """The phase ends after this many such steps in a row."""


@dataclass(frozen=True)
class AugmentationSettings(Ranged):
    """How a training photo differs from itself epoch by epoch. Color stays true; the network's view of it varies."""

    flip: Annotated[float, Number(0, 1)] = 0.5
    """Share of the photos that are mirrored."""
    crop: Annotated[float, Number(0, 0.5)] = 0.125
    """Photos are read larger by this share, and a random part of the network's size is cut out."""
    rotation: Annotated[float, Number(0, 45)] = 0.0
    """Photos are turned by at most so many degrees, and enlarged until they have no empty corners."""
    zoom: Annotated[float, Number(0, 0.5)] = 0.0
    """Photos are enlarged by at most this share."""
    contrast: Annotated[float, Number(0, 1)] = 0.25
    """Luma is stretched or squeezed around its mean by at most this share, as prints fade."""
    brightness: Annotated[float, Number(0, 1)] = 0.08
    """Luma is shifted by at most this much."""
    grain: Annotated[float, Number(0, 1)] = 0.03
    """Standard deviation of the strongest film-like noise, on luma in [0, 1]."""
    share: Annotated[float, Number(0, 1)] = 0.5
    """Share of the photos whose luma is changed at all."""


@dataclass(frozen=True)
class TrainingSettings(Ranged):
    """How a network is trained."""

    epochs: Annotated[int, WholeNumber(0, MAXIMUM_EPOCHS)] = 5
    batch_size: Annotated[int, WholeNumber(1, MAXIMUM_BATCH_SIZE)] = 16
    learning_rate: Annotated[float, Number(1e-12, 1)] = 3e-4
    """Step of the optimizer. At Adam's usual 1e-3 a network from scratch once drove every chroma out of gamut, where
    clipping leaves no gradient to come back by: docs/EXPERIMENTS.md."""
    optimizer: Annotated[str, OneOf(("adam", "sgd", "rmsprop"))] = "adam"
    """"adam" (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980), "sgd" with Nesterov's momentum of 0.9, or
    "rmsprop". The adversarial phase always takes Adam."""
    gradient_norm: Annotated[float, Number(1e-6, 1e6)] = 1.0
    """Gradients are scaled down to this global norm, for the same reason."""
    loss: Annotated[str, OneOf(tuple(LOSSES.values()))] = "mean_squared_error"
    """Loss of RGB: "mean_squared_error", "mean_absolute_error" or "log_squared_error" (decibels of PSNR, used for the
    shipped model). The absolute error gives better colors than the squared one with a pretrained encoder, but leaves a
    network from scratch gray for many epochs: docs/EXPERIMENTS.md.
    """
    colourfulness_weight: Annotated[float, Number(0, 10)] = 0.0
    """How much a unit of colorfulness reduces the loss of the regression, in the loss's own units; 0 has no effect."""
    colour_difference_weight: Annotated[float, Number(0, 10)] = 0.0
    """What a unit of colour difference, nearly CIEDE2000, adds to the loss of the regression; 0 is without."""
    precision: Annotated[str, OneOf(("auto", "float32", "mixed_bfloat16", "mixed_float16"))] = "auto"
    """"float32", "mixed_bfloat16", "mixed_float16" with a scaled loss (sums stay float32 in both), or "auto": the half
    size that the hardware multiplies where it pays, bfloat16 before float16. An adversarial training takes float32
    instead of float16."""
    is_deterministic: bool = False
    """Whether a GPU repeats the training to the last bit, at the cost of speed; a CPU does so anyway."""
    schedule: Annotated[str, OneOf(("plateau", "cosine"))] = "plateau"
    """"plateau": the learning rate falls when validation stops improving. "cosine": it rises over the first steps and
    falls along half a cosine to nothing at the last one (Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983);
    for a training whose length is known to be right."""
    warm_up: Annotated[float, Number(0, 1)] = 0.03
    """Share of the steps over which the cosine schedule's learning rate rises."""
    frozen_epochs: Annotated[int, WholeNumber(0, MAXIMUM_EPOCHS)] = 1
    """Epochs at the start in which a pretrained encoder keeps its weights, so that the decoder's first, uninformative
    errors do not damage them. No effect on a network without such an encoder.
    """
    fine_tuning_factor: Annotated[float, Number(0, 1)] = 0.5
    """Factor on the learning rate once the encoder is trained too."""
    fine_tune_from: str = ""
    """Block of the encoder from which on it is then trained, such as "block_10"; empty for all of it."""
    average: Annotated[float, Number(0, 0.9999)] = 0.0
    """Momentum of the exponential moving average of the weights, which is then what is validated and kept (Polyak and
    Juditsky 1992, https://doi.org/10.1137/0330046); 0 keeps the weights themselves. At the start it averages over
    fewer steps, so that short trainings do not end near where they began."""
    start_share: Annotated[float, Number(0, 1)] = 0.0
    """Share of the starting weights in the weights that are kept of a loaded model: the trained model then gains less
    on photos of its own kind and loses less on all others (Wortsman et al. 2022, "Robust fine-tuning of zero-shot
    models", https://arxiv.org/abs/2109.01903). More is mixed in if the colorfulness of the validation photos would
    otherwise change by more than a tenth. 0 keeps the trained weights."""
    monitor: Annotated[str, OneOf(("loss", "accuracy", "val_loss", "val_accuracy", "none"))] = "val_loss"
    """Metric that chooses the best epoch: "loss", "accuracy", "val_loss" or "val_accuracy"; "none" keeps the last
    epoch. An adversarial phase uses `realism.palette_rank` instead, unless this is "none".
    """
    plateau_epochs: Annotated[int, WholeNumber(1, MAXIMUM_EPOCHS)] = 5
    """Epochs without improvement of the validation loss before the learning rate falls."""
    plateau_factor: Annotated[float, Number(0.001, 0.999)] = 0.2
    """Factor on the learning rate when it falls."""
    tensorboard: bool = False
    """Whether to write TensorBoard logs; needs the package tensorboard."""
    gradients: bool = False
    """Whether to measure each layer's gradient after every epoch: `training.gradients`."""
    adversarial: AdversarialSettings | None = None
    """The adversarial phase after the regression, or none."""
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    """How training photos are varied."""
    seed: Annotated[int, WholeNumber(0, MAXIMUM_SEED)] = 42


ADVERSARIAL_TRAINING = TrainingSettings(loss="mean_absolute_error", average=0.99, adversarial=AdversarialSettings())
"""What is proposed with an adversarial phase: a regression that minimizes what that phase goes on to weigh, and an
average of the weights, since a generator swings with its discriminator; docs/EXPERIMENTS.md has what they are worth."""
FROM_SCRATCH = TrainingSettings(
    epochs=24,
    learning_rate=7e-4,
    loss=LOSSES["log"],
    colourfulness_weight=0.05,
    colour_difference_weight=0.4,
    schedule="cosine",
    average=0.99,
)
"""Proposed for a new network: the loss of the shipped model, since with the squared error some hundred photos give no
more than sepia (docs/EXPERIMENTS.md). Colorfulness counts less, because a network that recognizes little puts colors in
wrong places."""
WITH_ENCODER = replace(FROM_SCRATCH, epochs=8)
"""Proposed for a new network with a pretrained encoder."""
FINE_TUNING = TrainingSettings(
    epochs=6,
    learning_rate=1e-4,
    loss=LOSSES["log"],
    colourfulness_weight=0.075,
    colour_difference_weight=0.4,
    schedule="cosine",
    average=0.99,
    frozen_epochs=0,
    fine_tune_from="block_3",
    start_share=0.5,
)
"""Proposed for a loaded model. Loss and weights are those the shipped model was trained with: another loss would undo
its colors. Learning rate, epochs and the share of the start were chosen on validation photos: docs/EXPERIMENTS.md."""


@dataclass(frozen=True)
class CacheSettings:
    """How much data is cached."""

    memory_bytes: int = 2 * 1024**3
    """Memory for prepared photos of one part (training, validation); further photos go to a file."""
    disk_bytes: int = 20 * 1024**3
    """Size of that file; further photos are prepared in every epoch."""
    remembered_folders: int = 32
    """Number of folders whose findings are remembered."""


@dataclass(frozen=True)
class Reading(Ranged):
    """How photos are read, from the job down to the decoding threads."""

    limits: PhotoLimits = field(default_factory=PhotoLimits)
    workers: Annotated[int | None, WholeNumber(1, 1024)] = None
    """Threads that read and write photos. None uses `worker_count` for reading only, otherwise one thread per core."""
    cache_folder: Path | None = None
    """Folder of the caches. None uses memory, or temporary files that disappear with the process."""
    cache: CacheSettings = field(default_factory=CacheSettings)


DEFAULT_READING = Reading()


def worker_count(asked: int | None = None) -> int:
    """Return the number of threads that read and write photos: `asked`, or one more than there are cores.

    While one thread waits for the interpreter lock, the others decode: docs/BENCHMARKS.md.
    """
    return asked or 1 + (os.cpu_count() or 1)
