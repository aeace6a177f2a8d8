"""Driver that distributes the work over many machines with Ray.

`sharing` hands out portions of photos to workers and collects the results, even if workers or machines fail. `machines`
connects to the cluster and computes how many workers fit on each machine. `worker` runs in the workers' processes.
docs/CLUSTER.md explains how to set up a cluster.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "machines": ["LOCAL", "connected"],
        "sharing": ["Sharing"],
        "worker": ["About"],
    },
)
