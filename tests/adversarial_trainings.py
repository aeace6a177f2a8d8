"""Small adversarial trainings, as several tests begin them."""

import copy
from dataclasses import replace

import numpy as np

from colorizer.dataset.batches import Augmentation, PhotoBatches
from colorizer.network.architectures import build
from colorizer.settings import AdversarialSettings, ModelSettings, TrainingSettings
from tests.small_trainings import PHOTOS

ADVERSARIAL = AdversarialSettings(epochs=1, filters=8)


def network():
    return build(ModelSettings(size=64, filters=(8, 16, 16), dropout=0.2))


def photos(batch_size: int = 4) -> PhotoBatches:
    return PhotoBatches(PHOTOS, 64, batch_size, augmentation=Augmentation(seed=1))


def validation() -> PhotoBatches:
    return PhotoBatches(PHOTOS, 64, 4)


def settings(**changes) -> TrainingSettings:
    return replace(TrainingSettings(epochs=1, batch_size=4, precision="float32", adversarial=ADVERSARIAL), **changes)


def out_of_range(adversarial: AdversarialSettings, **changes) -> AdversarialSettings:
    """Settings that nobody may make: steps so large that every number is lost, or so small that none changes."""
    made = copy.copy(adversarial)
    for name, value in changes.items():
        object.__setattr__(made, name, value)
    return made


def equal(these, those) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(these, those, strict=True))
