"""Training: phases, losses, schedules, checkpoints and callbacks.

`train` turns photos and a network into a trained network. It runs the `phases`, each in one of two `stages`: regression
(`classification` for a head of chroma bins) or `adversarial` training against a `discriminator`. `realism` ranks the
adversarial epochs and `collapse` ends that phase early. `state` holds the progress and `checkpoint` stores it.
`schedules`, `average` and `callbacks` run between steps and epochs. `gradient_norms` measures the gradient of each
layer, and `gradients` interprets it.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "train": [
            "TrainingRecord",
            "TrainingStopped",
            "train_network",
        ],
        "cost": [
            "StepCost",
            "free_bytes",
            "is_large",
            "refuse_too_large",
            "step_cost",
        ],
        "diagnosis": [
            "Outlook",
            "outlook_of",
            "said_of_gradients",
        ],
        "callbacks": [
            "EpochReport",
            "refuse_without_tensorboard",
        ],
        "phases": [
            "Phase",
            "planned_phases",
        ],
        "adversarial": [
            "refuse_too_small",
        ],
    },
)
