"""Every default and limit of the program.

Nothing here imports more than the standard library: the first question must not wait for arrays or networks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from colorizer.ranges import Counts, Number, OneOf, Ranged, WholeNumber

LOSSES = {"squared": "mean_squared_error", "absolute": "mean_absolute_error", "log": "log_squared_error"}
"""What a regression may minimize, by the short names people type."""
VIVIDNESS_RANGE = Number(0, 2)
RUN_NAME = r"\w(?:[\w .+-]{0,78}[\w+-])?"
"""What a run may be called, and its folders with it: letters of any script, digits and a few signs between them."""
RECORD_VERSION = 1
"""Version of the record beside a trained model, which can be read as a settings file; one without a number is 1."""
MAXIMUM_COUNT = 10_000_000
"""Upper bound of a typed number of photos; far above any folder, low enough to catch a typing slip."""
MAXIMUM_EPOCHS = 10_000
MAXIMUM_SIZE = 2048
MAXIMUM_BATCH_SIZE = 4096
MAXIMUM_SEED = 2**32 - 1
SIZE_MULTIPLE = 32
"""The networks halve their input five times: both sides must be divisible by two to the fifth."""


@dataclass(frozen=True)
class PhotoLimits:
    """What a photo may be, and how its copy is written."""

    maximum_pixels: int = 300_000_000
    """Photos above this many pixels are refused as decompression bombs; a 100-megapixel scan passes."""
    takes_cut_off: bool = False
    """Whether the beginning of a JPEG or PNG is read whose end is missing; otherwise such a photo is refused."""
    keeps_dates: bool = True
    """Whether a written photo has its original's date of change."""
    jpeg_quality: int = 97
    """Rounding moves the luma, the photo's own truth, by 0.50 levels on average; 95 moved it by 0.67. Files are no
    larger, since chroma is stored at half the size (4:2:0): a network's is far coarser than that."""
    heif_quality: int = 95
    """Of HEIC: moves the luma by 0.39 levels on average; higher ones of x265 moved it no less, and 90 by 0.42."""
    gray_difference: int = 8
    """Two channels closer than this (8-bit levels) count as equal: see `color.is_gray`."""
    faded_range: float = 0.65
    """A photo is faded when the luma of all but one pixel in a hundred lies within this share of black to white. One in
    ten modern photos is taken for faded and loses some tenths of a decibel: docs/EXPERIMENTS.md."""
    blank_range: float = 0.15
    """What lies within less is no faded photo but fog, paper or night; stretching would show nothing but noise."""
    gray_share: float = 0.999
    """A photo is gray when at least this share of its pixels have equal channels."""
    toned_least: float = 0.4
    """Chroma (root mean square, 8-bit levels) that luma need not explain in a black-and-white photo: compression and
    noise. How this and the next two were measured: docs/PHOTOS.md."""
    toned_share: float = 0.28
    """The same, of each level of chroma the photo has: a strong toner is less even."""
    toned_most: float = 4.0
    """With more, in levels, a photo is in colour however strong its colours are."""


@dataclass(frozen=True)
class ArchiveLimits:
    """What a zip may hold. Photos are compressed already, so an honest archive of them hardly shrinks them again."""

    maximum_files: int = 1_000_000
    maximum_depth: int = 100
    """Folders within folders."""
    maximum_ratio: int = 100
    """Bytes it may become for each of its own; uncompressed scans reach 10."""
    bytes_never_refused: int = 100_000_000
    """Below this the ratio does not matter: a few blank pages."""
    bytes_left_free: int = 100_000_000
    """What must be left on the disk."""


@dataclass(frozen=True)
class DatasetSettings:
    """How photos are divided; every photo belongs to exactly one part."""

    validation_share: float = 0.2
    """Share of the training photos held back to watch for overfitting: two of every ten."""
    minimum_training_photos: int = 2
    """One to learn from and one to validate on."""
    minimum_test_photos: int = 1
    default_test_share: float = 0.1
    """Of all fine photos, the share proposed for the final test when nothing was typed."""
    maximum_default_test: int = 200
    few_photos: int = 2_000
    """With fewer a network from scratch learns hardly more than a tint: docs/EXPERIMENTS.md."""
    seed: int = 42


