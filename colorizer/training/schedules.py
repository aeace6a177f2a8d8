"""Learning-rate schedules, per step or per epoch; each can be stopped and resumed."""

from __future__ import annotations

from abc import ABC, abstractmethod

import keras

from colorizer.settings import AdversarialSettings, TrainingSettings


class Plateau(keras.callbacks.ReduceLROnPlateau):
    """Reduce the learning rate when validation stops improving."""

    def __init__(self, settings: TrainingSettings):
        # Keras' default min_delta of 1e-4 is a hundredth of these losses.
        super().__init__("val_loss", settings.plateau_factor, settings.plateau_epochs, min_delta=0)
        self.seen: dict[str, float] = {}
        """The best validation loss so far, and the number of epochs since."""

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.best, self.wait = self.seen.get("best", self.best), self.seen.get("wait", self.wait)

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        self.seen = {"best": float(self.best), "wait": self.wait}


class StepSchedule(keras.callbacks.Callback, ABC):
    """Set the learning rate before every step, as a share of its peak."""

    def __init__(self):
        super().__init__()
        self.peak, self.seen = 0.0, 0

    @abstractmethod
    def share(self) -> float:
        """Return the share of the peak for step `seen`, counted from one."""

    def on_train_batch_begin(self, batch, logs=None):
        self.seen += 1
        self.model.optimizer.learning_rate = self.peak * self.share()

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))


class CosineDecay(StepSchedule):
    """A linear rise, then half a cosine down to zero: Keras' curve, with a peak that phases may change."""

    def __init__(self, settings: TrainingSettings, steps: int):
        super().__init__()
        rise = max(1, round(steps * settings.warm_up))
        self._curve = keras.optimizers.schedules.CosineDecay(
            0.0, steps - rise + 1, warmup_target=1.0, warmup_steps=rise
        )

    def share(self) -> float:
        return float(self._curve(self.seen))


class LinearDecay(StepSchedule):
    """Both learning rates stay at their peaks for the first half of the steps, then fall linearly to zero."""

    def __init__(self, settings: AdversarialSettings, steps: int):
        super().__init__()
        self.steps, self.peak = steps, settings.learning_rate
        self.discriminator_peak = settings.discriminator_learning_rate

    def share(self) -> float:
        return min(1.0, 2 * (1 - (self.seen - 1) / self.steps))

    def on_train_batch_begin(self, batch, logs=None):
        super().on_train_batch_begin(batch, logs)
        self.model.discriminator_optimizer.learning_rate = self.discriminator_peak * self.share()
