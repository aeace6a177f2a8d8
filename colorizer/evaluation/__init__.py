"""Scores beside the gray baseline, and which hues became which.

`evaluate` scores a network on photos, `scores` one picture, `kernel_distance` all of them as a set; `hues` counts
chroma by hue; `true_hints` reveals some true colours.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "evaluate": ["Evaluation", "ScoredPhoto", "evaluate_network", "joined_evaluations"],
        "kernel_distance": ["KernelDistances", "kernel_distance"],
        "scores": ["PhotoScores", "score"],
        "hues": ["hue_histogram"],
        "true_hints": ["hints_of_truth"],
    },
)
