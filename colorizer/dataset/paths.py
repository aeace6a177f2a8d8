"""Long lists of paths in little memory."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import overload


class Paths(Sequence[Path]):
    """Paths below one folder, created on access.

    A `Path` takes half a kilobyte, its name thirty bytes. Like a tuple, the list is immutable, and it equals any
    sequence of the same paths.
    """

    def __init__(self, root: Path, names: Iterable[str]):
        """Store `names`, which are relative to `root`, in their order."""
        self._root, self._names, self._ends = root, bytearray(), array("Q", [0])
        for name in names:
            self._names += os.fsencode(name)
            self._ends.append(len(self._names))

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, number: int) -> Path: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[Path, ...]: ...

    def __getitem__(self, number: int | slice) -> Path | tuple[Path, ...]:
        if isinstance(number, slice):
            return tuple(self[each] for each in range(*number.indices(len(self))))
        return self._root / self._name(range(len(self))[number])

    def __iter__(self) -> Iterator[Path]:
        return (self._root / self._name(number) for number in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Paths({self._root!r}, {len(self)} names)"

    def chosen(self, numbers: Iterable[int]) -> Paths:
        """Return the paths at these indices, in their order."""
        return Paths(self._root, map(self._name, numbers))

    def _name(self, number: int) -> str:
        return os.fsdecode(bytes(self._names[self._ends[number] : self._ends[number + 1]]))


def chosen(paths: Sequence[Path], numbers: Iterable[int]) -> Sequence[Path]:
    """Return the paths at these indices: `Paths` from `Paths`, otherwise a tuple."""
    return paths.chosen(numbers) if isinstance(paths, Paths) else tuple(paths[number] for number in numbers)
