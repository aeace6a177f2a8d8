"""Measuring what a training step takes, while a bar moves and Ctrl-C is obeyed."""

from __future__ import annotations

import threading
import time

from colorizer import network as networks
from colorizer import training
from colorizer.console.terminal import Console
from colorizer.errors import ColorizeError
from colorizer.settings import TrainingSettings

_MOST_SECONDS = 20
_STEP = 0.2
"""Seconds between two movements of the bar."""


def measure(console: Console, network: networks.Network, settings: TrainingSettings) -> training.StepCost | None:
    """Measure a training step in at most 20 seconds; return None if not even a step of one photo was measured.

    The steps run in a thread of their own: TensorFlow does not hear Ctrl-C within one. Raises ColorizeError.
    """
    has_ended = threading.Event()
    outcomes: list[training.StepCost | ColorizeError | None] = []

    def work() -> None:
        try:
            outcomes.append(training.step_cost(network, settings, has_ended.is_set, outcomes.append))
        except ColorizeError as error:
            outcomes.append(error)

    thread = threading.Thread(target=work, daemon=True)
    started = time.monotonic()
    try:
        with console.progress("Measuring how fast this machine trains", unit="") as progress:
            thread.start()
            while thread.is_alive() and (elapsed := time.monotonic() - started) < _MOST_SECONDS:
                progress(min(round(elapsed, 1), _MOST_SECONDS), _MOST_SECONDS)
                thread.join(_STEP)
            progress(_MOST_SECONDS, _MOST_SECONDS)
    finally:
        has_ended.set()
    outcome = outcomes[-1] if outcomes else None
    if isinstance(outcome, ColorizeError):
        raise outcome
    return outcome
