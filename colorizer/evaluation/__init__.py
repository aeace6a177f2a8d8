"""Score networks against a gray baseline, and compare true with predicted hues.

`evaluate` scores a network on photos, `scores` scores a single picture, and `kernel_distance` scores all photos as a
set. `hues` counts chroma by hue, and `true_hints` provides hints with true colors.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "evaluate": [
            "Evaluation",
            "ScoredPhoto",
            "evaluate_network",
            "hints_of_truth",
            "joined_evaluations",
        ],
        "kernel_distance": [
            "KernelDistances",
            "kernel_distance",
        ],
        "scores": [
            "PhotoScores",
            "hue_histogram",
            "score",
        ],
    },
)
