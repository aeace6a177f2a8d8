"""Score networks against a gray baseline, and compare true with predicted hues.

`evaluate` scores a network on photos, with true colors as hints if requested. `scores` scores a single picture and
counts its chroma by hue, and `kernel_distance` scores all photos as a set.
"""

from colorizer.libraries import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "evaluate": [
            "Evaluation",
            "EvaluationOptions",
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
