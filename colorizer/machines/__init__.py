"""Work shared by several processes or machines.

`portions` shares photos between processes and records what is done in a manifest. `cluster` connects to a Ray cluster,
and must not import Ray before its environment is set; `sharing` distributes portions over it, and `worker` runs in the
processes there. docs/CLUSTER.md explains how to set up a cluster.
"""

from colorizer.libraries import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "cluster": ["LOCAL", "connected"],
        "sharing": ["Sharing"],
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