ARCHITECTURES = {
    "chroma_unet": "lean, predicts colour and keeps the photo's own brightness",
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
    """What is needed to build a network that does not exist yet."""

    architecture: Annotated[str, OneOf(tuple(ARCHITECTURES))] = "chroma_unet"
    """One of `ARCHITECTURES`."""
    size: Annotated[int, WholeNumber(SIZE_MULTIPLE, MAXIMUM_SIZE, SIZE_MULTIPLE)] = 256
    """Side of the square the network works on, in pixels; a multiple of 32."""
    filters: Annotated[tuple[int, ...], Counts(2, 5, WholeNumber(1, 4096))] = ()
    """Filters of each encoder block; empty takes the architecture's own."""
    dropout: Annotated[float, Number(0, 0.9)] = 0.0
    """Share of activations dropped after each decoder block while training."""
    l2: Annotated[float, Number(0, 1)] = 0.0
    """Weight of the L2 penalty on convolution kernels."""
    head: Annotated[str, OneOf(("regression", "classification"))] = "regression"
    """"regression" predicts chroma itself; "classification" how likely each of 291 chroma bins is (Zhang, Isola and
    Efros 2016, https://arxiv.org/abs/1603.08511). Not for `rgb_unet` and `book_unet`, which predict no chroma."""
    temperature: Annotated[float, Number(0.01, 1)] = 0.38
    """With classification: the colour is the mean of the bins after their probabilities were sharpened so; the paper's
    annealed mean and its value. 1 is the plain mean, duller and nearer; towards 0, the likeliest bin."""
    encoder_weights: str = ""
    """File with ImageNet weights for a pretrained encoder, `SHIPPED_WEIGHTS` or `RANDOM_WEIGHTS`; empty downloads."""
    seed: Annotated[int, WholeNumber(0, MAXIMUM_SEED)] = 42


@dataclass(frozen=True)
class ModelLimits:
    """What a model file may be."""

    maximum_bytes: int = 2_000_000_000
    """Of the file and of the weights in it; `rgb_unet` with its optimizer takes 360 MB."""
    maximum_inflated_bytes: int = 500_000_000
    """Of the weights in a smaller file, which may be compressed."""
    maximum_seconds: int = 10
    """Processor time to read a file, and one second more for each 20 MB of it."""
    maximum_config_bytes: int = 5_000_000
    """Of the network's description; MobileNetV2's is 200 kB."""
    maximum_config_depth: int = 100
    """Of lists and objects in one another; a model in a model adds five."""
    maximum_objects: int = 20_000
    """Groups and arrays of an HDF5 file; MobileNetV2 has some thousand."""
    maximum_layers: int = 2_000
    """MobileNetV2 has 155, EfficientNetB7 over 800."""
    maximum_layer_bytes: int = 2_000_000_000
    """Of what one layer gives for one photo, as float32."""


@dataclass(frozen=True)
class AdversarialSettings(Ranged):
    """How a generator that has been trained by itself goes on against a discriminator.

    The two losses, their weights and, but for the generator's step, its optimizers: Isola et al. 2017, "Image-to-Image
    Translation with Conditional Adversarial Networks" (pix2pix), https://arxiv.org/abs/1611.07004, sections 3 and 6 of
    the paper and its appendix.
    """

    epochs: Annotated[int, WholeNumber(1, MAXIMUM_EPOCHS)] = 2
    """After those of `TrainingSettings.epochs`."""
    loss: Annotated[str, OneOf(("cross_entropy", "least_squares", "hinge"))] = "cross_entropy"
    """How patches are told apart: "cross_entropy" (pix2pix), "least_squares" (Mao et al. 2017,
    https://arxiv.org/abs/1611.04076) or "hinge" (Lim and Ye 2017, https://arxiv.org/abs/1705.02894)."""
    l1_weight: Annotated[float, Number(0, 1e6)] = 100.0
    """Lambda: what the mean absolute error of RGB in [-1, 1] counts beside the adversarial loss."""
    label_smoothing: Annotated[float, Number(0, 0.5)] = 0.0
    """How much less than 1 the discriminator is to say of a real patch (Salimans et al. 2016,
    https://arxiv.org/abs/1606.03498, section 3.4: 0.1)."""
    learning_rate: Annotated[float, Number(1e-8, 1)] = 5e-5
    """Step of the generator's Adam, a quarter of pix2pix': theirs begins with noise, this one with colours it would
    lose again (docs/EXPERIMENTS.md). Steps of two sizes: Heusel et al. 2017, https://arxiv.org/abs/1706.08500."""
    discriminator_learning_rate: Annotated[float, Number(1e-8, 1)] = 2e-4
    """Step of the discriminator's Adam. Both steps fall to nothing over the second half of the phase, as those of
    pix2pix' own program do."""
    beta_1: Annotated[float, Number(0, 0.999)] = 0.5
    """Momentum of both."""
    filters: Annotated[int, WholeNumber(1, 512)] = 64
    """Filters of the discriminator's first convolution; the next have two, four and eight times as many."""
    kept_gain: Annotated[float, Number(0, 1)] = 0.25
    """Of the PSNR that the generator had gained over gray before the phase, the share that an epoch must still have for
    its generator to be kept, however lively."""
    collapse_loss: Annotated[float, Number(0, 10)] = 0.01
    """A discriminator whose loss is below this tells real from generated without fail: nothing is left to learn from
    it. An undecided one has 0.69 (cross-entropy), 0.25 (least squares) or 1 (hinge)."""
    collapse_steps: Annotated[int, WholeNumber(1, 1_000_000_000)] = 100
    """After so many such steps in a row the phase is over."""


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
    """Gradients are shortened to this global norm, for the same reason."""
    loss: Annotated[str, OneOf(tuple(LOSSES.values()))] = "mean_squared_error"
    """Of RGB: "mean_squared_error", "mean_absolute_error" or "log_squared_error" (decibels of PSNR: what the shipped
    model was trained with). The absolute error gives better colours than the squared one with a pretrained encoder, but
    leaves a network from scratch gray for many epochs: docs/EXPERIMENTS.md."""
    colourfulness_weight: Annotated[float, Number(0, 10)] = 0.0
    """What a unit of colourfulness takes off the loss of the regression, in its own units; 0 is without."""
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
    """First epochs in which a pretrained encoder keeps its weights, so that the decoder's first errors, which teach
    nothing, do not undo what it knows. Without effect on a network that has none."""
    fine_tuning_factor: Annotated[float, Number(0, 1)] = 0.5
    """Share of the learning rate left once the encoder learns too."""
    fine_tune_from: str = ""
    """Block of the encoder from which on it then learns, such as "block_10"; empty for all of it."""
    average: Annotated[float, Number(0, 0.9999)] = 0.0
    """Momentum of the exponential moving average of the weights, which is then what is validated and kept (Polyak and
    Juditsky 1992, https://doi.org/10.1137/0330046); 0 keeps the weights themselves. At the start it averages over
    fewer steps, so that short trainings do not end near where they began."""
    start_share: Annotated[float, Number(0, 1)] = 0.0
    """Share of the starting weights in the weights that are kept of a loaded model: the trained model then gains less
    on photos of its own kind and loses less on all others (Wortsman et al. 2022, "Robust fine-tuning of zero-shot
    models", https://arxiv.org/abs/2109.01903). 0 keeps the trained weights."""
    monitor: Annotated[str, OneOf(("loss", "accuracy", "val_loss", "val_accuracy", "none"))] = "val_loss"
    """Which figure chooses the best epoch: "loss", "accuracy", "val_loss" or "val_accuracy"; "none" keeps the last.
    Of an adversarial phase it is another, `realism.palette_rank`, unless it is "none"."""
    plateau_epochs: Annotated[int, WholeNumber(1, MAXIMUM_EPOCHS)] = 5
    """Epochs without improvement of the validation loss before the learning rate falls."""
    plateau_factor: Annotated[float, Number(0.001, 0.999)] = 0.2
    """The learning rate falls fivefold."""
    tensorboard: bool = False
    """Whether TensorBoard's logs are written; needs the package of that name."""
    gradients: bool = False
    """Whether each layer's gradient is measured after every epoch: `training.gradients`."""
    adversarial: AdversarialSettings | None = None
    """The adversarial phase after the regression, or none."""
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    """How training photos are varied."""
    seed: Annotated[int, WholeNumber(0, MAXIMUM_SEED)] = 42


ADVERSARIAL_TRAINING = TrainingSettings(loss="mean_absolute_error", average=0.99, adversarial=AdversarialSettings())
"""What is proposed with an adversarial phase: a regression that minimizes what that phase goes on to weigh, and an
average of the weights, since a generator swings with its discriminator; docs/EXPERIMENTS.md has what they are worth."""
FROM_SCRATCH = TrainingSettings(
    epochs=10,
    learning_rate=7e-4,
    loss=LOSSES["log"],
    colourfulness_weight=0.075,
    colour_difference_weight=0.4,
    schedule="cosine",
    average=0.99,
)
"""Proposed for a new network: the loss of the shipped model, since with the squared error some hundred photos give no
more than sepia (docs/EXPERIMENTS.md)."""
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
    """How much is kept so that it need not be done twice."""

    memory_bytes: int = 2 * 1024**3
    """Prepared photos of one part (training, validation) kept in memory; the next ones go to a file."""
    disk_bytes: int = 20 * 1024**3
    """Prepared photos kept in that file; the next ones are prepared every epoch."""
    remembered_folders: int = 32
    """Folders whose checks are remembered."""


@dataclass(frozen=True)
class Reading(Ranged):
    """How photos are read: one value, from the job down to the threads that decode."""

    limits: PhotoLimits = field(default_factory=PhotoLimits)
    workers: Annotated[int | None, WholeNumber(1, 1024)] = None
    """Threads that read and write photos; None takes `worker_count` where they are only read, else one a core."""
    cache_folder: Path | None = None
    """Where to keep what need not be done twice; None keeps it in memory, or in the system's folder for what is gone
    with the process."""
    cache: CacheSettings = field(default_factory=CacheSettings)


DEFAULT_READING = Reading()


def worker_count(asked: int | None = None) -> int:
    """Return how many threads read and write photos: `asked`, or one more than there are cores.

    While one waits for the interpreter's lock, the others decode: docs/BENCHMARKS.md.
    """
    return asked or 1 + (os.cpu_count() or 1)
