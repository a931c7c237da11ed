"""A long series in as many numbers as a screen has pixels: what lies between the lowest and the highest of every bucket of steps.

Every function takes whole series, (steps,), and a `Grid` that says which steps fall into which bucket. Missing values (NaN)
count for nothing; a bucket of nothing else is NaN.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Scores looked at to choose their axis: the range of millions shows in this many, evenly taken.
SAMPLE = 10_000
#: Scores that span more than this factor are drawn on a logarithmic axis, which begins at this quantile.
DECADES, FLOOR = 100, 0.01


@dataclass(frozen=True)
class Grid:
    """Buckets of `width` neighbouring steps from `start` up to `stop` (excluded); the last may hold fewer.

    Borders are multiples of `width`, so that a range that is moved along shares its buckets with the one before.
    """

    start: int
    stop: int
    width: int

    @property
    def starts(self) -> NDArray[np.int64]:
        """(buckets,): the first step of every bucket."""
        return np.arange(self.start, self.stop, self.width)


@dataclass(frozen=True)
class ScoreAxis:
    """Where the axis of the scores begins and ends, and whether it is logarithmic. Lower scores are drawn at its foot."""

    low: float
    high: float
    logarithmic: bool

    def to_json(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high, "logarithmic": self.logarithmic}


def grid(start: int, stop: int, most: int, steps: int, unit: int = 1) -> Grid:
    """At most `most` buckets (2 or more) that cover the steps from `start` to `stop` (excluded) of a series of `steps`.

    Buckets wider than `unit` are multiples of it.
    """
    start, stop = max(0, min(start, steps)), max(0, min(stop, steps))
    width = _width(stop - start, most, unit)
    return Grid(start // width * width, min(steps, -(-stop // width) * width), width)


def grid_around(start: int, stop: int, most: int, steps: int, *, margin: float, unit: int = 1) -> Grid:
    """As `grid`: as fine as the range and at least `margin` of its length on both sides allow, the rest beside it."""
    start, stop = max(0, min(start, steps)), max(0, min(stop, steps))
    wanted = min(steps, math.ceil((stop - start) * (1 + 2 * margin)))
    room = max(0, (most - 1) * _width(wanted, most, unit) - (stop - start)) // 2
    return grid(start - room, stop + room, most, steps, unit)


def _width(steps: int, most: int, unit: int) -> int:
    width = max(1, -(-steps // (most - 1)))  # one bucket kept for the borders that do not fall on a multiple
    return width if width <= unit else -(-width // unit) * unit


def extremes(values: NDArray[Any], buckets: Grid) -> tuple[NDArray[Any], NDArray[Any]]:
    """(buckets,) twice: the lowest and the highest value in each."""
    return _reduced(np.fmin, values, buckets), _reduced(np.fmax, values, buckets)


def highest(values: NDArray[Any], buckets: Grid) -> NDArray[Any]:
    """(buckets,): the highest value in each."""
    return _reduced(np.fmax, values, buckets)


def means(values: NDArray[Any], buckets: Grid) -> NDArray[np.float64]:
    """(buckets,): the mean of the values that are not missing."""
    known = ~np.isnan(values[buckets.start : buckets.stop])
    sums = _reduced(np.add, np.where(known, values[buckets.start : buckets.stop], 0), _from_zero(buckets))
    counts = _reduced(np.add, known.astype(np.int64), _from_zero(buckets))
    return _divided(sums, counts)


def means_of_sums(sums: NDArray[np.float64], known: NDArray[np.int64], buckets: Grid) -> NDArray[np.float64]:
    """(buckets,): as `means`, where each step is the sum of so many `known` values."""
    return _divided(_reduced(np.add, sums, buckets), _reduced(np.add, known, buckets))


def any_in(flags: NDArray[np.bool_], buckets: Grid) -> NDArray[np.bool_]:
    """(buckets,): whether any step in the bucket is flagged."""
    return _reduced(np.logical_or, flags, buckets)


def first_flagged(flags: NDArray[np.bool_], start: int, stop: int) -> int | None:
    """The first step of the flagged stretch that begins in, or reaches into, the steps from `start` to `stop` (excluded)."""
    if not flags[start:stop].any():
        return None
    found = start + int(np.argmax(flags[start:stop]))
    before = flags[: found + 1][::-1]
    return 0 if before.all() else found + 1 - int(np.argmin(before))


def score_axis(scores: NDArray[Any], cut_off: float | None) -> ScoreAxis:
    """An axis on which all scores and the cut-off have a place; logarithmic where they span more than two decades."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a series without any score has neither a lowest nor a highest one
        ends = [value for value in (np.fmin.reduce(scores), np.fmax.reduce(scores), cut_off) if value is not None and np.isfinite(value)]
    low, high = (float(min(ends)), float(max(ends))) if ends else (0.0, 1.0)
    sample = scores[:: max(1, len(scores) // SAMPLE)]
    positive = sample[np.isfinite(sample) & (sample > 0)]
    floor = min([float(np.quantile(positive, FLOOR)), *([cut_off] if cut_off else [])]) if len(positive) else 0.0
    if low >= 0 and floor > 0 and high / floor > DECADES:
        return ScoreAxis(floor, high, True)
    if low == high:
        return ScoreAxis(min(low, 0.0), max(high, 0.0) or 1.0, False)
    return ScoreAxis(0.0 if 0 <= low < high / 2 else low, high, False)


def _divided(sums: NDArray[Any], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)


def _from_zero(buckets: Grid) -> Grid:
    return Grid(0, buckets.stop - buckets.start, buckets.width)


def _reduced(reduce: np.ufunc, values: NDArray[Any], buckets: Grid) -> NDArray[Any]:
    part = values[buckets.start : buckets.stop]
    if buckets.width == 1 or not len(part):
        return part
    reduced: NDArray[Any] = reduce.reduceat(part, np.arange(0, len(part), buckets.width))
    return reduced
