"""Early end of an adversarial training."""

from __future__ import annotations

import math

import keras

from colorizer.settings import AdversarialSettings
from colorizer.training.adversarial import least_real_or_fake_loss


class Collapse(keras.callbacks.Callback):
    """End an adversarial training when the discriminator makes no more errors, or a loss is not finite."""

    NO_NUMBER = "a loss is no longer a number"

    def __init__(self, settings: AdversarialSettings):
        super().__init__()
        self.settings, self._sum = settings, 0.0
        self._won = least_real_or_fake_loss(settings) + settings.collapse_loss
        self.seen: tuple[int, str] = (0, "")
        """Consecutive steps in which the discriminator made no error, and why the training ended."""

    @property
    def reason(self) -> str:
        return self.seen[1]

    def on_epoch_begin(self, epoch, logs=None):
        self._sum = 0.0

    def on_train_batch_end(self, batch, logs=None):
        figures = logs or {}
        # Keras reports the mean over the batches of the epoch so far.
        total = figures["discriminator_loss"] * (batch + 1)
        loss, self._sum = total - self._sum, total
        if not math.isfinite(total) or not math.isfinite(figures["generator_loss"]):
            self._end(self.NO_NUMBER)
            return
        steps = self.seen[0] + 1 if loss < self._won else 0
        self.seen = (steps, "")
        if steps >= self.settings.collapse_steps:
            self._end(
                f"for {steps} steps the discriminator distinguished generated colors from real ones perfectly, so "
                "the generator no longer learns"
            )

    def _end(self, reason: str) -> None:
        self.seen, self.model.stop_training = (self.seen[0], reason), True
