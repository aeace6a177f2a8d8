"""The code in a worker's process: one network, loaded once, that processes portions of photos."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorizer import machines
from colorizer import network as networks

if TYPE_CHECKING:
    from colorizer.machines.portions import Named, SharedEvaluation, SharedJob
    from colorizer.network import Network


@dataclass(frozen=True)
class About:
    """A worker's description of itself."""

    model: str
    """The network's name."""
    weights: str
    """The digest of its weights."""
    device: str


class Worker:
    """Process portions of photos with one network. Everything else comes with each portion.

    Args:
        model: The model file; None for the built-in model.
        cache_folder: The folder for converted models.
        has_network: Whether a network is needed; checks do not need one.
        cores: Number of threads for computing, and of threads for decoding.
    """

    def __init__(self, model: Path | None, cache_folder: Path | None, has_network: bool, cores: int):
        self._path, self._cache_folder, self._cores = model or networks.PRETRAINED, cache_folder, cores
        self._has_network = has_network
        self._done = 0

    def done(self) -> int:
        """Return the number of finished portions; can be called during the next one."""
        return self._done

    def about(self) -> About:
        """Load the network and return its description; raise ColorizeError."""
        if not self._has_network:
            return About("", "", "")
        network = self._network
        return About(network.name, network.weights_digest, network.engine.device)

    def check(self, job: SharedJob, photos: Sequence[Named]) -> list[dict[str, Any]]:
        """Check photos and return their manifest entries."""
        return self._counted([line.record() for line in machines.check_portion(self._mine(job), photos)])

    def colorize(self, job: SharedJob, photos: Sequence[Named]) -> list[dict[str, Any]]:
        """Colorize photos and return their manifest entries; raise ColorizeError."""
        return self._counted(
            [line.record() for line in machines.colorize_portion(self._mine(job), self._network, photos)]
        )

    def evaluate(self, job: SharedEvaluation, photos: Sequence[str]) -> list[dict[str, Any]]:
        """Score photos and return their evaluation entry; raise ColorizeError."""
        reading = replace(job.settings["reading"], workers=self._cores)
        job = replace(job, settings={**job.settings, "reading": reading})
        return self._counted([machines.evaluate_portion(job, self._network, photos)])

    def _counted(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self._done += 1
        return records

    def _mine(self, job: SharedJob) -> SharedJob:
        return replace(job, reading=replace(job.reading, workers=self._cores))

    @cached_property
    def _network(self) -> Network:
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ[name] = str(self._cores)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        network = networks.load_model(self._path, self._cache_folder, self._cores)
        if isinstance(network.engine, networks.KerasEngine):
            networks.prepare_devices()
            # LiteRT's results do not depend, not even in the last digits, on the other photos of a batch.
            networks.keep_converted(self._path, self._cache_folder)
            network = networks.load_converted(self._path, self._cache_folder, self._cores) or network
        return network
