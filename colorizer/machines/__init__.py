"""Work shared by several processes or machines.

`portions` shares photos between processes and records what is done in a manifest. `cluster` distributes portions over
the machines of a Ray cluster, and `worker` runs in the processes there. docs/CLUSTER.md explains how to set up a
cluster.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "cluster": ["LOCAL", "Sharing", "connected"],
        "worker": ["About"],
        "portions": [
            "FINE",
            "Merged",
            "merge_manifest",
            "FAILED",
            "SharedJob",
            "begin",
            "check_portion",
            "colorize_portion",
            "given_up",
            "named_photos",
            "remaining",
            "SharedEvaluation",
            "evaluate_portion",
            "join_evaluation",
            "unscored",
        ],
    },
)
