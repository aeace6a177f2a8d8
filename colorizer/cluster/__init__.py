"""Driver: the same work over many machines, by Ray.

`sharing` hands portions of photos to workers and takes back what became of them, whatever dies in between; `machines`
are those of the cluster, and how many workers each has room for; `worker` is what runs there. docs/CLUSTER.md says how
a cluster is had.
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
