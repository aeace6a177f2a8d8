from pathlib import Path

import pytest

from colorizer.console.messages import advised
from colorizer.errors import ColorizeError, Diverged, MissingWeights, NoRoomToUnpack, OutOfMemory, TrainingFinished


@pytest.mark.parametrize(
    ("error", "flag"),
    [
        (OutOfMemory(16), "Try --batch-size 8."),
        (OutOfMemory(1), "--size"),
        (Diverged("The loss is no longer a number."), "--learning-rate"),
        (MissingWeights("They cannot be had."), "--random-encoder"),
        (NoRoomToUnpack("Choose another folder."), "--unpack-to"),
        (
            TrainingFinished(Path("my run"), Path("my run/model.h5")),
            "colorize --model 'my run/model.h5' --dataset PHOTOS",
        ),
    ],
)
def test_an_error_is_followed_by_the_flag_that_helps(error, flag):
    assert advised(error).startswith(str(error))
    assert flag in advised(error)


def test_an_error_that_no_flag_mends_stays_as_it_is():
    assert advised(ColorizeError("The disk is full.")) == "The disk is full."
