"""Connect to the machines of a cluster and divide them into slots for workers."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from colorizer.errors import ColorizeError, reason
from colorizer.libraries import suppressed_stderr

LOCAL = "local"
"""Used in place of an address: a temporary cluster of this machine only."""
_CAN_HAVE_OTHERS = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""Whether other machines may join. If not, Ray listens only on the loopback address, on Linux too. The address
127.0.0.1 alone is not enough: Ray would replace it by the machine's network address
(`ray._private.services.resolve_ip_for_localhost`)."""
_OBJECT_STORE_BYTES = 100_000_000
"""Object store size of a local cluster: it holds names, never pixels. Ray's minimum is 75 MB."""
_TRIES = 3
"""Attempts to start a local cluster. Ray allows 30 seconds for each, which a busy machine may exceed."""
_SILENCE = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "1",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # also applies to Ray's messages about dead workers
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}


@dataclass(frozen=True)
class Room:
    """A slot for one worker on a machine."""

    node: str
    """Ray's ID of the machine."""
    cores: int
    gpus: int


@contextmanager
def connected(address: str, workers: int | None = None) -> Iterator[None]:
    """Connect to a Ray cluster during the block.

    The ports of a local cluster are open to this machine only, and it has no dashboard. Ray's messages go to its own
    logs.

    Args:
        address: `LOCAL`, "auto" or "HOST:PORT".
        workers: Number of workers of a local cluster; None for one per core.

    Raises:
        ColorizeError: Ray is not installed, the cluster cannot be reached, or it ends during the block.
    """
    if find_spec("ray") is None:
        raise ColorizeError(
            'A cluster needs ray (extra "cluster"), which is not installed; run: pip install "ray>=2.40,<3". '
            "Without ray, independent processes can each do a part of the work."
        )
    for name, value in _SILENCE.items():
        os.environ.setdefault(name, value)
    if address == LOCAL:
        os.environ[_CAN_HAVE_OTHERS] = "0"
    try:
        # Workers import modules from the driver's working directory first, so that must not be a folder of photos.
        with suppressed_stderr(), chdir(Path(__file__).resolve().parents[2]):
            _connect(_options(address, workers), _TRIES if address == LOCAL else 1)
    except Exception as error:  # Ray raises all kinds, including Exception itself
        where = "on this machine" if address == LOCAL else f"at {address}"
        raise ColorizeError(f"Cannot reach or start a Ray cluster {where}: {reason(error)}") from error
    import ray

    try:
        yield
    except ray.exceptions.RayError as error:
        raise ColorizeError(
            f"The Ray cluster has stopped: {reason(error)} Run the same command again to resume on another cluster."
        ) from error
    finally:
        with suppressed_stderr():
            ray.shutdown()


def rooms(nodes: Sequence[Mapping[str, Any]]) -> Counter[Room]:
    """Count the worker slots of each kind on all machines that are alive, from Ray's list of machines.

    A machine with GPUs has one worker per GPU, with its share of the cores. Other machines have one worker per core.
    """
    found: Counter[Room] = Counter()
    for node in nodes:
        cores, gpus = (int(node.get("Resources", {}).get(name, 0)) for name in ("CPU", "GPU"))
        if not node.get("Alive") or cores < 1:
            continue
        if gpus:
            found[Room(node["NodeID"], max(1, cores // gpus), 1)] = min(gpus, cores)
        else:
            found[Room(node["NodeID"], 1, 0)] = cores
    return found


def _connect(options: dict[str, Any], tries: int) -> None:
    import ray

    ended_by = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(**options, logging_level=logging.ERROR, log_to_driver=False)
    except Exception:
        ray.shutdown()
        if tries == 1:
            raise
        _connect(options, tries - 1)
    finally:
        if threading.current_thread() is threading.main_thread():  # Ray installs its own handler there
            signal.signal(signal.SIGTERM, ended_by)


def _options(address: str, workers: int | None) -> dict[str, Any]:
    if address != LOCAL:
        return {"address": address}
    return {
        "address": "local",
        "num_cpus": workers or os.cpu_count() or 1,
        "include_dashboard": False,
        "object_store_memory": _OBJECT_STORE_BYTES,
    }
