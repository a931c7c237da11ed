"""Whether one file of a series goes on where another one ends, by what their profiles say of their times."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detectors.profile import ColumnProfile
from detectors.timeline import GAP, read_times

#: Types that a column of numbers may have in two files.
NUMBERS = ("number", "boolean")


@dataclass(frozen=True)
class Follows:
    """How rows stand to others that were there before."""

    steps: float | None
    """Usual steps between the last of those and the first of these; None where no column says when a row was measured."""

    @property
    def at_once(self) -> bool:
        """Whether these begin where those end."""
        return self.steps is not None and 0 < self.steps <= GAP


def follows(earlier: Sequence[ColumnProfile], later: Sequence[ColumnProfile], used: Collection[str], time: str | None) -> Follows | None:
    """How the rows of `later` follow on from those of `earlier`; None where they cannot.

    They cannot where one of the columns `used` is missing or of another type, or where those do not end before these begin.
    """
    first, second = ({profile.name: profile for profile in profiles} for profiles in (earlier, later))
    if not all(name in first and name in second and _alike(first[name], second[name]) for name in used):
        return None
    if time is None:
        return Follows(None)
    steps = _steps_between(first[time], second[time])
    return Follows(steps) if steps is not None and steps > 0 else None


def _alike(one: ColumnProfile, other: ColumnProfile) -> bool:
    return one.type == other.type or {one.type, other.type} <= set(NUMBERS)


def _steps_between(earlier: ColumnProfile, later: ColumnProfile) -> float | None:
    """From the last moment of `earlier` to the first of `later`, in usual steps; None where that is not known."""
    moments = [earlier.low, earlier.high, later.low]
    if any(moment is None for moment in moments):
        return None
    seconds, _ = read_times(pd.Series(moments))
    if np.isnan(seconds).any():
        return None
    step = (seconds[1] - seconds[0]) / max(1, earlier.distinct - 1)
    return float((seconds[2] - seconds[1]) / step) if step > 0 else None
