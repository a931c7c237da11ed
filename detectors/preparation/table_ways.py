"""What the columns of a row could hold instead: values that normal rows hold, in the data's own terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.explanations.ways import DAY_S, Way, by_clock, by_digits, by_whole_digits
from detectors.preparation.columns import ColumnEncoding
from detectors.preparation.values import MISSING, OTHER, as_numbers, number_type

#: Values of a number column that are tried, from the smallest to the largest that a normal row has.
NUMBERS = 15

#: Values of a category that are tried: the most frequent ones, and those of so many nearest rows.
CATEGORIES, NEAREST = 24, 5

ROUNDERS = {"number": by_digits, "integer": by_whole_digits, "date": by_clock}


@dataclass(frozen=True)
class ColumnInRow:
    """One column of a row, and what normal rows hold in it."""

    encoding: ColumnEncoding
    name: str
    actual: Any
    """What the row holds."""
    normal: pd.Series
    """What normal rows hold, the nearest first."""
    expected: Any

    def way(self) -> Way | None:
        """Other values that it could have: some that normal rows hold, or what was expected; None where there is none."""
        kind = number_type(self.normal)
        return self._number_way(kind) if kind in ("number", "integer", "date") else self._category_way()

    @property
    def _part(self) -> int:
        return self.encoding.columns.index(self.name)

    @property
    def _places(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.encoding.origins == self._part)

    def _number_way(self, kind: str) -> Way | None:
        numbers = as_numbers(self.normal, kind)
        numbers = np.sort(numbers[np.isfinite(numbers)])
        if not len(numbers):
            return None
        tried, step = np.quantile(numbers, np.linspace(0, 1, NUMBERS), method="nearest"), _step(kind, numbers)
        wanted = as_numbers(pd.Series([self.expected]), kind)[0]
        if numbers[0] <= wanted <= numbers[-1]:
            tried = np.append(tried, np.round(wanted / step) * step if step else wanted)
        start = float(as_numbers(pd.Series([self.actual]), kind)[0])
        write = self._writer(kind)
        if np.isnan(start):
            tried = np.unique(tried)
            return Way.choice(self._part, self._places, tried, write, np.abs(tried - np.median(numbers)) / _spread(numbers, numbers[0]))
        spread = _spread(numbers, start)
        return Way.line(self._part, self._places, tried, write, start=start, spread=spread, step=step, rounder=ROUNDERS[kind])

    def _category_way(self) -> Way | None:
        known = self.normal[self.normal.notna()]
        counts = known.value_counts()
        values = list(dict.fromkeys([*counts.index[:CATEGORIES], *known.iloc[:NEAREST]]))
        values = [value for value in values if value != self.actual and str(value) not in (MISSING, OTHER)]
        if not values:
            return None
        options = np.empty(len(values), dtype=object)
        options[:] = values
        rarity = 1 - counts.reindex(values).to_numpy(dtype=np.float64) / len(known)
        return Way.choice(self._part, self._places, options, self._writer(None), rarity)

    def _writer(self, kind: str | None) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
        """From values to the column's numbers, each part of the encoding by itself: what the preparation makes of such a row."""
        parts = [part for part in self.encoding.parts if part.column == self.name]
        width = sum(part.width for part in parts)

        def write(values: NDArray[Any]) -> NDArray[np.float32]:
            out, start = np.empty((len(values), width), dtype=np.float32), 0
            series = _as_in_the_data(values, kind)
            for part in parts:
                part.write(series, out[:, start : start + part.width])
                start += part.width
            return out

        return write


def _as_in_the_data(values: NDArray[Any], kind: str | None) -> pd.Series:
    if kind == "date":
        return pd.Series(np.round(values.astype(np.float64) * 1e6).astype("int64").astype("datetime64[us]"))
    if kind == "integer":
        return pd.Series(np.round(values.astype(np.float64)))
    return pd.Series(values)


def _step(kind: str, numbers: NDArray[np.float64]) -> float:
    if kind == "date":
        return DAY_S if (numbers % DAY_S == 0).all() else 1.0
    return 1.0 if kind == "integer" else 0.0


def _spread(numbers: NDArray[np.float64], start: float) -> float:
    """Half of what two thirds of the numbers lie within; where most are the same their standard deviation, or how far `start` is off."""
    low, high = np.quantile(numbers, [1 / 6, 5 / 6])
    return float((high - low) / 2 or numbers.std() or abs(start - numbers[0]) or 1.0)
