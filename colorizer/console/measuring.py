"""Measure a training step while a progress bar moves and Ctrl-C works."""

from __future__ import annotations

import threading
import time

from colorizer import network as networks
from colorizer import training
from colorizer.console.terminal import Console
from colorizer.settings import TrainingSettings

_MOST_SECONDS = 20
_STEP = 0.2
"""Seconds between two updates of the progress bar."""


def measure(console: Console, network: networks.Network, settings: TrainingSettings) -> training.StepCost | None:
    """Measure a training step in at most 20 seconds; return None if not even a step of one photo was measured.

    The steps run in a separate thread, because TensorFlow does not react to Ctrl-C within a step. Raises ColorizeError.
    """
    has_ended = threading.Event()
    costs: list[training.StepCost] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            cost = training.step_cost(network, settings, has_ended.is_set, costs.append)
        except Exception as error:
            errors.append(error)
        else:
            costs.extend([cost] if cost else [])

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
    if errors and not costs:
        raise errors[0]
    return costs[-1] if costs else None
