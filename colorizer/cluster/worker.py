"""What runs in a worker's process: one network, loaded once, and portions of photos that go through it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorizer import network as networks
from colorizer import runs

if TYPE_CHECKING:
    from colorizer.network import Network
    from colorizer.runs import SharedEvaluation, SharedJob
    from colorizer.runs.shared import Named


@dataclass(frozen=True)
class About:
    """What a worker says of itself once it is ready."""

    model: str
    """The network's name."""
    weights: str
    """The digest of its weights."""
    device: str


class Worker:
    """Works on portions of photos, with one network; all else comes with each portion.

    `model`: its file, None for the one that ships. `has_network`: not where only a check is wanted. `cores`: as many
    threads compute, and as many decode.
    """

    def __init__(self, model: Path | None, cache_folder: Path | None, has_network: bool, cores: int):
        self._path, self._cache_folder, self._cores = model or networks.PRETRAINED, cache_folder, cores
        self._has_network = has_network
        self._done = 0

    def done(self) -> int:
        """Return how many portions this worker is through with; asked while it is at the next one."""
        return self._done

    def about(self) -> About:
        """Load the network and return what it is; raise ColorizeError."""
        if not self._has_network:
            return About("", "", "")
        network = self._network
        return About(network.name, network.weights_digest, network.engine.device)

    def check(self, job: SharedJob, photos: Sequence[Named]) -> list[dict[str, Any]]:
        """Check photos and return their lines of the manifest."""
        return self._counted([line.record() for line in runs.check_portion(self._mine(job), photos)])

    def colorize(self, job: SharedJob, photos: Sequence[Named]) -> list[dict[str, Any]]:
        """Give photos colour and return their lines of the manifest; raise ColorizeError."""
        return self._counted([line.record() for line in runs.colorize_portion(self._mine(job), self._network, photos)])

    def evaluate(self, job: SharedEvaluation, photos: Sequence[str]) -> list[dict[str, Any]]:
        """Score photos and return their line of the evaluation; raise ColorizeError."""
        reading = replace(job.settings["reading"], workers=self._cores)
        job = replace(job, settings={**job.settings, "reading": reading})
        return self._counted([runs.evaluate_portion(job, self._network, photos)])

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
            # LiteRT's pictures do not depend, in their last digits, on what a photo goes with.
            networks.keep_converted(self._path, self._cache_folder)
            network = networks.load_converted(self._path, self._cache_folder, self._cores) or network
        return network
