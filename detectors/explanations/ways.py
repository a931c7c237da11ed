"""What a part of a row could be instead: a column with another value, a word that is not there, a region as it was expected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

#: Changing a category, or leaving out a word, counts as much as moving a number by the usual spread of its column.
COST_OF_A_CHOICE = 1.0

#: A number is written with so many digits at most.
MOST_DIGITS = 8

#: Whole numbers below this are never rounded.
LARGE = 10_000

#: How far a part is moved towards what was expected, at first.
SHARES = np.array([0.1, 0.3, 0.6, 1.0])

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0


@dataclass(frozen=True)
class Way:
    """One part of a row and what it could be instead: places on a line that it can be moved along, or some choices."""

    part: int
    """Which part it is, for those who name it: a column, a region, a word."""
    places: NDArray[np.intp]
    """Where its numbers stand in the row, flat."""
    values: NDArray[Any]
    """(options,): what it could be, in the data's terms."""
    costs: NDArray[np.float64]
    """(options,): how much each of them changes."""
    write: Callable[[NDArray[Any]], NDArray[np.float32]]
    """From options to the numbers at `places`, (options, places)."""
    start: float | None = None
    """Where on the line the row is now; None where there is no line."""
    spread: float = 1.0
    """The length on the line that costs 1."""
    step: float = 0.0
    """Only multiples of this exist; 0: all numbers do."""
    rounder: Callable[[float, bool], list[float]] | None = None
    """Values at a number or beyond it (above it, if true), the roundest first."""

    @classmethod
    def line(
        cls, part: int, places: NDArray[np.intp], values: NDArray[np.float64], write: Callable[[NDArray[Any]], NDArray[np.float32]], *,
        start: float, spread: float = 1.0, step: float = 0.0, rounder: Callable[[float, bool], list[float]] | None = None,
    ) -> Self:  # fmt: skip
        """Places to which a number at `start` can be moved."""
        there = np.unique(values[values != start])
        return cls(part, places, there, np.abs(there - start) / spread, write, start, spread, step, rounder)

    @classmethod
    def choice(
        cls, part: int, places: NDArray[np.intp], values: NDArray[Any], write: Callable[[NDArray[Any]], NDArray[np.float32]],
        extra: NDArray[np.float64] | None = None,
    ) -> Self:  # fmt: skip
        """Any of `values`; `extra`, (options,), makes some of them cost more."""
        return cls(part, places, values, COST_OF_A_CHOICE + (np.zeros(len(values)) if extra is None else extra), write)

    def cost(self, value: Any) -> float:
        """How much it changes to become `value`."""
        if self.start is not None:
            return abs(float(value) - self.start) / self.spread
        return float(self.costs[next(place for place, other in enumerate(self.values) if other == value)])

    def between(self, low: float, high: float, count: int) -> NDArray[np.float64]:
        """At most `count` places strictly between two places of a line, from `low` to `high`, whichever is larger."""
        points = low + (high - low) * np.arange(1, count + 1) / (count + 1)
        if self.step:
            points = np.unique(np.round(points / self.step) * self.step)
            points = points if high > low else points[::-1]
        return points[(points > min(low, high)) & (points < max(low, high))]


@dataclass(frozen=True)
class Around:
    """A row that is to be changed, and what is known around it."""

    row: int
    """Its position in the data."""
    actual: NDArray[np.float32]
    """(…): as explanations take it apart."""
    towards: NDArray[np.float32]
    """(…): what was expected in its place, or a normal row."""
    values: NDArray[np.float64]
    """(units,): how much each unit added to its score."""
    normal: NDArray[np.intp]
    """Positions of rows that are not flagged, the nearest first."""

    def heaviest(self, most: int) -> NDArray[np.intp]:
        """The units that added most, the heaviest first."""
        return np.argsort(-self.values, kind="stable")[:most]


@dataclass(frozen=True)
class Ladder:
    """Ways to change a row, of which at most `most` are to be taken together."""

    ways: Sequence[Way]
    most: int


def unit_ways(around: Around, units: NDArray[np.intp], most: int) -> list[Way]:
    """The heaviest units of a row, `most` of them, each straight towards what was expected there; `units` in the row's shape."""
    actual, towards, flat = around.actual.reshape(-1), around.towards.reshape(-1), units.reshape(-1)
    ways = [straight(int(unit), np.flatnonzero(flat == unit), actual, towards) for unit in around.heaviest(most)]
    return [way for way in ways if (actual[way.places] != towards[way.places]).any()]


def straight(part: int, places: NDArray[np.intp], row: NDArray[np.float32], towards: NDArray[np.float32]) -> Way:
    """From what a `row`, flat, holds at `places` straight to what `towards` does: 0 is here, 1 is there.

    It costs as much as the way is long, for each of the numbers.
    """
    here, there = row[places], towards[places]
    length = float(np.sqrt(np.square(there - here, dtype=np.float64).sum()))

    def write(shares: NDArray[Any]) -> NDArray[np.float32]:
        return (here + np.asarray(shares, dtype=np.float32)[:, None] * (there - here)).astype(np.float32)

    return Way.line(part, places, SHARES, write, start=0.0, spread=1 / length if length else 1.0)


def left_out(part: int, places: NDArray[np.intp], hidden: float) -> Way:
    """Not there at all: `hidden` stands at its `places`."""
    return Way.choice(part, places, np.array([True]), lambda values: np.full((len(values), len(places)), hidden, dtype=np.float32))


def by_digits(value: float, up: bool) -> list[float]:
    """`value` with 1, 2, 3 … significant digits, never less far than it is itself."""
    if not value or not np.isfinite(value):
        return [value]
    found = []
    for digits in range(1, MOST_DIGITS + 1):
        power = digits - 1 - floor(log10(abs(value)))
        scaled = value * 10.0**power
        found.append(float(f"{ceil(scaled) if up else floor(scaled)}e{-power}"))
    return [*found, value]


def by_whole_digits(value: float, up: bool) -> list[float]:
    """The same of a whole number: a small one stays as it is."""
    return [value] if abs(value) < LARGE else [other for other in by_digits(value, up) if other == round(other)]


def by_clock(value: float, up: bool) -> list[float]:
    """A moment in seconds, at a whole day, hour, minute or second, never less far than it is itself."""
    return [(ceil(value / unit) if up else floor(value / unit)) * unit for unit in (DAY_S, HOUR_S, MINUTE_S, 1.0)]
