"""Which model: TensorFlow started, a file loaded, looked at."""

from __future__ import annotations

import logging
from pathlib import Path

from colorizer import network as networks
from colorizer.console.terminal import Console, quiet_errors
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation
from colorizer.errors import ColorizeError


def start_tensorflow(console: Console) -> None:
    """Import TensorFlow, which takes a few seconds, and say on which device it computes."""
    console.inform("Starting TensorFlow…")
    logging.getLogger("absl").setLevel(logging.ERROR)  # where Keras calls .h5, the format people ask for, a legacy
    with quiet_errors():
        device = networks.prepare_devices()
    console.inform(f"The network runs on: {device}.")


def load_existing(console: Console, talk: Conversation) -> networks.Network:
    """Load the model of the flag or the answer, asking again until one loads; by default the one that ships."""
    while True:
        path = talk.answer(ask.MODEL, default=networks.PRETRAINED)
        try:
            network = networks.load(path)
        except ColorizeError as error:
            if talk.has_flag(ask.MODEL) or talk.accept_defaults:
                raise
            console.warn(str(error))
            continue
        console.inform(f"Loaded {path}, which works on {network.size} x {network.size} pixels.")
        return network


def look_at(console: Console, talk: Conversation, network: networks.Network, drawing: Path) -> None:
    """Draw the model, print its summary, or neither."""
    choice = talk.answer(ask.LOOK)
    if choice == "summary":
        console.show(networks.summary(network.model))
    elif choice == "drawing":
        try:
            networks.draw(network.model, drawing)
        except ColorizeError as error:
            console.warn(str(error))
        else:
            console.inform(f"The drawing is in {drawing}.")
            console.picture(drawing)
