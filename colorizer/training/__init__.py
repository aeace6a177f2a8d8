"""Training: phases, losses, schedules, checkpoints and callbacks.

`train` turns photos and a network into a trained network, epoch by epoch, through the `phases`: regression,
classification for a head of chroma bins, or `adversarial` training against a discriminator. `realism` ranks adversarial
epochs. `checkpoint` stores the progress. `callbacks` run between steps and epochs. `cost` refuses what does not fit
into memory, and `diagnosis` interprets gradients.
"""

from colorizer.libraries import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "train": [
            "TrainingControl",
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
