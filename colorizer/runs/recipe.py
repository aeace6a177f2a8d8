"""The settings proposed for training a loaded model further: those it was made with."""

from __future__ import annotations

from dataclasses import replace

from colorizer.errors import ColorizeError
from colorizer.files import read_json
from colorizer.network.encoders import encoder_blocks
from colorizer.network.network import Network
from colorizer.runs.folders import RECORD
from colorizer.settings import FINE_TUNING, TrainingSettings

_OF_THE_LOSS = ("loss", "colourfulness_weight", "colour_difference_weight")
"""What a network minimizes. Another loss undoes what it learned, however small the steps are."""


def fine_tuning_settings(network: Network) -> TrainingSettings:
    """Propose how to train a loaded model further.

    Args:
        network: The loaded model. The record of its training is read from the `model.json` in its folder.

    Returns:
        `FINE_TUNING`, which is for the shipped model. A model with a record of its own training goes on with the loss
        of the record, and is not mixed with its start. The whole network learns where it has no encoder with the block
        that `FINE_TUNING` names.
    """
    settings = _with_recorded_loss(network)
    if settings.fine_tune_from not in encoder_blocks(network.model):
        settings = replace(settings, fine_tune_from="")
    return settings


def _with_recorded_loss(network: Network) -> TrainingSettings:
    if network.path is None:
        return FINE_TUNING
    try:
        recorded = read_json(network.path.parent / RECORD)["settings"]
        # Records of earlier versions have no weights.
        values = {"colourfulness_weight": 0.0, "colour_difference_weight": 0.0} | recorded
        return replace(FINE_TUNING, start_share=0.0, **{name: values[name] for name in _OF_THE_LOSS})
    except (OSError, ValueError, KeyError, TypeError, ColorizeError):  # no record, or not one of this program
        return FINE_TUNING
