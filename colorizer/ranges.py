"""Valid ranges of settings, declared once at each field, for the command line and for Python."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from numbers import Integral, Real
from typing import get_args, get_type_hints

from colorizer.errors import ColorizeError


class OutOfRange(ColorizeError, ValueError):
    """A value outside the range of its setting; the message says why."""


@dataclass(frozen=True)
class WholeNumber:
    """A whole number from `least` to `most`, both included, divisible by `multiple_of`."""

    least: int
    most: int
    multiple_of: int = 1

    def check(self, value: object) -> None:
        """Raise OutOfRange for any other value."""
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise OutOfRange(f"{value!r} is not a whole number.")
        number = int(value)
        if number < self.least:
            raise OutOfRange(f"{number} is too small: the minimum is {self.least}.")
        if number > self.most:
            raise OutOfRange(f"{number} is too large: the maximum is {self.most}.")
        if number % self.multiple_of:
            below = number - number % self.multiple_of
            above = below + self.multiple_of
            raise OutOfRange(
                f"{number} is not a multiple of {self.multiple_of}. The nearest multiples are {below} and {above}."
            )


@dataclass(frozen=True)
class Number:
    """A number from `least` to `most`, both included."""

    least: float
    most: float

    def check(self, value: object) -> None:
        """Raise OutOfRange for any other value."""
        if isinstance(value, bool) or not isinstance(value, Real):
            raise OutOfRange(f"{value!r} is not a number.")
        number = float(value)
        if not self.least <= number <= self.most:
            raise OutOfRange(f"{number:g} is out of range. Please enter a number from {self.least:g} to {self.most:g}.")


@dataclass(frozen=True)
class OneOf:
    """One of several names."""

    options: tuple[str, ...]

    def check(self, value: object) -> None:
        """Raise OutOfRange for any other value."""
        if value not in self.options:
            raise OutOfRange(f"{value!r} is not an option. Please enter one of: {', '.join(self.options)}.")


@dataclass(frozen=True)
class Counts:
    """A tuple of at least `fewest` and at most `most` whole numbers, each within `each`."""

    fewest: int
    most: int
    each: WholeNumber

    def check(self, value: object) -> None:
        """Raise OutOfRange for any other value."""
        if not isinstance(value, tuple) or not self.fewest <= len(value) <= self.most:
            said = ",".join(map(str, value)) if isinstance(value, tuple) else value
            raise OutOfRange(
                f"{said!r} is not valid. Please enter {self.fewest} to {self.most} whole numbers separated by commas."
            )
        for count in value:
            self.each.check(count)


Range = WholeNumber | Number | OneOf | Counts


class Ranged:
    """A frozen dataclass that refuses values outside the ranges in its fields' annotations.

    Default values are always accepted: a default may stand for "no value". Raises OutOfRange.
    """

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type] # every subclass is a dataclass
            value, within = getattr(self, field.name), range_of(type(self), field.name)
            if within is None or value == field.default:
                continue
            try:
                within.check(value)
            except OutOfRange as error:
                raise OutOfRange(f"{field.name}: {error}") from error


def range_of(kind: type[Ranged], name: str) -> Range | None:
    """Return the range in a field's annotation, such as `Annotated[int, WholeNumber(1, 9)]`, or None."""
    return _ranges(kind).get(name)  # type: ignore[arg-type] # classes are hashable


@cache
def _ranges(kind: type[Ranged]) -> dict[str, Range]:
    hints = get_type_hints(kind, include_extras=True)
    found = {name: [part for part in get_args(hint) if isinstance(part, Range)] for name, hint in hints.items()}
    return {name: ranges[0] for name, ranges in found.items() if ranges}
