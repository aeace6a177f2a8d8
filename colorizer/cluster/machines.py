"""The machines of a cluster: reached, and divided into rooms for workers."""

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
from colorizer.quiet import quiet_errors

LOCAL = "local"
"""In the place of an address: a cluster of this machine alone, made for this piece of work and gone with it."""
_CAN_HAVE_OTHERS = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""Whether machines may join: without, Ray listens on the loopback address alone, on Linux too. Asked for 127.0.0.1, it
would take the machine's own address in the network (`ray._private.services.resolve_ip_for_localhost`)."""
_OBJECT_STORE_BYTES = 100_000_000
"""Of a local cluster: names go through it, never pixels. Ray takes no less than 75 MB."""
_TRIES = 3
"""Starts of a local cluster: Ray gives each 30 seconds, which on a machine that has much else to do may not suffice."""
_SILENCE = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "1",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # which is also asked for what Ray says of workers that died
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}


@dataclass(frozen=True)
class Room:
    """Room for one worker on a machine."""

    node: str
    """Ray's identification of the machine."""
    cores: int
    gpus: int


@contextmanager
def connected(address: str, workers: int | None = None) -> Iterator[None]:
    """Be connected to a Ray cluster as long as the block runs: `LOCAL`, "auto" or "HOST:PORT"; raise ColorizeError.

    `workers`: how many a local cluster has room for; None for one on each core. Its ports are open to this machine
    only, and it has no dashboard. What Ray has to say by the way goes into its own logs.
    """
    if find_spec("ray") is None:
        raise ColorizeError(
            'A cluster needs ray, the extra "cluster" of this program: pip install "ray>=2.40,<3". Without it, '
            "processes that know nothing of each other can do a part of the work each."
        )
    for name, value in _SILENCE.items():
        os.environ.setdefault(name, value)
    if address == LOCAL:
        os.environ[_CAN_HAVE_OTHERS] = "0"
    try:
        # Workers look for modules where the driver stands, before anywhere else: not in a folder of photos, but here.
        with quiet_errors(), chdir(Path(__file__).resolve().parents[2]):
            _connect(_options(address, workers), _TRIES if address == LOCAL else 1)
    except Exception as error:  # Ray raises every kind, and Exception itself
        where = "on this machine" if address == LOCAL else f"at {address}"
        raise ColorizeError(f"There is no Ray cluster to be had {where}: {reason(error)}") from error
    import ray

    try:
        yield
    except ray.exceptions.RayError as error:
        raise ColorizeError(
            f"The Ray cluster has ended: {reason(error)} The same command goes on in another."
        ) from error
    finally:
        with quiet_errors():
            ray.shutdown()


def rooms(nodes: Sequence[Mapping[str, Any]]) -> Counter[Room]:
    """Return how many workers of which kind each living machine has room for, of Ray's list of machines.

    A machine with GPUs has one worker for each of them, with its share of the cores; any other, one for each core.
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
        if threading.current_thread() is threading.main_thread():  # where Ray has put its own way to end
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
