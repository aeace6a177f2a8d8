"""A training under way: what it has come to, and how that is written down and read again."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras

from colorizer.adversarial import AdversarialGame
from colorizer.batches import PhotoBatches
from colorizer.believability import GAIN, unbelievability
from colorizer.callbacks import Average, BestEpoch, Collapse, Cosine, Fall, Plateau
from colorizer.checkpoint import State, assign, load_state, save_state
from colorizer.devices import compiled_by_xla
from colorizer.model import Network
from colorizer.phases import ADVERSARIAL, Phase, all_layers
from colorizer.settings import TrainingSettings

BEST, LAST, STATE = "best.h5", "last.h5", "state.npz"
"""Files of an unfinished training: the best epoch's network, that of the moment it was stopped, and where it stands."""


class Course:
    """What lies behind a training and how it goes on; begins where the state in `folder` ends, if there is one."""

    def __init__(
        self,
        network: Network,
        model: keras.Model,
        regression: keras.Model,
        game: AdversarialGame | None,
        settings: TrainingSettings,
        folder: Path,
        batches: int,
    ):
        self.network, self.model, self.settings, self.folder, self.batches = network, model, settings, folder, batches
        self.fitted, self._regression, self._game = regression, regression, game
        self.best = BestEpoch(folder / BEST, model, network.model, partial(all_layers, network.model))
        self.average = Average(model, settings.average) if settings.average else None
        self.collapse = Collapse(settings.adversarial) if settings.adversarial else None
        self.epochs, self.history, self._state = 0, {}, load_state(folder / STATE)
        self._least_gain, spent = 0.0, 0.0
        if self._state:
            numbers, arrays = self._state.numbers, self._state.arrays
            self.epochs, self.history, spent = numbers["epochs"], numbers["history"], numbers["seconds"]
            self.best.seen = tuple(numbers["best"])
            assign(model.variables, arrays["model"], folder / STATE)
            if self.average:
                self.average.seen = numbers["average"]
                assign(self.average.averages, arrays["average"], folder / STATE)
            if self.collapse:
                self.collapse.seen = numbers["collapse"]
            self._least_gain = numbers["least_gain"]
        self.schedule = self._regression_schedule()
        self._started = time.monotonic() - spent

    @property
    def is_playing(self) -> bool:
        """Whether the phase is the game."""
        return self.fitted is self._game

    def seconds(self) -> float:
        """Return how long this training has taken, all its parts together."""
        return time.monotonic() - self._started

    def enter(self, phase: Phase, validation: PhotoBatches) -> None:
        """Prepare everything for a phase: anew, or where it had begun already, as it was then.

        A game that begins is told by `validation` how near to the truth its generator is.
        """
        has_begun = self.epochs > phase.first
        if phase.name == ADVERSARIAL:
            self._enter_game(phase, has_begun, validation)
        else:
            rate = self.settings.learning_rate * phase.rate
            compile_model(self.fitted, replace(self.settings, learning_rate=rate))
            self.schedule.peak = rate
            self.best.rank = partial(_by_monitor, self.settings.monitor)
        if self.settings.monitor == "none":
            self.best.rank = lambda figures: math.nan
        for optimizer, variables in self._optimizers():
            optimizer.build(variables)
        if has_begun:
            for name, variables in self._phase_variables().items():
                assign(variables, self._state.arrays.get(name, []), self.folder / STATE)

    def keep(self, epochs: int, figures: dict[str, float]) -> None:
        """Write down where the training stands behind an epoch, unless it has lost its way."""
        behind = max(map(len, self.history.values()), default=0)
        for name in dict.fromkeys((*self.history, *figures)):
            self.history.setdefault(name, [None] * behind).append(figures.get(name))
        if not math.isfinite(figures["loss"]):
            return
        numbers = {
            "epochs": epochs,
            "history": self.history,
            "seconds": self.seconds(),
            "plateau": self.schedule.seen if isinstance(self.schedule, Plateau) else {},
            "best": self.best.seen,
            "average": self.average.seen if self.average else 0,
            "collapse": self.collapse.seen if self.collapse else 0,
            "least_gain": self._least_gain,
        }
        groups = {
            "model": self.model.variables,
            "average": self.average.averages if self.average else [],
            **self._phase_variables(),
        }
        arrays = {name: [variable.numpy() for variable in group] for name, group in groups.items()}
        self.epochs, self._state = epochs, State(numbers, arrays)
        save_state(self.folder / STATE, self._state)

    def finish(self) -> None:
        """Give the network what was trained: the average of the weights, or the weights themselves."""
        if self.average:
            self.average.finish()
        self.network.model.set_weights(self.model.get_weights())

    def _regression_schedule(self) -> Cosine | Plateau:
        numbers = self._state.numbers if self._state else {}
        if self.settings.schedule == "cosine":
            schedule = Cosine(self.settings, self.settings.epochs * self.batches)
            # The batches may be others now, if memory did not suffice for those of before.
            schedule.seen = self.epochs * self.batches
        else:
            schedule = Plateau(self.settings)
            schedule.seen = numbers.get("plateau", {})
        return schedule

    def _enter_game(self, phase: Phase, has_begun: bool, validation: PhotoBatches) -> None:
        if not has_begun:
            self._prepare_generator()
        self.fitted = self._game
        self._game.compile(compiled_by_xla())
        if not has_begun:
            before = self._game.evaluate(validation, verbose=0, return_dict=True)
            self._least_gain = max(0.0, before[GAIN]) * self.settings.adversarial.kept_gain
        self.schedule = Fall(self.settings.adversarial, (phase.last - phase.first) * self.batches)
        self.schedule.seen = (self.epochs - phase.first) * self.batches if has_begun else 0
        self.best.rank = partial(unbelievability, self._least_gain)

    def _prepare_generator(self) -> None:
        """Let the game begin from the best epoch so far, or keep what it begins from as the best there is."""
        if self.best.epoch:
            self.network.model.load_weights(self.folder / BEST)
            self.model.set_weights(self.network.model.get_weights())
        else:
            self.finish()
            if self.settings.monitor != "none":
                self.best.keep()
        self.best.seen = (math.inf, self.best.epoch)
        if self.average:
            self.average = Average(self.model, self.settings.average)

    def _optimizers(self) -> list[tuple[keras.Optimizer, list[keras.Variable]]]:
        optimizers = [(self.fitted.optimizer, self.model.trainable_variables)]
        if self.is_playing:
            optimizers.append((self._game.discriminator_optimizer, self._game.discriminator.trainable_variables))
        return optimizers

    def _phase_variables(self) -> dict[str, list[keras.Variable]]:
        """Return what a state holds beside the generator: the optimizers of the phase, and the discriminator."""
        if not self.is_playing:
            return {"optimizer": self.fitted.optimizer.variables}
        return {
            "optimizer": self._game.optimizer.variables,
            "discriminator": self._game.discriminator.variables,
            "discriminator_optimizer": self._game.discriminator_optimizer.variables,
        }


def compile_model(model: keras.Model, settings: TrainingSettings) -> None:
    """Compile for regression or evaluation: the loss, and the share of pixels whose strongest channel is right."""
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate, global_clipnorm=settings.gradient_norm),
        loss=settings.loss,
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        jit_compile=compiled_by_xla(),
    )


def _by_monitor(monitor: str, figures: dict[str, float]) -> float:
    return figures.get(monitor, math.nan) * (-1 if "accuracy" in monitor else 1)
