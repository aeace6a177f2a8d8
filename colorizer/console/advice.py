"""What a person at a terminal can do about an error: sentences that name flags, which the core does not know."""

from __future__ import annotations

from colorizer.conversation import questions as ask
from colorizer.conversation import training_questions as ask_training
from colorizer.errors import ColorizeError, Diverged, MissingWeights, NoRoomToUnpack, OutOfMemory


def advised(error: ColorizeError) -> str:
    """Return an error's sentence, followed by the flag that helps where there is one."""
    advice = _advice(error)
    return f"{error} {advice}" if advice else str(error)


def _advice(error: ColorizeError) -> str:
    if isinstance(error, NoRoomToUnpack):
        return f"{ask.UNPACK_TO.flag} names one."
    if isinstance(error, MissingWeights):
        return (
            f"Give a file with {ask_training.ENCODER_WEIGHTS.flag}, or go on with an encoder that knows nothing with "
            f"{ask_training.RANDOM_ENCODER.flag}."
        )
    if isinstance(error, Diverged):
        return f"Train anew with a smaller {ask_training.LEARNING_RATE.flag}."
    if isinstance(error, OutOfMemory):
        if error.batch_size > 1:
            return f"Try {ask.BATCH_SIZE.flag} {error.batch_size // 2}."
        return f"Try a smaller network or {ask_training.SIZE.flag}."
    return ""
