"""Hand out portions of photos to workers and collect the results, even if workers or machines fail."""

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

from colorizer.errors import ColorizeError, reason
from colorizer.machines.cluster import Room, rooms
from colorizer.machines.worker import About, Worker

_AT_ONCE = 2
"""Portions per worker: the current one, and the next one, so that it never waits."""
_MOST_DEATHS = 3
"""Number of workers that may die on a portion before it is split, or abandoned if it is a single photo. Also the number
of consecutive failed starts on a machine."""
_SILENT_SECONDS, _SILENT_PORTIONS = 1800.0, 10
"""A worker counts as lost after this many seconds without a result, or this many times the longest duration of a
portion."""
_ASK_SECONDS, _DEAF_SECONDS = 15.0, 90.0
"""How often a worker is asked for its number of finished portions, and how long it may take to answer. Ray silently
loses messages to and from a machine that is temporarily disconnected."""
_ASKED = "asked"
"""Ray's concurrency group for that question, so that a worker can answer it during a portion."""
_LOOK_SECONDS = 3.0
"""How often the list of machines is checked for new or returning ones."""

Records = list[dict[str, Any]]


@dataclass(eq=False)
class _Member:
    """A worker, and its portions in the order it processes them."""

    handle: Any
    room: Room
    portions: dict[Any, _Portion] = field(default_factory=dict)
    """Portions by Ray's reference to their future result."""
    heard: float = 0.0
    """When it started its first portion, or returned the last one."""
    taken: int = 0
    """Number of portions it has returned."""
    done: int = 0
    """Number of portions it had finished when it last answered."""
    question: Any = None
    """Ray's reference to the pending answer, or None."""
    asked: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class _Portion:
    photos: Sequence[Any]
    deaths: int = 0
    """Number of workers that died on it."""


class Sharing:
    """Workers on the machines of the cluster that `machines.connected` has connected to.

    Starts as many workers as fit, also on machines that join later. The portions of a worker that dies are processed by
    another one. Each portion is processed at least once, and by two workers at the same time only if a disconnected
    machine is still running. The arguments are those of `Worker`.
    """

    def __init__(self, model: Path | None, cache_folder: Path | None, has_network: bool = True):
        self._arguments = model, cache_folder, has_network
        self._actor = ray.remote(concurrency_groups={_ASKED: 1})(Worker)
        self._starting: dict[Any, _Member] = {}
        self._ready: list[_Member] = []
        self._waiting: deque[_Portion] = deque()
        self._failed: Counter[Room] = Counter()
        """Consecutive failed starts."""
        self._looked = -math.inf
        self._longest = 0.0
        """Longest duration of a portion, in seconds."""
        self._about: About | None = None

    def about(self) -> About:
        """Wait for the first worker and return its description; raise ColorizeError if none can start."""
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
        """Run a task on every portion.

        Args:
            task: Name of a `Worker` method.
            job: The job that is passed to it.
            portions: The portions of photos.
            keep: Receives the result of each portion as soon as it arrives. Its exceptions are passed on.
            give_up: Returns the result for a photo on which several workers have died. Its exceptions are passed on.

        Raises:
            ColorizeError: A problem affects all portions.
        """
        self._waiting.extend(_Portion(photos) for photos in portions)
        while True:
            for _ in range(_AT_ONCE):  # every worker gets its first portion before any gets its second
                for member in self._ready:
                    self._hand_out(member, task, job, lambda photo: keep(give_up(photo)))
            if not self._waiting and not any(member.portions for member in self._ready):
                return
            for records in self._step():
                keep(records)

    def _hand_out(self, member: _Member, task: str, job: Any, give_up: Callable[[Any], None]) -> None:
        """Give a worker one more portion, if it has a free slot and there is one."""
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
        """Wait up to a second for events; return the results of finished portions."""
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
                    "Cannot start the workers. Check that every machine has this version of the program and enough "
                    f"memory. {reason(error)}"
                ) from error
            return
        del self._failed[member.room]
        self._ready.append(member)

    def _bury(self, member: _Member) -> None:
        """Take back a dead worker's portions; the first is the one it was processing."""
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
    """Ask a worker periodically for its progress, and return whether it is lost.

    A worker is lost if it does not answer, or if results that it had finished by its last answer have not arrived.
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
