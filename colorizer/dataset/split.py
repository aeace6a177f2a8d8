"""Divide photos into training, validation and test, or into parts for several processes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from colorizer.errors import ColorizeError
from colorizer.settings import DatasetSettings


@dataclass(frozen=True)
class Split:
    """The parts of a training run; they are disjoint and none is empty."""

    train: tuple[Path, ...]
    validation: tuple[Path, ...]
    test: tuple[Path, ...]


def split_photos(
    photos: Sequence[Path], train_count: int, test_count: int, settings: DatasetSettings | None = None
) -> Split:
    """Choose photos for training, validation and test at random, reproducibly.

    Args:
        photos: The usable photos.
        train_count: Photos for training, including validation.
        test_count: Photos for the test.
        settings: Seed, validation share and minimum counts.

    Raises:
        ColorizeError: A part would be empty, or there are too few photos.
    """
    settings = settings or DatasetSettings()
    if train_count + test_count > len(photos):
        raise ColorizeError(
            f"{train_count} training photos and {test_count} test photos need {train_count + test_count} photos, but "
            f"only {len(photos)} are usable."
        )
    if train_count < settings.minimum_training_photos or test_count < settings.minimum_test_photos:
        raise ColorizeError(
            f"Training needs at least {settings.minimum_training_photos} training photos (one of them for "
            f"validation) and {settings.minimum_test_photos} test photos."
        )
    chosen = random.Random(settings.seed).sample(sorted(photos), train_count + test_count)
    validation_count = min(max(1, round(train_count * settings.validation_share)), train_count - 1)
    learning_count = train_count - validation_count
    return Split(tuple(chosen[:learning_count]), tuple(chosen[learning_count:train_count]), tuple(chosen[train_count:]))


def choose_photos(photos: Sequence[Path], count: int, seed: int) -> tuple[Path, ...]:
    """Choose `count` photos at random, reproducibly, or all if there are fewer; the result is sorted."""
    ordered = sorted(photos)
    return tuple(ordered if count >= len(ordered) else sorted(random.Random(seed).sample(ordered, count)))


Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """One of `count` disjoint parts of a list, which together make up the whole list.

    Examples:
        >>> Shard(1, 3).of("abcdefg")
        'be'
    """

    number: int
    """From 0 to `count` - 1."""
    count: int

    def of(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return every `count`-th item, so that folders of large photos are spread over all parts."""
        return items[self.number :: self.count]

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"
