"""Portions of photos handed to workers, and taken back, whatever dies in between."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from colorizer.cluster.machines import Room, rooms
from colorizer.cluster.worker import About, Worker
from colorizer.errors import ColorizeError, reason

_AT_ONCE = 2
"""Portions a worker has: one that it works on, and the next, so that it never waits."""
_MOST_DEATHS = 3
"""Workers that may die over a portion before it is divided, or given up if it is a single photo; and that may fail to
start, one after another, on a machine."""
_SILENT_SECONDS, _SILENT_PORTIONS = 1800.0, 10
"""After so long, or so many times the longest that a portion took, a worker that is not heard of counts as lost."""
_ASK_SECONDS, _DEAF_SECONDS = 15.0, 90.0
"""How often a worker is asked how many portions it has done, and how long it may take to answer. Ray loses what is on
its way to or from a machine that is cut off for a while, and does not say so."""
_ASKED = "asked"
"""Ray's concurrency group of that question, which is answered while a portion is worked on."""
_LOOK_SECONDS = 3.0
"""How often it is looked whether machines have come or come back."""

Records = list[dict[str, Any]]


@dataclass(eq=False)
class _Member:
    """A worker, and the portions it has, in the order it does them."""

    handle: Any
    room: Room
    portions: dict[Any, _Portion] = field(default_factory=dict)
    """By Ray's reference to what will become of each."""
    heard: float = 0.0
    """When it began with its first portion, or came back with the last one."""
    taken: int = 0
    """Portions it has come back with."""
    done: int = 0
    """Portions it had done when it last answered."""
    question: Any = None
    """Ray's reference to its answer, as long as there is none."""
    asked: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class _Portion:
    photos: Sequence[Any]
    deaths: int = 0
    """Workers that died while they worked on it."""


