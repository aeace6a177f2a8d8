"""Advice on errors for users of a terminal: sentences that name flags, which the core does not know."""

from __future__ import annotations

import shlex

from colorizer.console.places import colorizing_command, program
from colorizer.conversation import questions as ask
from colorizer.conversation import training_questions as ask_training
from colorizer.errors import ColorizeError, Diverged, MissingWeights, NoRoomToUnpack, OutOfMemory, TrainingFinished


def advised(error: ColorizeError) -> str:
    """Return an error's sentence, followed by a flag that helps if there is one."""
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
    if isinstance(error, TrainingFinished):
        further = f"{program()} train {ask.MODEL.flag} {shlex.quote(str(error.model))}"
        return f"To colorize with its model: {colorizing_command(error.model)}; to train it further: {further}"
    if isinstance(error, OutOfMemory):
        smaller_batches = f"{ask.BATCH_SIZE.flag} {error.batch_size // 2}"
        return f"Try {smaller_batches if error.batch_size > 1 else f'a smaller network or {ask_training.SIZE.flag}'}."
    return ""
