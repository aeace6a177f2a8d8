"""Questions about how many of the usable photos to use, and the choice of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from colorizer.conversation import questions as ask
from colorizer.conversation import training_questions as ask_training
from colorizer.conversation.conversation import Conversation
from colorizer.conversation.question import WrongAnswer
from colorizer.dataset import Split, choose_photos, split_photos
from colorizer.errors import ColorizeError
from colorizer.settings import MAXIMUM_COUNT, DatasetSettings


def ask_split(talk: Conversation, fine: Sequence[Path], seed: int) -> Split:
    """Ask how many photos to train with and to test on, and split them."""
    there, limits = len(fine), DatasetSettings(seed=seed)
    share = max(limits.minimum_test_photos, round(there * limits.default_test_share))
    if talk.has_flag(ask_training.TEST_COUNT) and not talk.has_flag(ask_training.TRAIN_COUNT):
        default_test = talk.flags[ask_training.TEST_COUNT.name]
    else:
        default_test = min(limits.maximum_default_test, share)

    def leaves_a_test(count: int) -> None:
        if count > there - limits.minimum_test_photos:
            raise WrongAnswer(
                f"{count} is too large: the most is {there - limits.minimum_test_photos}, as there are {there} fine "
                f"photos and at least {limits.minimum_test_photos} is tested on."
            )

    def fits(count: int) -> None:
        try:
            split_photos(fine, train_count, count, limits)
        except ColorizeError as error:
            raise WrongAnswer(str(error)) from error

    least = limits.minimum_training_photos
    train_count = talk.answer(ask_training.TRAIN_COUNT, default=max(least, there - default_test), check=leaves_a_test)
    test_count = talk.answer(ask_training.TEST_COUNT, default=min(default_test, there - train_count), check=fits)
    return split_photos(fine, train_count, test_count, limits)


def ask_count(talk: Conversation, fine: Sequence[Path], seed: int, proposed: int = MAXIMUM_COUNT) -> tuple[Path, ...]:
    """Ask how many photos to use, with a default of at most `proposed`, and choose them."""

    def is_there(count: int) -> None:
        if count > len(fine):
            raise WrongAnswer(f"{count} is too large: the most is {len(fine)}, the number of fine photos.")

    return choose_photos(fine, talk.answer(ask.COUNT, default=min(proposed, len(fine)), check=is_there), seed)