class Sharing:
    """Workers on the machines of the cluster that `machines.connected` has reached.

    As many as there is room for are started, also on machines that come later. What a worker had that dies is done by
    another: at least once, and never by two at a time unless a machine was cut off and lives on. The arguments are
    those of `Worker`.
    """

    def __init__(self, model: Path | None, cache_folder: Path | None, has_network: bool = True):
        self._arguments = model, cache_folder, has_network
        self._actor = ray.remote(concurrency_groups={_ASKED: 1})(Worker)
        self._starting: dict[Any, _Member] = {}
        self._ready: list[_Member] = []
        self._waiting: deque[_Portion] = deque()
        self._failed: Counter[Room] = Counter()
        """Starts that came to nothing, since the last one that did."""
        self._looked = -math.inf
        self._longest = 0.0
        """Seconds that a portion took, at most."""
        self._about: About | None = None

    def about(self) -> About:
        """Wait for the first worker and return what it says of itself; raise ColorizeError where none can start."""
        while self._about is None:
            self._step()
        return self._about

    def work(
        self,
        task: str,
        job: Any,
        portions: Iterable[Sequence[Any]],
        keep: Callable[[Records], None],
        give_up: Callable[[Any], Records],
    ) -> None:
        """Do a task, the name of one of `Worker`'s, with every portion; hand what became of each to `keep` as it comes.

        `give_up` is asked what becomes of a photo over which several workers have died. Raises ColorizeError for what
        concerns all portions alike, and whatever `keep` and `give_up` raise.
        """
        self._waiting.extend(_Portion(photos) for photos in portions)
        while True:
            for _ in range(_AT_ONCE):  # each worker its first one before any its second
                for member in self._ready:
                    self._hand_out(member, task, job, lambda photo: keep(give_up(photo)))
            if not self._waiting and not any(member.portions for member in self._ready):
                return
            for records in self._step():
                keep(records)

    def _hand_out(self, member: _Member, task: str, job: Any, give_up: Callable[[Any], None]) -> None:
        """Give a worker that has room for it one portion more, if there is one."""
        while self._waiting and len(member.portions) < _AT_ONCE:
            portion = self._waiting.popleft()
            if portion.deaths < _MOST_DEATHS:
                if not member.portions:
                    member.heard = time.monotonic()
                member.portions[getattr(member.handle, task).remote(job, portion.photos)] = portion
                return
            half = len(portion.photos) // 2
            if half:
                self._waiting.extendleft((_Portion(portion.photos[half:]), _Portion(portion.photos[:half])))
            else:
                give_up(portion.photos[0])

    def _step(self) -> list[Records]:
        """Wait, a second at most, for something to happen; return what became of portions that were done."""
        self._look()
        working = {reference: member for member in self._ready for reference in member.portions}
        pending = [*self._starting, *working]
        if not pending:
            time.sleep(1)
            return []
        happened, _ = ray.wait(pending, timeout=1)
        for reference in happened:
            member = self._starting.pop(reference, None)
            if member is not None:
                self._begin(reference, member)
        taken = (self._taken(working.get(reference), reference) for reference in happened)
        return [records for records in taken if records is not None]

    def _taken(self, member: _Member | None, reference: Any) -> Records | None:
        if member is None or reference not in member.portions:
            return None
        try:
            records = ray.get(reference)
        except RayTaskError as error:
            raise _as_sentence(error) from error
        except RayError:
            self._bury(member)
            return None
        del member.portions[reference]
        member.taken += 1
        now = time.monotonic()
        self._longest = max(self._longest, now - member.heard)
        member.heard = now
        return records

    def _begin(self, reference: Any, member: _Member) -> None:
        try:
            self._about = ray.get(reference)
        except RayTaskError as error:
            raise _as_sentence(error) from error
        except RayError as error:
            self._failed[member.room] += 1
            if self._about is None and self._failed.total() >= _MOST_DEATHS:
                raise ColorizeError(
                    "Workers cannot be started: is this program installed, in the same version, on every machine, and "
                    f"is there memory for it? {reason(error)}"
                ) from error
            return
        del self._failed[member.room]
        self._ready.append(member)

    def _bury(self, member: _Member) -> None:
        """Take a dead worker's portions back; the first is the one it was at."""
        self._ready.remove(member)
        for number, portion in enumerate(member.portions.values()):
            deaths = portion.deaths + 1 if number == 0 else portion.deaths
            self._waiting.append(_Portion(portion.photos, deaths))
        member.portions.clear()

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        patience = max(_SILENT_SECONDS, _SILENT_PORTIONS * self._longest)
        for member in [member for member in self._ready if member.portions]:
            if now - member.heard > patience or _is_lost(member, now):
                self._bury(member)
                ray.kill(member.handle)
        missing = rooms(ray.nodes())
        missing.subtract(member.room for member in (*self._starting.values(), *self._ready))
        for room, count in missing.items():
            for _ in range(count if self._failed[room] < _MOST_DEATHS else 0):
                handle = self._actor.options(
                    num_cpus=room.cores,
                    num_gpus=room.gpus,
                    max_restarts=0,
                    scheduling_strategy=NodeAffinitySchedulingStrategy(room.node, soft=False),
                ).remote(*self._arguments, room.cores)
                self._starting[handle.about.remote()] = _Member(handle, room)


def _is_lost(member: _Member, now: float) -> bool:
    """Ask a worker, from time to time, how much it has done; say whether it does not answer, or had done more at the
    last time than has arrived by now.
    """
    if member.question is None:
        if now - member.asked < _ASK_SECONDS:
            return False
        if member.taken < member.done:
            arrived, _ = ray.wait([*member.portions], timeout=0)
            return not arrived
        member.question, member.asked = member.handle.done.options(concurrency_group=_ASKED).remote(), now
    answered, _ = ray.wait([member.question], timeout=0)
    if not answered:
        return now - member.asked > _DEAF_SECONDS
    try:
        member.done = ray.get(member.question)
    except RayError:
        return True
    member.question, member.asked = None, now
    return False


def _as_sentence(error: RayTaskError) -> ColorizeError:
    cause = error.cause
    return cause if isinstance(cause, ColorizeError) else ColorizeError(f"A worker failed: {reason(cause)}")
