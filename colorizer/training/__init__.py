"""A network trained: phase by phase, written down, taken up again.

`train` is the way from photos and a network to a trained one. It goes through `phases`, each of one of two `stages`:
regression (`classification` for a head of bins) or `adversarial` training against a `discriminator` (`realism` ranks
its epochs, `collapse` ends it). `state` is what it has come to, `checkpoint` how that is kept; `schedules`, `average`
and `callbacks` act between the steps, `gradient_norms` measures what each layer is
told, and `gradients` says what that means.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "train": ["TrainingRecord", "TrainingStopped", "train_network"],
        "cost": ["StepCost", "is_large", "step_cost"],
        "memory": ["free_bytes", "refuse_too_large"],
        "outlook": ["Outlook", "outlook_of"],
        "callbacks": ["EpochReport"],
        "phases": ["Phase", "planned_phases"],
        "discriminator": ["refuse_too_small"],
        "gradients": ["said_of_gradients"],
        "logs": ["refuse_without_tensorboard"],
    },
)
