"""A column of dates as the parts of a date: numbers, or places on the circles of year, week and day; and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.preparation.numbers import FIRST_SECOND, LAST_SECOND, SMALLEST_SPREAD
from detectors.preparation.values import as_numbers

DAY_S, WEEK_DAYS = 86_400, 7

#: The day of the week of 1970-01-01, Monday being 0.
FIRST_WEEKDAY = 3

#: Parts of a date as plain numbers, and on circles. The year is a plain number in both: years do not come again.
PARTS = ("year", "month", "day", "weekday", "hour")
CIRCLES = ("year, sine", "year, cosine", "week, sine", "week, cosine", "day, sine", "day, cosine")

Numbers = NDArray[np.float64]


@dataclass
class DateColumn:
    """Parts of a date, each scaled to mean 0 and deviation 1; those on circles as they are, from -1 to 1."""

    kind: ClassVar[str] = "date"
    measured: ClassVar[bool] = True

    column: str
    cyclic: bool
    fill: float
    """Seconds since 1970: what a missing date counts as."""
    center: list[float]
    scale: list[float]

    @classmethod
    def fit(cls, column: str, seconds: Numbers, *, cyclic: bool) -> Self:
        """Learns from the training moments, (rows,) seconds since 1970, NaN where missing."""
        known = seconds[~np.isnan(seconds)]
        fill = float(np.median(known)) if len(known) else 0.0
        parts = _parts(np.where(np.isnan(seconds), fill, seconds))[:, : 1 if cyclic else None]
        spread = parts.std(axis=0)
        return cls(column, cyclic, fill, parts.mean(axis=0).tolist(), np.where(spread > SMALLEST_SPREAD, spread, 1).tolist())

    @property
    def width(self) -> int:
        return len(self.names)

    @property
    def names(self) -> list[str]:
        return [f"{self.column}: {part}" for part in ((PARTS[0], *CIRCLES) if self.cyclic else PARTS)]

    def write(self, values: pd.Series, out: NDArray[np.float32]) -> None:
        seconds = as_numbers(values, "date")
        seconds = np.where(np.isnan(seconds), self.fill, seconds)
        parts = _parts(seconds)
        if self.cyclic:
            out[:, :1] = (parts[:, :1] - self.center) / self.scale
            out[:, 1:] = _circles(seconds)
        else:
            out[:] = (parts - self.center) / self.scale

    def restore(self, block: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Naive dates in UTC: to the second from circles, to the hour from parts. The day of the week follows from the date."""
        numbers = block.astype(np.float64)
        if not self.cyclic:
            parts = np.round(numbers * self.scale + self.center)
            year, month, day, _, hour = parts.T
            start = _start_of_year(year).astype("datetime64[M]") + (np.clip(month, 1, 12) - 1).astype(int)
            last = (start + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
            days = np.minimum(start.astype("datetime64[D]") + (np.clip(day, 1, 31) - 1).astype(int), last)
            return days.astype("datetime64[s]") + (np.clip(hour, 0, 23) * 3600).astype("timedelta64[s]")
        start = _start_of_year(np.round(numbers[:, 0] * self.scale[0] + self.center[0])).astype("datetime64[D]")
        days = np.floor(_turn(numbers[:, 1:3]) * _days_of_year(start)).astype(int)
        seconds = np.round(_turn(numbers[:, 5:7]) * DAY_S).astype(int) % DAY_S
        return (start + days).astype("datetime64[s]") + seconds.astype("timedelta64[s]")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        return cls(**record)


def _dates(seconds: Numbers) -> NDArray[np.datetime64]:
    return np.clip(np.floor(seconds), FIRST_SECOND, LAST_SECOND).astype("datetime64[s]")


def _parts(seconds: Numbers) -> Numbers:
    """Year, month, day, weekday and hour of moments, (rows, 5)."""
    dates = _dates(seconds)
    days, months, years = (dates.astype(f"datetime64[{unit}]") for unit in "DMY")
    weekday = (days.astype(int) + FIRST_WEEKDAY) % WEEK_DAYS
    day = (days - months.astype("datetime64[D]")).astype(int) + 1
    hour = (dates - days).astype("timedelta64[h]").astype(int)
    return np.column_stack([years.astype(int) + 1970, months.astype(int) % 12 + 1, day, weekday, hour]).astype(np.float64)


def _circles(seconds: Numbers) -> Numbers:
    """Sine and cosine of where moments lie in their year (by days), their week and their day, (rows, 6)."""
    dates = _dates(seconds)
    days = dates.astype("datetime64[D]")
    start = dates.astype("datetime64[Y]").astype("datetime64[D]")
    # The middle of the day: rounding must not move it into the next.
    of_year = ((days - start).astype(int) + 0.5) / _days_of_year(start)
    of_day = (dates - days).astype(np.float64) / DAY_S
    of_week = ((days.astype(int) + FIRST_WEEKDAY) % WEEK_DAYS + of_day) / WEEK_DAYS
    turns = 2 * np.pi * np.column_stack([of_year, of_week, of_day])
    return np.stack([np.sin(turns), np.cos(turns)], axis=2).reshape(len(seconds), -1)


def _turn(circle: Numbers) -> Numbers:
    """Where on a circle, from 0 to below 1, a point given as sine and cosine, (rows, 2), lies."""
    turn = np.arctan2(circle[:, 0], circle[:, 1]) / (2 * np.pi) % 1
    return np.where(turn >= 1, 0.0, turn)


def _start_of_year(year: Numbers) -> NDArray[np.datetime64]:
    return (np.clip(year, 1, 9999) - 1970).astype(int).astype("datetime64[Y]")


def _days_of_year(start: NDArray[np.datetime64]) -> NDArray[np.intp]:
    after = (start.astype("datetime64[Y]") + 1).astype("datetime64[D]")
    return (after - start).astype(int)
