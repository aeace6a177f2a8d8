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
        self.fitted, self._game = regression, game
        self.best = BestEpoch(folder / BEST, model, network.model, partial(all_layers, network.model))
        self.average = Average(model, settings.average) if settings.average else None
        self.collapse = Collapse(settings.adversarial) if settings.adversarial else None
        self.epochs, self.history = 0, {}
        self._least_gain, spent, numbers = 0.0, 0.0, {}
        # Let go of once it was taken up: it is as large as all that is trained.
        self._taken_up = load_state(folder / STATE)
        if self._taken_up:
            numbers, arrays = self._taken_up.numbers, self._taken_up.arrays
            self.epochs, self.history, spent = numbers["epochs"], numbers["history"], numbers["seconds"]
            self.best.seen = tuple(numbers["best"])
            assign(model.variables, arrays["model"], folder / STATE)
            if self.average:
                self.average.seen = numbers["average"]
                assign(self.average.averages, arrays["average"], folder / STATE)
            if self.collapse:
                self.collapse.seen = tuple(numbers.get("collapse", self.collapse.seen))
            self._least_gain = numbers.get("least_gain", 0.0)
        self.has_played = numbers.get("is_playing", False)
        """Whether the game has begun."""
        self.schedule = self._regression_schedule(numbers.get("plateau", {}))
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
        taken_up, self._taken_up = self._taken_up, None
        # A game is written down before its first step, as its best network will take the place of the regression's.
        is_taken_up = taken_up is not None and (self.epochs > phase.first or taken_up.numbers.get("is_playing", False))
        if phase.name == ADVERSARIAL:
            self._enter_game(phase, is_taken_up, validation)
        else:
            rate = self.settings.learning_rate * phase.rate
            compile_model(self.fitted, replace(self.settings, learning_rate=rate))
            self.fitted.optimizer.build(self.model.trainable_variables)
            if isinstance(self.schedule, Cosine):
                self.schedule.peak = rate
            self.best.rank = partial(_by_monitor, self.settings.monitor)
        if self.settings.monitor == "none":
            self.best.rank = lambda figures: math.nan
        if is_taken_up:
            for name, variables in self._phase_variables().items():
                assign(variables, taken_up.arrays.get(name, []), self.folder / STATE)
        elif self.is_playing:
            self._write()

    def keep(self, epochs: int, figures: dict[str, float]) -> None:
        """Write down where the training stands behind an epoch, unless it has lost its way."""
        behind = max(map(len, self.history.values()), default=0)
        for name in dict.fromkeys((*self.history, *figures)):
            self.history.setdefault(name, [None] * behind).append(figures.get(name))
        if math.isfinite(figures["loss"]):
            self.epochs = epochs
            self._write()

    def _write(self) -> None:
        numbers = {
            "epochs": self.epochs,
            "is_playing": self.is_playing,
            "history": self.history,
            "seconds": self.seconds(),
            "plateau": self.schedule.seen if isinstance(self.schedule, Plateau) else {},
            "best": self.best.seen,
            "average": self.average.seen if self.average else 0,
            "collapse": self.collapse.seen if self.collapse else (),
            "least_gain": self._least_gain,
        }
        groups = {
            "model": self.model.variables,
            "average": self.average.averages if self.average else [],
            **self._phase_variables(),
        }
        arrays = {name: [variable.numpy() for variable in group] for name, group in groups.items()}
        save_state(self.folder / STATE, State(numbers, arrays))

    def finish(self) -> None:
        """Give the network what was trained: the average of the weights, or the weights themselves."""
        if self.average:
            self.average.finish()
        self.network.model.set_weights(self.model.get_weights())

    def _regression_schedule(self, plateau: dict) -> Cosine | Plateau:
        if self.settings.schedule == "cosine":
            schedule = Cosine(self.settings, self.settings.epochs * self.batches)
            # The batches may be others now, if memory did not suffice for those of before.
            schedule.seen = self.epochs * self.batches
        else:
            schedule = Plateau(self.settings)
            schedule.seen = plateau
        return schedule

    def _enter_game(self, phase: Phase, is_taken_up: bool, validation: PhotoBatches) -> None:
        if not is_taken_up:
            self._prepare_generator()
        self.fitted, self.has_played = self._game, True
        self._game.compile(compiled_by_xla())
        if not is_taken_up:
            before = self._game.evaluate(validation, verbose=0, return_dict=True)
            self._least_gain = max(0.0, before[GAIN]) * self.settings.adversarial.kept_gain
        self.schedule = Fall(self.settings.adversarial, (phase.last - phase.first) * self.batches)
        self.schedule.seen = (self.epochs - phase.first) * self.batches
        self.best.rank = partial(unbelievability, self._least_gain)

    def _prepare_generator(self) -> None:
        """Let the game begin from the best epoch so far, or keep what it begins from: it may go astray."""
        if self.best.epoch:
            self.network.model.load_weights(self.folder / BEST)
            self.model.set_weights(self.network.model.get_weights())
        else:
            self.finish()
            self.best.keep()
        self.best.seen = (math.inf, self.best.epoch or self.epochs)
        if self.average:
            self.average = Average(self.model, self.settings.average)

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
